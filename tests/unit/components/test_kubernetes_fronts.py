"""Fronts before a cluster: the same scripts as before registries, in one order with the objects."""

from __future__ import annotations

from typing import Any

import pytest

from tests.golden.cases import CASES
from tests.unit.components.cluster import made, objects
from tests.unit.components.conftest import Run, secrets_of
from tests.unit.components.engine_double import COMMAND, FakeEngine


@pytest.fixture(scope="session")
def fronted_cluster(run: Run) -> FakeEngine:
    """Two fronts, a client, and a cluster."""
    return made(run, "kubernetes-fronted")


def before(engine: FakeEngine, name: str) -> set[str]:
    """Names of all that is done before the object or script `name`."""
    resource = (objects(engine) | engine.commands)[name]
    return {engine.seen[urn].name for urn in engine.above(resource)}


def test_scripts_of_fronts_and_clients_alone(fronted_cluster: FakeEngine) -> None:
    """No node of the cluster is touched by SSH."""
    fronts = ("precheck", "base", "identity", "firewall", "front", "vip", "trust")
    expected = {f"{host}-{concern}" for host in ("front1", "front2") for concern in fronts}
    assert set(fronted_cluster.commands) == expected | {f"push01-{concern}" for concern in ("precheck", "base", "trust", "proof")}


def test_a_front_that_refuses_keeps_the_cluster_untouched(fronted_cluster: FakeEngine) -> None:
    """Every object waits for the prechecks of all machines."""
    prechecks = {name for name in fronted_cluster.commands if name.endswith("-precheck")}
    for name in objects(fronted_cluster):
        assert prechecks <= before(fronted_cluster, name), name


def test_fronts_pass_requests_on_when_pods_serve(fronted_cluster: FakeEngine) -> None:
    """The Service is there before the first front, the VIP after the last."""
    for front in ("front1-front", "front2-front"):
        assert {"service-registry", "deployment-registry"} <= before(fronted_cluster, front)
    assert {"front1-front", "front2-front"} <= before(fronted_cluster, "front1-vip")


def test_kubelets_pull_through_the_vip(fronted_cluster: FakeEngine) -> None:
    """containerd asks the VIP, and the proof's pull waits until it leads somewhere."""
    assert '[host."https://192.168.44.10:443"]' in objects(fronted_cluster)["trust-files"].inputs["data"]["hosts-0.toml"]
    assert {"front1-vip", "front2-vip"} <= before(fronted_cluster, "proof-pull")
    pull = objects(fronted_cluster)["proof-pull"].inputs["spec"]["template"]["spec"]["containers"][0]["image"]
    assert pull.startswith("registry.c.example/ha-registry/proof@")


def test_backends_are_the_node_ports_verified_by_name(fronted_cluster: FakeEngine) -> None:
    """Each node is a backend with the pods' certificate and no agent; the certificate of a front names the VIP and itself."""
    text = fronted_cluster.commands["front1-front"].inputs["stdin"]
    for name, address in (("k8s-master", "192.168.44.25"), ("k8s-node1", "192.168.44.26"), ("k8s-node2", "192.168.44.27")):
        assert f"server {name} {address}:30500\n" in text
    assert "verifyhost registry.c.example" in text
    assert "agent-check" not in text
    requests = {each.name: each.inputs["ipAddresses"] for each in fronted_cluster.of("tls:index/certRequest:CertRequest")}
    assert requests["identity-front1"] == ["192.168.44.10", "192.168.44.11"]
    assert set(requests) == {"identity-front1", "identity-front2", "identity-registry"}


def test_one_identity_for_both(fronted_cluster: FakeEngine) -> None:
    """One CA and one password per user, in pods and on fronts; no user for questions between registries, as none are ours."""
    names = [each.name for each in fronted_cluster.of("random:index/randomPassword:RandomPassword")]
    assert sorted(names) == ["identity-admin", "identity-haproxy-stats", "identity-http-secret"]
    assert [each.name for each in fronted_cluster.of("tls:index/selfSignedCert:SelfSignedCert")] == ["identity-ca"]


def test_fronts_are_optional(run: Run) -> None:
    """Without them no machine is reached at all."""
    assert made(run, "kubernetes-s3").of(COMMAND) == []


def test_leaving_fronts_out_changes_no_secret_of_users(run: Run) -> None:
    """Fronts come and go; the htpasswd of the pods stays as it is."""
    mapping: dict[str, Any] = CASES["kubernetes-fronted"]()
    plain = {key: value for key, value in mapping.items() if key not in {"fronts", "vip", "clients", "hostsEntries", "ssh"}}
    plain |= {"ports": [30500], "cluster": {"context": "system-c", "namespace": "docker-registry"}}
    with_fronts, without = (objects(run(each, secrets=secrets_of(each))) for each in (mapping, plain))
    assert with_fronts["secret-registry-users"].plain("data") == without["secret-registry-users"].plain("data")
    assert with_fronts["service-registry"].inputs == without["service-registry"].inputs
