"""Rules over the fronts: how many, their ports, and what haproxy can do in which mode on which storage."""

from __future__ import annotations

from collections.abc import Iterator

from settings.fault import Fault, shown
from settings.given import Given, rule
from settings.model import Fronted
from settings.quantity import Duration
from settings.reserved import OWN_PORTS

FRONTS = 2
"""One holds the VIP, the other takes it."""
SHORTEST_CHECK, LONGEST_CHECK = Duration("100ms"), Duration("1m")
"""More often, checks are a load of their own; less often, they find nothing in time."""
SHORTEST_REFRESH, LONGEST_REFRESH = Duration("1s"), Duration("1h")
SSH_PORT = 22


@rule("fronts")
def fronts_are_two(given: Given) -> Iterator[Fault]:
    """Two share the VIP."""
    if isinstance(given.system, Fronted) and len(given.system.fronts) != FRONTS:
        named = ", ".join(host.name for host in given.system.fronts) or "none"
        rule_ = f"must be exactly {FRONTS} hosts that share the VIP, not {len(given.system.fronts)}"
        yield Fault("fronts", named, rule_, "name two hosts, NAME: ADDRESS each")


@rule("registries")
def registries_are_some(given: Given) -> Iterator[Fault]:
    """Fronts without a registry serve nothing."""
    if isinstance(given.system, Fronted) and not given.system.registries:
        yield Fault("registries", "none", "must be at least one host behind the fronts", "name the hosts, NAME: ADDRESS each")


@rule("ports", "ssh.port", "haproxy.mode", "haproxy.stats.port", "haproxy.metrics_port", "haproxy.health_port")
def ports_of_fronts_are_apart(given: Given) -> Iterator[Fault]:
    """What listens on a front has a port of its own."""
    system = given.system
    if not isinstance(system, Fronted):
        return
    taken = {port: f"taken on registry hosts by us: {what}" for port, what in OWN_PORTS.items()}
    taken |= {port: "one of ports" for port in system.ports}
    taken |= {SSH_PORT: "where SSH listens", system.ssh.port: "where SSH listens"}
    haproxy = system.haproxy
    written = [("haproxy.stats.port", haproxy.stats.port), ("haproxy.metricsPort", haproxy.metrics_port)]
    for path, port in [*written, ("haproxy.healthPort", haproxy.health_port)] if haproxy.mode == "tcp" else written:
        if port in taken:
            yield Fault(path, str(port), f"is {taken[port]}", "choose another port")
        taken.setdefault(port, f"also {path}")


@rule("haproxy")
def health_port_has_an_effect(given: Given) -> Iterator[Fault]:
    """In mode http, TLS ends at the front, so /health is on `ports` and needs no port of its own."""
    haproxy = given.system.haproxy if isinstance(given.system, Fronted) else None
    if haproxy and vars(haproxy).get("mode") == "http" and "health_port" in haproxy.model_fields_set:
        rule_ = "has no effect in mode http, where /health and /_ping are on ports"
        yield Fault("haproxy.healthPort", shown(vars(haproxy).get("health_port")), rule_, "remove it, or write haproxy.mode: tcp")


@rule("haproxy.check.interval")
def checks_come_in_time(given: Given) -> Iterator[Fault]:
    """Neither a load of their own nor too rare to notice."""
    if isinstance(given.system, Fronted):
        interval = given.system.haproxy.check.interval
        yield from _outside("haproxy.check.interval", interval, SHORTEST_CHECK, LONGEST_CHECK, "500ms")


@rule("haproxy.stats.refresh")
def refresh_is_what_browsers_count(given: Given) -> Iterator[Fault]:
    """Browsers count whole seconds."""
    if isinstance(given.system, Fronted):
        refresh = given.system.haproxy.stats.refresh
        yield from _outside("haproxy.stats.refresh", refresh, SHORTEST_REFRESH, LONGEST_REFRESH, "10s")
        if refresh.amount % Duration.UNITS["s"]:
            yield Fault("haproxy.stats.refresh", refresh.text, "must be whole seconds, as browsers count", "write for example 10s")


def _outside(path: str, value: Duration, least: Duration, most: Duration, example: str) -> Iterator[Fault]:
    if not least.amount <= value.amount <= most.amount:
        yield Fault(path, value.text, f"must be {least} to {most}", f"write for example {example}")


@rule("haproxy.mode", "access.push")
def pushers_are_told_apart(given: Given) -> Iterator[Fault]:
    """Who may push is decided by the method of a request, which passes through encrypted in mode tcp."""
    system = given.system
    if isinstance(system, Fronted) and system.haproxy.mode == "tcp" and system.access.push:
        rule_ = "cannot be kept in mode tcp: haproxy passes encrypted bytes on and sees no method, and registries see the front's address"
        remedy = "write haproxy.mode: http, or remove access.push: whoever has a password may then push"
        yield Fault("access.push", ", ".join(map(str, system.access.push)), rule_, remedy)


@rule("haproxy.balance", "storage.nfs")
def uploads_on_nfs_stay_on_one_registry(given: Given) -> Iterator[Fault]:
    """NFS clients remember what files are like (nfs(5), "Data and metadata coherence"): another registry misses what the last one wrote."""
    system = given.system
    if isinstance(system, Fronted) and system.storage.nfs and system.haproxy.balance not in {None, "source"}:
        rule_ = (
            "spreads the requests of one upload; on NFS a registry sees late what another wrote, and pushes fail (distribution issue 1176)"
        )
        yield Fault("haproxy.balance", str(system.haproxy.balance), rule_, "write source, or leave it out; or keep images in storage.s3")


RULES = (
    fronts_are_two,
    registries_are_some,
    ports_of_fronts_are_apart,
    health_port_has_an_effect,
    checks_come_in_time,
    refresh_is_what_browsers_count,
    pushers_are_told_apart,
    uploads_on_nfs_stay_on_one_registry,
)
