"""How long clients were without an answer, where what serves on the holder of the VIP breaks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.breaks import FAULTS, repaired
from bench.system import SEEN_IN_A_ROW, BenchError, VipSystem, eventually
from bench.watch import Watch
from lab.host import Host
from lab.probe import Probe

BEFORE_S, AFTER_S = 0.3, 2.0
"""Measured before the fault, and after somebody serves again: a second outage would be seen."""


@dataclass(frozen=True)
class Gap:
    """What clients saw of one fault; moments in seconds since the epoch."""

    ms: float
    struck: float
    seen_until: float


def measure(system: VipSystem, kind: str) -> Mapping[str, float]:
    """Does a fault to the holder of the VIP, and repairs it; row id to value. Raises BenchError where nobody serves in time."""
    system.await_whole()
    holder = system.holder()
    with Watch(system.members, system.vip) as watch:
        gap = _probed(system, holder, kind)
        moved = system.other(holder).holds(system.vip)
        failed = repaired(system, holder, kind)
    if moved and not watch.moves:
        raise BenchError(f"measuring {kind} in lab {system.lab}: {holder.name} lost the VIP, but nothing was heard of the move")
    values = {f"{system.topology}.gap.{kind}": gap.ms, f"{system.topology}.moves.fault": float(watch.moves), **failed}
    if kind == "keepalived-killed":
        values[f"{system.topology}.holders.{kind}"] = round(watch.settled_s(gap.struck, gap.seen_until) * 1000)
    return values


def _probed(system: VipSystem, holder: Host, kind: str) -> Gap:
    is_over, in_a_row = _end(system, holder, kind)
    with Probe(system.client, system.target) as probe:
        time.sleep(BEFORE_S + system.phase())
        struck = time.time()
        FAULTS[kind](system, holder)
        doing = f"waiting until somebody else than {holder.name} of lab {system.lab}, or it again, serves after {kind}"
        eventually(is_over, doing, within_s=system.moves_within_s, in_a_row=in_a_row)
        time.sleep(AFTER_S)
        seen_until = time.time()
    return Gap(probe.report.gap_ms, struck, seen_until)


def _end(system: VipSystem, holder: Host, kind: str) -> tuple[Callable[[], bool], int]:
    """What is true once the fault is over for clients, and how often in a row it must be."""
    if kind == "haproxy-killed":  # the control starts it again where it was
        return lambda: any(host.holds(system.vip) and _runs_haproxy(host) for host in system.members), SEEN_IN_A_ROW
    return lambda: system.other(holder).holds(system.vip), 1


def _runs_haproxy(host: Host) -> bool:
    return host.exec(["systemctl", "is-active", "--quiet", "haproxy"]).returncode == 0
