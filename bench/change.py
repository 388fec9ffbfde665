"""Planned changes, reboots and moves by hand, under load."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from bench.load import Loaded
from bench.ours import Ours
from bench.system import eventually
from bench.watch import Watch
from lab import fault
from lab.host import Host

REQUESTS = 2000
AFTER_S = 2.0


@dataclass(frozen=True)
class Change:
    """A setting and two values that it is switched between."""

    path: str
    one: object
    other: object


def changes(vip: IPv4Address) -> Mapping[str, Change]:
    """Of each kind one, for a pair with this VIP; no change locks out the clients that measure it."""
    inside, outside = str(IPv4Network(f"{vip}/24", strict=False)), "198.51.100.0/24"
    return {
        "registry": Change("registry.log.level", "warn", "info"),
        "certificate": Change("tls.validity", "364d", "365d"),
        "user": Change("users", ["admin", "guest"], ["admin"]),
        "firewall": Change("access.pull", [inside, outside], [inside]),
        "keepalived": Change("vip.advert", "110ms", "100ms"),
    }


def measure(system: Ours, kind: str) -> Mapping[str, float]:
    """Applies a changed stack file; row id to value."""
    change = changes(system.vip)[kind]
    system.await_whole()
    with Watch(system.nodes, system.vip) as watch, Loaded(system, at_least=REQUESTS, holds=True) as load:
        system.stack.toggle(change.path, change.one, change.other)
        system.stack.up()
    return {f"pair.failed.change.{kind}": float(load.tally.failed), "pair.moves.change": float(watch.moves)}


def failover(system: Ours) -> Mapping[str, float]:
    """Moves the VIP by the verb of the deployed script."""

    def move(holder: Host) -> None:
        script = system.stack.script(holder.name, "vip")
        holder.output(["bash", "-s", "--", "drain"], script)
        holder.output(["bash", "-s", "--", "undrain"], script)

    return _moved(system, "failover", move)


def reboot(system: Ours) -> Mapping[str, float]:
    """Reboots the holder."""
    return _moved(system, "reboot", fault.reboot)


def _moved(system: Ours, kind: str, move: Callable[[Host], None]) -> Mapping[str, float]:
    system.await_whole()
    holder = system.holder()
    with Loaded(system, retry=True) as load:
        move(holder)
        eventually(lambda: system.other(holder).holds(system.vip), f"waiting until the VIP has moved by {kind}", in_a_row=1)
        system.await_whole()
        time.sleep(AFTER_S)
    return {f"pair.failed.{kind}": float(load.tally.failed), f"pair.resets.{kind}": float(load.tally.resets)}
