"""The lab of a cluster: its nodes, their credentials, and the stack file that belongs to it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml
from cryptography import x509

import settings
from lab import credentials, image, kube_programs, kubernetes, stackfile
from lab import plan as planning
from lab.ceph import SECRETS
from lab.command import LabError
from lab.plan import RGW_PORT, Plan
from lab.state import State
from settings import StackFile

STACK = Path(__file__).parents[3] / "lab" / "stacks" / "kubernetes.yaml"
ON_S3 = STACK.with_name("kubernetes-s3.yaml")
RECIPE = image.Recipe(suite="s", sources=(), proxy="", ca_bundle=b"", init="")


@pytest.fixture
def old() -> Plan:
    return planning.read(STACK, "kubernetes")


@pytest.fixture
def equipped(state: State, plan: Plan) -> State:
    credentials.ensure(plan, state)
    return state


def files(state: State, plan: Plan) -> Mapping[str, Mapping[str, str]]:
    return {node.name: kubernetes.outfit(plan, node, state, RECIPE).files for node in plan.nodes}


def leaf(text: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(text.encode())


def test_plan_has_nodes_and_a_client(old: Plan) -> None:
    """Nodes are machines, the control plane first; a client is there though the stack file may name none, and nobody holds a VIP."""
    assert [(one.name, str(one.address), one.role) for one in old.machines] == [
        ("node81", "172.30.0.81", "node"),
        ("node82", "172.30.0.82", "node"),
        ("node83", "172.30.0.83", "node"),
        ("push53", "172.30.0.53", "client"),
    ]
    assert old.vip is None
    assert (old.folder_node, old.folder) == ("node82", "/data/docker")


def test_moved_plan_keeps_its_cluster(plan: Plan) -> None:
    """A second lab has the same nodes, with the folder of the volume, in its own network."""
    assert [str(node.address) for node in plan.nodes] == ["172.30.4.81", "172.30.4.82", "172.30.4.83"]
    assert (plan.vip, plan.folder_node, plan.folder) == (None, "node82", "/data/docker")


def test_control_plane_alone_has_its_keys(equipped: State, plan: Plan) -> None:
    """Workers get a kubelet's and a proxy's login and nothing by which they could be more; no node gets the CA's key."""
    found = files(equipped, plan)
    worker = {name for name in found["node82"] if name.startswith("etc/kubernetes/")}
    expected = {"kubelet.conf", "proxy.conf", "node.env", "pki/ca.crt", "pki/node.crt", "pki/node.key"}
    assert worker == {f"etc/kubernetes/{name}" for name in expected}
    assert set(found["node81"]) > set(found["node82"])
    assert not any(name.endswith("ca.key") for names in found.values() for name in names)


def test_each_kubelet_is_its_node(equipped: State, plan: Plan) -> None:
    """A kubelet's certificate names its node as the API server's Node authorizer wants it, and its address, for both directions."""
    for node in plan.nodes:
        text = files(equipped, plan)[node.name]
        shown = leaf(text["etc/kubernetes/pki/node.crt"])
        shown.verify_directly_issued_by(leaf(text["etc/kubernetes/pki/ca.crt"]))
        assert shown.subject.rfc4514_string() == f"CN=system:node:{node.name},O=system:nodes"
        names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.IPAddress) == [node.address]


def test_kubeconfig_is_an_administrators_and_closed(equipped: State, plan: Plan) -> None:
    """This machine's kubeconfig has one context, called as the lab is, at the control plane's address; nobody else may read it."""
    assert equipped.kubeconfig.stat().st_mode & 0o077 == 0
    document = yaml.safe_load(equipped.kubeconfig.read_text())
    assert [one["name"] for one in document["contexts"]] == ["blue"]
    assert document["clusters"][0]["cluster"]["server"] == "https://172.30.4.81:6443"
    shown = leaf(base64.b64decode(document["users"][0]["user"]["client-certificate-data"]).decode())
    assert shown.subject.rfc4514_string() == "CN=admin,O=system:masters"


def test_credentials_stay(equipped: State, plan: Plan) -> None:
    """A second `up` makes no new ones: nodes that run would let nobody in. Of other nodes the lab must be made anew."""
    before = files(equipped, plan)
    credentials.ensure(plan, equipped)
    assert files(equipped, plan) == before
    fewer = Plan(plan.lab, plan.topology, plan.inside, None, plan.machines[1:])
    with pytest.raises(LabError, match="lab down --name blue"):
        credentials.ensure(fewer, equipped)


def test_pods_of_nodes_find_each_other(equipped: State, plan: Plan) -> None:
    """Each node has a network for its pods that no other has, and a route to that of every other."""
    networks: dict[str, str] = {}
    for node, text in files(equipped, plan).items():
        (networks[node],) = re.findall(r'"subnet": "([^"]+)"', text["etc/cni/net.d/10-lab.conflist"])
    assert len(set(networks.values())) == len(plan.nodes)
    for node in plan.nodes:
        (routes,) = re.findall("ROUTES='(.*)'", files(equipped, plan)[node.name]["etc/kubernetes/node.env"])
        assert set(routes.split(";")) == {f"{networks[one.name]} via {one.address}" for one in plan.nodes if one != node}


def test_stack_file_of_lab_passes_all_rules(equipped: State, old: Plan, plan: Plan) -> None:
    """The stack file that `up` writes is one that the program takes, with this lab's nodes, context and kubeconfig alone."""
    stackfile.write(STACK, old, plan, equipped)
    system = settings.load(StackFile(equipped.stack_file).system, equipped.place, "blue", ())
    assert isinstance(system, settings.Kubernetes)
    assert dict(system.nodes) == {node.name: node.address for node in plan.nodes}
    assert (system.cluster.context, system.cluster.kubeconfig) == ("blue", str(equipped.kubeconfig))
    assert set(system.pull_secrets) <= kubernetes.NAMESPACES
    assert "172.30.0." not in equipped.stack_file.read_text()
    assert list(settings.warnings(system)) == []


def test_cluster_on_s3_has_a_ceph_that_its_pods_trust(tmp_path: Path) -> None:
    """A stack file with storage on S3 gives its cluster a Ceph, whose keys are handed over, and its address and CA to the stack."""
    old = planning.read(ON_S3, "kubernetes-s3")
    plan = old.moved("blue", IPv4Network("172.30.4.0/24"))
    state = State(tmp_path / "blue")
    state.prepare(plan)
    credentials.ensure(plan, state)
    stackfile.write(ON_S3, old, plan, state)
    system = settings.load(StackFile(state.stack_file).system, state.place, "blue", SECRETS["s3"])
    assert isinstance(system, settings.Kubernetes)
    assert plan.ceph is not None
    assert system.storage.s3 is not None
    assert (system.storage.s3.endpoint, system.storage.s3.ca) == (f"https://{plan.ceph.address}:{RGW_PORT}", str(state.ceph_ca))
    assert (system.registry.replicas, system.storage.is_shared) == (2, True)
    assert "172.30.0." not in state.stack_file.read_text()


def test_images_of_nodes_are_the_ones_they_are_told_to_run() -> None:
    """Every image that the nodes' own files name without a registry is imported by them."""
    text = "".join(path.read_text() for path in kubernetes.FILES.rglob("*") if path.is_file())
    assert set(re.findall(r"localhost/[a-z]+:[0-9.]+", text)) == set(kube_programs.IMAGES)


def test_every_file_of_nodes_has_its_place() -> None:
    """What lies beside units and manifests is put somewhere, so that no file of the nodes is forgotten."""
    assert {path.name for path in kubernetes.FILES.iterdir() if path.is_file()} == set(kubernetes.PLACES)
