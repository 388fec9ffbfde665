"""Fronts before a cluster: what there must be with them, and which rules of fronts hold."""

from __future__ import annotations

from typing import Any

import pytest

from settings import Kubernetes, secret_names
from settings import before as fronts_of
from settings.given import Rule
from settings.rules import before as rules
from tests.unit.settings.valid import ABSENT, Stack

CASES: list[tuple[Rule, dict[str, Any], str, str, str]] = [
    (rules.fronts_have_what_they_need, {"vip": ABSENT}, "vip", "is needed with fronts", "vip: {address:"),
    (
        rules.fronts_are_before_node_ports,
        {"cluster/expose": "loadBalancer"},
        "fronts",
        "stand before node ports, and expose is loadBalancer",
        "expose: nodePort",
    ),
    (rules.fronts_are_before_node_ports, {"cluster/nodePort": ABSENT}, "cluster.nodePort", "is needed with fronts", "30500"),
    (rules.fronts_keep_the_rules_of_fronts, {"fronts": {"front1": "192.168.44.11"}}, "fronts", "exactly 2 hosts", "name two"),
    (
        rules.fronts_keep_the_rules_of_fronts,
        {"vip/address": "192.168.45.10/24"},
        "vip.address",
        "fronts.front1 (192.168.44.11) is outside its network",
        "no prefix",
    ),
    (rules.fronts_keep_the_rules_of_fronts, {"haproxy/stats/port": 443}, "haproxy.stats.port", "is one of ports", "another port"),
    (rules.fronts_keep_the_rules_of_fronts, {"clients/push02": "192.168.44.32"}, "clients.push02.address", "host key", "ssh-keyscan"),
    (
        rules.fronts_keep_the_rules_of_fronts,
        {"haproxy/mode": "tcp", "access/push": ["192.168.44.31"]},
        "access.push",
        "cannot be kept in mode tcp",
        "haproxy.mode: http",
    ),
    (rules.fronts_are_no_nodes, {"vip/address": "192.168.44.26/24"}, "vip.address", "the own address of nodes.k8s-node1", "free"),
]


@pytest.mark.parametrize(
    ("rule", "changes", "path", "says", "remedy"), CASES, ids=[f"{case[0].check.__name__}-{case[2]}" for case in CASES]
)
def test_rule_refuses(before: Stack, rule: Rule, changes: dict[str, Any], path: str, says: str, remedy: str) -> None:
    """A broken rule is one fault of that rule alone: path, rule, remedy; and `load` finds no other."""
    before.change(**changes)
    faults = tuple(rule.faults(before.given()))
    assert {fault.path for fault in faults} == {path}
    assert says in faults[0].rule
    assert remedy in faults[0].remedy
    assert before.faults() == faults


def test_front_that_is_a_node_is_refused(before: Stack) -> None:
    """haproxy has the ports of a machine for itself."""
    before.change(**{"fronts/front2": "192.168.44.27"})
    before.pin("192.168.44.27")
    (fault,) = before.faults()
    assert (fault.path, fault.rule) == ("fronts.front2.address", "is also nodes.k8s-node2")


@pytest.mark.parametrize("key", ["vip", "haproxy", "clients", "ssh", "hostsEntries", "access"])
def test_settings_of_fronts_want_fronts(kubernetes: Stack, key: str) -> None:
    """Whatever is said about fronts that are not there is refused, not ignored."""
    values = {
        "vip": {"address": "192.168.44.10/24", "interface": "ens192", "vrid": 61},
        "clients": {"push01": "192.168.44.31"},
        "hostsEntries": True,
    }
    (fault,) = kubernetes.change(**{key: values.get(key, {})}).faults()
    assert (fault.path, fault.rule) == (key, "has no effect without fronts")


def test_node_port_stands_in_ports_without_fronts(kubernetes: Stack) -> None:
    """Two places for one number would be one too many."""
    (fault,) = kubernetes.change(**{"cluster/nodePort": 30501}).faults()
    assert (fault.path, list(rules.fronts_are_before_node_ports.faults(kubernetes.given()))) == ("cluster.nodePort", [fault])


def loaded(stack: Stack) -> Kubernetes:
    system = stack.load()
    assert isinstance(system, Kubernetes)
    return system


def test_fronts_pass_on_to_every_node(before: Stack) -> None:
    """Clients come to the VIP and its ports; the Service has the node port; no node is a host of ours."""
    system = loaded(before)
    ahead = fronts_of(system)
    assert (system.ports, system.service_ports) == ((443,), (30500,))
    assert [(backend.name, str(backend.address), backend.port) for backend in ahead.backends] == [
        ("k8s-master", "192.168.44.25", 30500),
        ("k8s-node1", "192.168.44.26", 30500),
        ("k8s-node2", "192.168.44.27", 30500),
    ]
    assert [host.name for host in ahead.hosts] == ["front1", "front2", "push01"]
    assert (ahead.members, ahead.endpoints, ahead.has_agents) == (system.fronts, system.fronts, False)
    assert ahead.ssh.key == str(before.base / "id_ed25519")


@pytest.mark.parametrize(
    ("storage", "balance"),
    [
        ({"nfs": {"server": "nas", "export": "/x", "size": "1Ti"}}, "source"),
        ({"local": {"path": "/d", "node": "k8s-node1", "size": "1Gi"}}, "leastconn"),
    ],
)
def test_balance_follows_the_storage(before: Stack, storage: dict[str, Any], balance: str) -> None:
    """On NFS a client stays on one node, as it would on one registry."""
    before.change(storage=storage)
    assert fronts_of(loaded(before)).balance == balance


def test_secrets_of_fronts(before: Stack) -> None:
    """The login of their statistics, and the SSH key where no file is named."""
    assert "statsPassword" in secret_names(loaded(before))
    before.secrets = ["statsPassword", "sshKey"]
    before.change(**{"ssh/key": ABSENT})
    assert {"statsPassword", "sshKey"} <= secret_names(loaded(before))
