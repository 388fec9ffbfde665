"""Faults, and how long clients were without an answer."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from bench.load import Loaded
from bench.ours import Ours
from bench.system import BenchError, System, eventually
from bench.watch import Watch
from lab import fault
from lab.host import Host
from lab.probe import Probe

BEFORE_S, AFTER_S = 0.3, 2.0
"""Measured before the fault, and after the VIP has moved: a second outage would be seen."""

Fault = Callable[[System, Host], None]
FAULTS: Mapping[str, Fault] = {
    "registry-killed": lambda system, host: system.kill_registry(host),
    "registry-hung": lambda _, host: fault.pause(host, "registry"),
    "host-cut": lambda _, host: fault.cut(host),
    "keepalived-killed": lambda _, host: fault.kill(host, "keepalived"),
}
REPAIRS: Mapping[str, Callable[[Host], None]] = {
    "registry-hung": lambda host: fault.resume(host, "registry"),
    "host-cut": fault.heal,
}
"""The rest heals by itself in our system, and by hand in the control."""


def measure(system: System, kind: str) -> Mapping[str, float]:
    """Does a fault to the holder and repairs it; row id to value."""
    system.await_whole()
    holder = system.holder()
    peer = system.other(holder)
    with Watch(system.nodes, system.vip) as watch:
        with Probe(system.client, system.target) as probe:
            time.sleep(BEFORE_S + random.uniform(0, system.phase_s))  # noqa: S311 - a phase, no secret
            struck = time.time()
            FAULTS[kind](system, holder)
            moved = f"waiting until {peer.name} of lab {system.lab} holds the VIP after {kind}"
            eventually(lambda: peer.holds(system.vip), moved, within_s=system.moves_within_s, in_a_row=1)
            time.sleep(AFTER_S)
            seen_until = time.time()
        failed = _repair(system, holder, kind)
    if not watch.moves:
        raise BenchError(f"measuring {kind} in lab {system.lab}: {peer.name} holds the VIP, but nothing was heard of the move")
    values = {f"pair.gap.{kind}": probe.report.gap_ms, "pair.moves.fault": float(watch.moves), **failed}
    if kind == "keepalived-killed":
        values["pair.holders.keepalived-killed"] = round(watch.settled_s(struck, seen_until) * 1000)
    return values


def _repair(system: System, host: Host, kind: str) -> Mapping[str, float]:
    with ExitStack() as stack:
        load = stack.enter_context(Loaded(system)) if isinstance(system, Ours) else None
        if kind in REPAIRS:
            REPAIRS[kind](host)
        if load is None:
            system.mend()
        system.await_whole()
    return {} if load is None else {"pair.failed.repair": float(load.tally.failed)}
