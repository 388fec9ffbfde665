"""A registry in a cluster: what the rest of the program sees of its settings."""

from __future__ import annotations

from typing import Any

import pytest

from settings import Kubernetes, secret_names
from tests.unit.settings.authority import Authority, pem
from tests.unit.settings.valid import KUBERNETES, STORE_KEYS, Stack, storage_keys

CEPH = {"clusterId": "ceph", "size": "1Ti"}
S3 = {"s3": {"endpoint": "https://rgw.example.com", "bucket": "registry"}}
NFS = {"nfs": {"server": "nas.example.com", "export": "/images", "size": "5Gi"}}


def loaded(stack: Stack) -> Kubernetes:
    stack.secrets = storage_keys(stack.system)
    system = stack.load()
    assert isinstance(system, Kubernetes)
    return system


@pytest.mark.parametrize(
    ("kind", "is_shared"),
    [
        (KUBERNETES["storage"], False),
        ({"rbd": CEPH}, False),
        ({"storageClass": {"name": "block", "size": "1Ti"}}, False),
        ({"storageClass": {"name": "files", "size": "1Ti", "accessMode": "ReadWriteMany"}}, True),
        (NFS, True),
        ({"cephfs": {**CEPH, "filesystem": "cephfs", "folder": "/registry"}}, True),
        (S3, True),
    ],
)
def test_storage_that_pods_share_takes_replicas(kubernetes: Stack, kind: dict[str, Any], is_shared: bool) -> None:
    """Where several nodes may write at once, three replicas load; elsewhere they are refused."""
    kubernetes.change(storage=kind)
    assert loaded(kubernetes).storage.is_shared is is_shared
    kubernetes.change(**{"registry/replicas": 3})
    assert [fault.path for fault in kubernetes.faults()] == ([] if is_shared else ["registry.replicas"])


def test_files_come_back_absolute(kubernetes: Stack) -> None:
    """kubeconfig and the CA of the store are found from anywhere."""
    (kubernetes.base / "rgw-ca.pem").write_bytes(pem(Authority().certificate))
    s3 = {**S3["s3"], "ca": "rgw-ca.pem"}
    system = loaded(kubernetes.change(**{"storage": {"s3": s3}, "cluster/kubeconfig": "kubeconfig"}))
    assert system.cluster.kubeconfig == str(kubernetes.base / "kubeconfig")
    assert system.storage.s3 is not None
    assert system.storage.s3.ca == str(kubernetes.base / "rgw-ca.pem")


def test_secrets_of_a_cluster(kubernetes: Stack) -> None:
    """No SSH; each user's password, and what opens the storage."""
    assert secret_names(loaded(kubernetes)) == {"password-admin", "password-puller"}
    assert secret_names(loaded(kubernetes.change(storage=S3))) == {"password-admin", "password-puller", *STORE_KEYS}


def test_clients_reach_nodes_only_by_node_ports(kubernetes: Stack) -> None:
    """With `nodePort` the nodes are ways in; behind a load balancer they are not."""
    assert [str(address) for address in loaded(kubernetes).addresses] == ["192.168.44.25", "192.168.44.26", "192.168.44.27"]
    assert loaded(kubernetes.change(**{"cluster/expose": "loadBalancer", "ports": [443]})).addresses == ()


@pytest.mark.parametrize("raw", [{}, {"topology": "kubernets"}])
def test_faults_are_those_of_the_topology_that_is_meant(kubernetes: Stack, raw: dict[str, Any]) -> None:
    """Where the topology is missing or misspelt, cluster and nodes are no further fault."""
    del kubernetes.system["topology"]
    kubernetes.system |= raw
    assert [fault.path for fault in kubernetes.faults()] == ["topology"]
