"""Planned changes, reboots and moves by hand, under load."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from bench.load import Loaded
from bench.ours import OursBehindVip
from bench.row import REQUESTS
from bench.system import eventually
from bench.watch import Watch
from lab import fault
from lab.host import Host

AFTER_S = 2.0


@dataclass(frozen=True)
class Change:
    """A setting and two values that it is switched between."""

    path: str
    one: object
    other: object


LOG_LEVEL = Change("registry.log.level", "warn", "info")


def changes(topology: str, vip: IPv4Address) -> Mapping[str, Change]:
    """Of each kind one, for a system with this VIP; no change locks out the clients that measure it."""
    if topology == "fronted":
        return {"registry": LOG_LEVEL, "front": Change("haproxy.check.interval", "600ms", "500ms")}
    inside, outside = str(IPv4Network(f"{vip}/24", strict=False)), "198.51.100.0/24"
    return {
        "registry": LOG_LEVEL,
        "certificate": Change("tls.validity", "364d", "365d"),
        "user": Change("users", ["admin", "guest"], ["admin"]),
        "firewall": Change("access.pull", [inside, outside], [inside]),
        "keepalived": Change("vip.advert", "110ms", "100ms"),
    }


def measure(system: OursBehindVip, kind: str) -> Mapping[str, float]:
    """Applies a changed stack file; row id to value."""
    change = changes(system.topology, system.vip)[kind]
    system.await_whole()
    system.stack.toggle(change.path, change.one, change.other)
    return applied(system, kind)


def applied(system: OursBehindVip, kind: str, *, holds: bool = True) -> Mapping[str, float]:
    """Applies the stack file as it is now to a whole system under load, with a long request where it `holds`; row id to value."""
    with Watch(system.members, system.vip) as watch, Loaded(system, at_least=REQUESTS[system.topology], holds=holds) as load:
        system.stack.up()
    return {f"{system.topology}.failed.change.{kind}": float(load.tally.failed), f"{system.topology}.moves.change": float(watch.moves)}


def failover(system: OursBehindVip) -> Mapping[str, float]:
    """Moves the VIP by the verb of the deployed script."""

    def move(holder: Host) -> None:
        script = system.stack.script(holder.name, "vip")
        holder.output(["bash", "-s", "--", "drain"], script)
        holder.output(["bash", "-s", "--", "undrain"], script)

    return _moved(system, "failover", move)


def reboot(system: OursBehindVip) -> Mapping[str, float]:
    """Reboots the holder."""
    return _moved(system, "reboot", fault.reboot)


def _moved(system: OursBehindVip, kind: str, move: Callable[[Host], None]) -> Mapping[str, float]:
    system.await_whole()
    holder = system.holder()
    with Loaded(system, retry=True) as load:
        move(holder)
        eventually(lambda: system.other(holder).holds(system.vip), f"waiting until the VIP has moved by {kind}", in_a_row=1)
        system.await_whole()
        time.sleep(AFTER_S)
    return {f"pair.failed.{kind}": float(load.tally.failed), f"pair.resets.{kind}": float(load.tally.resets)}
