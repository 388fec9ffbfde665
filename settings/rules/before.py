"""Rules over fronts before a cluster: what there must be with them, and what has no effect without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from settings.before import before
from settings.fault import MISSING, Fault, shown
from settings.given import Given, KubeGiven, Rule, rule
from settings.rules import certificate, front, network, ssh

_OF_FRONTS = {"vip": "vip", "haproxy": "haproxy", "access": "access", "clients": "clients", "hosts_entries": "hostsEntries", "ssh": "ssh"}
"""Settings that are read for fronts alone."""
_OF_REGISTRIES = (network.ports_are_some, front.registries_are_some)
ON_MACHINES: Sequence[Rule] = tuple(
    each for each in (*network.RULES, *front.RULES, *ssh.RULES, certificate.own_certificate_names_everybody) if each not in _OF_REGISTRIES
)
"""What holds for fronts before registries holds here."""


@rule("fronts")
def fronts_have_what_they_need(given: KubeGiven) -> Iterator[Fault]:
    """With fronts there is a VIP; without, whatever is said about them is said to nobody."""
    system = given.system
    if system.fronts and vars(system).get("vip", system) is None:
        remedy = "write for example `vip: {address: 192.168.44.20, interface: ens192, vrid: 55}`"
        yield Fault("vip", MISSING, "is needed with fronts: they share it", remedy)
    for name, key in _OF_FRONTS.items():
        if not system.fronts and name in system.model_fields_set:
            yield Fault(key, shown(vars(system).get(name)), "has no effect without fronts", "name two machines in fronts, or remove this")


@rule("fronts", "cluster.expose", "cluster.node_port")
def fronts_are_before_node_ports(given: KubeGiven) -> Iterator[Fault]:
    """Another way in has a balancer of its own."""
    fronts, cluster = given.system.fronts, given.system.cluster
    if fronts and cluster.expose != "nodePort":
        rule_ = f"stand before node ports, and expose is {cluster.expose}"
        yield Fault("fronts", ", ".join(host.name for host in fronts), rule_, "write cluster.expose: nodePort, or remove the fronts")
    elif fronts and cluster.node_port is None:
        yield Fault("cluster.nodePort", MISSING, "is needed with fronts: ports are theirs", "write the node port behind them, e.g. 30500")
    elif not fronts and cluster.node_port is not None:
        rule_ = "has no effect without fronts: ports are the node ports"
        yield Fault("cluster.nodePort", str(cluster.node_port), rule_, "write it in ports, or remove it")


@rule("fronts", "vip", "nodes")
def fronts_keep_the_rules_of_fronts(given: KubeGiven) -> Iterator[Fault]:
    """Two of them, a VIP that is free and in their network, ports apart, host keys pinned: as before registries on machines."""
    if given.system.fronts and given.system.vip:
        on_machines: Given = replace(given, system=before(given.system))  # pyright: ignore[reportAssignmentType]
        for each in ON_MACHINES:
            yield from each.faults(on_machines)


@rule("fronts", "clients", "nodes", "vip.address")
def fronts_are_no_nodes(given: KubeGiven) -> Iterator[Fault]:
    """haproxy and kube-proxy on one machine would both be in the way of its ports, and the VIP is nobody's own address."""
    system = given.system
    if not system.fronts or not system.vip:
        return
    for name, address in system.nodes.items():
        for host in (*system.fronts, *system.clients):
            if host.address == address:
                role = "fronts" if host in system.fronts else "clients"
                yield Fault(f"{role}.{host.name}.address", str(address), f"is also nodes.{name}", "give it a machine of its own")
        if system.vip.address.ip == address:
            yield Fault(
                "vip.address", str(address), f"is the own address of nodes.{name}", "choose a free address in the network of fronts"
            )


RULES = (fronts_have_what_they_need, fronts_are_before_node_ports, fronts_keep_the_rules_of_fronts, fronts_are_no_nodes)
