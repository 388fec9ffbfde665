"""A registry in a cluster: single values that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.valid import ABSENT, Stack, storage_keys

CEPH = {"clusterId": "ceph", "size": "1Ti"}
VALUES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"cluster": ABSENT}, "cluster", "is required: Which cluster", "cluster: {context: my-cluster}"),
    ({"cluster/context": ABSENT}, "cluster.context", "is required: Context of the kubeconfig", "context: system-c"),
    ({"cluster/context": "a b"}, "cluster.context", "must be the name of a context", "get-contexts"),
    ({"cluster/namespace": "Docker"}, "cluster.namespace", "must be the name of a namespace", "docker-registry"),
    ({"cluster/expose": "hostPort"}, "cluster.expose", "must be nodePort or loadBalancer or ingress or gateway", "one of them"),
    ({"cluster/nodePortRange": "32767-30000"}, "cluster.nodePortRange", "from the lower to the higher", "30000-32767"),
    ({"cluster/nodePortRange": 30000}, "cluster.nodePortRange", "two ports with a hyphen", "30000-32767"),
    ({"nodes/k8s-node1": "fd00::1"}, "nodes.k8s-node1", "IPv6 is not supported", "IPv4"),
    ({"nodes/K8S": "192.168.44.30"}, "nodes.K8S", "must be the name of a Kubernetes object", "kubectl lists"),
    ({"registry/requests/cpu": "4x"}, "registry.requests.cpu", "Kubernetes quantity of CPU", "100m, 0.5 or 4"),
    ({"registry/requests/cpu": 0}, "registry.requests.cpu", "Kubernetes quantity of CPU", "100m, 0.5 or 4"),
    ({"registry/requests/memory": "200"}, "registry.requests.memory", "with its unit", "512Mi"),
    ({"registry/limits/memory": "1G"}, "registry.limits.memory", "with its unit", "512Mi"),
    ({"registry/replicas": 0}, "registry.replicas", "from 1 to 50", "without quotes"),
    ({"registry/image": "docker.io/library/registry:2"}, "registry.image", "is older than 3.1.1", "registry:3.1.1"),
    ({"trust/image": "docker.io/library/busybox:latest"}, "trust.image", "floating tag", "full version"),
    ({"trust/by": "ssh"}, "trust.by", "must be daemonSet or none", "one of them"),
    ({"storage/local/size": "5G"}, "storage.local.size", "with its unit", "5Gi"),
    ({"pullSecrets": ["de fault"]}, "pullSecrets[0]", "must be the name of a namespace", "docker-registry"),
    # what belongs elsewhere
    ({"registries": {}}, "registries", "is not a setting", "topology: pair or fronted"),
    ({"adopt": True}, "adopt", "is not a setting", "topology: pair or fronted"),
    ({"registry/memory": "1Gi"}, "registry.memory", "is not a setting", "topology: pair or fronted"),
    ({"registry/source": {"archive": "/x.tar"}}, "registry.source.archive", "is not a setting", "topology: pair or fronted"),
    ({"ui": {"port": "30501"}}, "ui.port", "from 1 to 65535", "without quotes"),
    ({"ui": {"port": 30501, "image": "docker.io/joxit/docker-registry-ui:main"}}, "ui.image", "floating tag", "full version"),
    ({"storage/mounted": {"path": "/x"}}, "storage.mounted", "is not a setting", "known here: cephfs, existing"),
    ({"storage": {"rbd": {**CEPH, "monitors": ["10.149.149.2:6789"]}}}, "storage.rbd.monitors", "is not a setting", "write clusterId"),
    ({"storage": {"rbd": {**CEPH, "key": "x"}}}, "storage.rbd.key", "is not a setting", "cephKey"),
    ({"kubeconfig": "x"}, "kubeconfig", "is not a setting", "cluster.kubeconfig"),
]


@pytest.mark.parametrize(("changes", "path", "says", "remedy"), VALUES, ids=str)
def test_value_refuses(kubernetes: Stack, changes: dict[str, Any], path: str, says: str, remedy: str) -> None:
    """A bad value is one fault: path, rule, remedy."""
    kubernetes.change(**changes)
    kubernetes.secrets = storage_keys(kubernetes.system)
    (fault,) = kubernetes.faults()
    assert fault.path == path
    assert says in fault.rule
    assert remedy in fault.remedy
