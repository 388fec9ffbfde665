"""A registry in a cluster: rules that this topology adds or reads in its own way."""

from __future__ import annotations

from typing import Any

import pytest

from settings.given import Rule
from settings.rules import certificate, cluster, network, registry, secret, storage
from tests.unit.settings.authority import Authority, pem
from tests.unit.settings.valid import ABSENT, Stack, storage_keys

CEPH = {"clusterId": "ceph", "size": "1Ti"}
S3 = {"s3": {"endpoint": "https://rgw.example.com", "bucket": "registry"}}
NFS = {"nfs": {"server": "nas.example.com", "export": "/images", "size": "5Gi"}}
Case = tuple[Rule, dict[str, Any], str, str, str]
CASES: list[Case] = [
    (cluster.node_ports_are_in_their_range, {"ports": [443]}, "ports", "outside the cluster's node ports (30000-32767)", "30500"),
    (cluster.node_ports_are_in_their_range, {"ports": ABSENT}, "ports", "outside the cluster's node ports", "another cluster.expose"),
    (
        cluster.node_ports_are_in_their_range,
        {"cluster/nodePortRange": "31000-31999"},
        "ports",
        "outside the cluster's node ports (31000-31999)",
        "31000",
    ),
    (network.ports_are_some, {"ports": [30500, 30500]}, "ports", "stands there twice", "once"),
    (
        cluster.ingress_has_one_port,
        {"cluster": {"context": "c", "expose": "ingress", "className": "nginx"}, "ports": [443, 80]},
        "ports",
        "more than the one port",
        "keep one",
    ),
    (
        cluster.class_is_named_where_it_is_needed,
        {"cluster/expose": "ingress"},
        "cluster.className",
        "is needed with expose: ingress",
        "get ingressclass",
    ),
    (
        cluster.class_is_named_where_it_is_needed,
        {"cluster/expose": "gateway"},
        "cluster.className",
        "is needed with expose: gateway",
        "get gatewayclass",
    ),
    (cluster.class_is_named_where_it_is_needed, {"cluster/className": "nginx"}, "cluster.className", "has no effect", "remove it"),
    (
        cluster.issuer_is_for_what_reads_its_certificate,
        {"cluster/issuer": {"name": "letsencrypt"}, "trust": {"by": "none"}},
        "cluster.issuer",
        "pods read only at their start",
        "ingress or gateway",
    ),
    (
        cluster.nodes_have_a_ca_to_trust,
        {"cluster": {"context": "c", "expose": "ingress", "className": "nginx", "issuer": {"name": "x"}}, "ports": [443]},
        "trust.by",
        "has no CA to bring",
        "trust.by: none",
    ),
    (
        certificate.issuer_ca_is_a_certificate,
        {
            "cluster": {"context": "c", "expose": "ingress", "className": "nginx", "issuer": {"name": "x", "ca": "kubeconfig"}},
            "ports": [443],
        },
        "cluster.issuer.ca",
        "no PEM certificate",
        "BEGIN CERTIFICATE",
    ),
    (cluster.nodes_are_known_where_they_are_reached, {"nodes": {}, "storage": S3}, "nodes", "at least one node", "NAME: ADDRESS"),
    (
        cluster.nodes_are_known_where_they_are_reached,
        {"nodes/k8s-node2": "192.168.44.26"},
        "nodes.k8s-node2",
        "is also nodes.k8s-node1",
        "own address",
    ),
    (
        cluster.local_volume_is_on_a_known_node,
        {"storage/local/node": "k8s-node3"},
        "storage.local.node",
        "is none of nodes (k8s-master, k8s-node1, k8s-node2)",
        "kubectl get nodes",
    ),
    (
        cluster.replicas_share_their_storage,
        {"registry/replicas": 2},
        "registry.replicas",
        "local is a volume that one node may write to",
        "storage.s3",
    ),
    (
        cluster.replicas_share_their_storage,
        {"registry/replicas": 2, "storage": {"rbd": CEPH}},
        "registry.replicas",
        "rbd is a volume that one node may write to",
        "storage.s3",
    ),
    (
        cluster.replicas_share_their_storage,
        {"registry/replicas": 2, "storage": {"storageClass": {"name": "block", "size": "1Ti"}}},
        "registry.replicas",
        "storageClass is a volume",
        "accessMode: ReadWriteMany",
    ),
    (
        cluster.uploads_on_nfs_stay_in_one_pod,
        {"registry/replicas": 2, "storage": NFS, "cluster/expose": "ingress", "cluster/className": "nginx", "ports": [443]},
        "registry.replicas",
        "one pod sees late what another wrote",
        "storage.s3",
    ),
    (
        cluster.limits_leave_room_for_requests,
        {"registry": {"requests": {"cpu": 4}, "limits": {"cpu": "500m"}}},
        "registry.requests.cpu",
        "more than registry.limits.cpu (500m)",
        "write less",
    ),
    (
        cluster.limits_leave_room_for_requests,
        {"registry": {"requests": {"memory": "2Gi"}}},
        "registry.requests.memory",
        "more than registry.limits.memory (1Gi)",
        "write less",
    ),
    (
        cluster.limits_leave_room_for_requests,
        {"registry": {"requests": {}, "limits": {"memory": "32Mi"}}},
        "registry.limits.memory",
        "less than the 64Mi a registry needs",
        "1Gi",
    ),
    (cluster.namespace_is_ours, {"cluster/namespace": "default"}, "cluster.namespace", "all in it would be deleted", "registry alone"),
    (
        cluster.existing_claim_is_in_a_namespace_that_stays,
        {"storage": {"existing": {"claim": "registry-pvc"}}},
        "storage.existing.claim",
        "would be deleted on destroy with namespace docker-registry",
        "createNamespace: false",
    ),
    (cluster.namespaces_get_one_pull_secret, {"pullSecrets": ["build", "build"]}, "pullSecrets", "stands there twice", "once"),
    (cluster.puller_is_a_user, {"pullUser": "robot"}, "pullUser", "is not in users (admin, puller)", "add it to users"),
    (cluster.puller_is_a_user, {"pullSecrets": [], "patchServiceAccounts": True}, "patchServiceAccounts", "has no effect", "remove it"),
    (cluster.some_runtime_is_told, {"trust/containerd": False}, "trust", "names no container runtime", "by: none"),
    (cluster.metrics_have_a_reader, {"metrics": {"namespaces": []}}, "metrics.namespaces", "nobody could read", "[monitoring]"),
    (
        cluster.context_is_in_the_kubeconfig,
        {"cluster/kubeconfig": "kubeconfig", "cluster/context": "other"},
        "cluster.context",
        "is no context of kubeconfig",
        "choose one of: system-c",
    ),
    (cluster.context_is_in_the_kubeconfig, {"cluster/kubeconfig": "nowhere"}, "cluster.kubeconfig", "does not exist", "make it"),
    (cluster.page_has_a_port_of_its_own, {"ui": {}}, "ui.port", "is needed with expose: nodePort", "30501"),
    (cluster.page_has_a_port_of_its_own, {"ui": {"port": 8443}}, "ui.port", "outside the cluster's node ports", "30501"),
    (cluster.page_has_a_port_of_its_own, {"ui": {"port": 30500}}, "ui.port", "is one of ports", "another"),
    (
        cluster.page_has_a_port_of_its_own,
        {"ui": {"port": 443}, "cluster/expose": "ingress", "cluster/className": "nginx", "ports": [443]},
        "ui.port",
        "has no effect with expose: ingress",
        "remove it",
    ),
    (
        cluster.page_deletes_what_may_be_deleted,
        {"ui": {"port": 30501, "delete": True}, "registry/delete": False},
        "ui.delete",
        "registry.delete is false",
        "registry.delete: true",
    ),
    (storage.storage_is_one_kind, {"storage": {}}, "storage", "exactly one kind", "local, nfs, cephfs, rbd, storageClass, existing, s3"),
    (storage.storage_is_one_kind, {"storage/nfs": NFS["nfs"]}, "storage", "exactly one kind", "keep the one"),
    (storage.data_path_is_a_plain_folder, {"storage/local/path": "data"}, "storage.local.path", "is relative", "/data"),
    (storage.data_path_is_free, {"storage/local/path": "/etc/x"}, "storage.local.path", "lies in /etc", "of their own"),
    (registry.users_are_some, {"users": []}, "users", "nobody could log in", "[admin]"),
    (
        registry.config_leaves_ours_alone,
        {"registry/config": {"http": {"debug": {"addr": ":5001"}}}},
        "registry.config.http.debug",
        "is ours",
        "setting `metrics`",
    ),
]


@pytest.mark.parametrize(
    ("rule", "changes", "path", "says", "remedy"), CASES, ids=[f"{case[0].check.__name__}-{n}" for n, case in enumerate(CASES)]
)
def test_rule_refuses(kubernetes: Stack, rule: Rule, changes: dict[str, Any], path: str, says: str, remedy: str) -> None:
    """A broken rule is one fault of that rule alone: path, rule, remedy; and `load` finds no other."""
    kubernetes.change(**changes)
    kubernetes.secrets = storage_keys(kubernetes.system)
    faults = tuple(rule.faults(kubernetes.given()))
    assert [fault.path for fault in faults] == [path]
    assert says in faults[0].rule
    assert remedy in faults[0].remedy
    assert kubernetes.faults() == faults


@pytest.mark.parametrize(
    ("rule", "changes", "secrets", "path", "says"),
    [
        (secret.storage_has_its_keys, {"storage": {"rbd": CEPH}}, (), "storage.rbd", "the secret cephKey, is not set"),
        (secret.storage_has_its_keys, {"storage": S3}, ("s3AccessKey",), "storage.s3", "the secret s3SecretKey, is not set"),
        (secret.storage_has_its_keys, {}, ("cephKey",), "ha-registry:cephKey", "has no use"),
        (secret.ssh_key_has_hosts, {}, ("sshKey",), "ha-registry:sshKey", "has no use"),
        (secret.pull_user_has_a_password, {"registry/source": {"user": "robot"}}, (), "registry.source.user", "has no password"),
        (secret.stats_password_has_a_page, {}, ("statsPassword",), "ha-registry:statsPassword", "has no use"),
        (secret.passwords_belong_to_users, {}, ("password-robot",), "ha-registry:password-robot", "who is not in users"),
    ],
)
def test_secrets_belong_to_settings(
    kubernetes: Stack, rule: Rule, changes: dict[str, Any], secrets: tuple[str, ...], path: str, says: str
) -> None:
    """A secret that is needed is set, and one that is set is needed."""
    kubernetes.change(**changes)
    kubernetes.secrets = secrets
    (fault,) = kubernetes.faults()
    assert (fault.path, list(rule.faults(kubernetes.given()))) == (path, [fault])
    assert says in fault.rule


def test_own_certificate_names_the_registry_only(kubernetes: Stack) -> None:
    """No public CA issues for the addresses of nodes; the name must be there."""
    authority = Authority()
    (kubernetes.base / "ca.pem").write_bytes(pem(authority.certificate))
    (kubernetes.base / "leaf.pem").write_bytes(pem(authority.issue(("registry.example.com",))))
    kubernetes.secrets = ["tlsKey"]
    kubernetes.change(tls={"files": {"certificate": "leaf.pem", "ca": "ca.pem"}})
    assert kubernetes.faults() == ()
    (kubernetes.base / "leaf.pem").write_bytes(pem(authority.issue(("other.example.com",))))
    (fault,) = kubernetes.faults()
    assert list(certificate.own_certificate_names_the_registry.faults(kubernetes.given())) == [fault]
    assert "the name registry.example.com" in fault.rule


def test_one_certificate_for_clients(kubernetes: Stack) -> None:
    """An issuer and a certificate of one's own are one too many: clients would never see the second."""
    authority = Authority()
    (kubernetes.base / "ca.pem").write_bytes(pem(authority.certificate))
    (kubernetes.base / "leaf.pem").write_bytes(pem(authority.issue(("registry.example.com",))))
    kubernetes.secrets = ["tlsKey"]
    way = {"context": "c", "expose": "ingress", "className": "nginx", "issuer": {"name": "x", "ca": "ca.pem"}}
    kubernetes.change(tls={"files": {"certificate": "leaf.pem", "ca": "ca.pem"}}, cluster=way, ports=[443])
    (fault,) = kubernetes.faults()
    assert (fault.path, fault.remedy) == ("cluster.issuer", "remove one of the two")
