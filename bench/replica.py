"""One of several registries fails behind its fronts, under load."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from bench.breaks import FAULTS, repaired
from bench.load import Loaded
from bench.outage import Outage, failed
from bench.row import HUNG_MS
from bench.system import FrontedSystem
from bench.watch import Watch
from lab.standstill import Standstill

WARM_S, BEFORE_S = 1.0, 7.0
"""The first requests open connections; then undisturbed ones for as long as those of our system are watched afterwards."""


def measure(system: FrontedSystem, kind: str) -> Mapping[str, float]:
    """Does a fault to a registry that clients use, and repairs it; row id to value."""
    system.await_whole()
    with Watch(system.members, system.vip) as watch:
        with Standstill() as standstill, Loaded(system) as load:
            time.sleep(WARM_S + BEFORE_S + system.phase())
            victim = system.victim()
            striking = time.monotonic()
            FAULTS[kind](system, victim)
            struck = time.monotonic()
            time.sleep(system.window_s)
        repair = repaired(system, victim, kind)
    outage = Outage(load.tally.asked, striking, struck, BEFORE_S, system.window_s)
    around = {"fronted.moves.registry": float(watch.moves), "fronted.standstill.registry": standstill.longest_ms}
    return {**VALUES[kind](outage), **around, **repair}


def _killed(outage: Outage) -> Mapping[str, float]:
    return {
        "fronted.failed.registry-killed": float(failed(outage.during)),
        "fronted.extra.registry-killed": outage.extra_ms(outage.during),
    }


def _cut(outage: Outage) -> Mapping[str, float]:
    return {
        "fronted.failed.host-cut": float(failed(outage.new)),
        "fronted.failed-open.host-cut": float(failed(outage.open)),
        "fronted.extra.host-cut": outage.extra_ms(outage.new),
        "fronted.load-kept.host-cut.inverse": outage.load_kept_inverse,
    }


def _hung(outage: Outage) -> Mapping[str, float]:
    late = outage.failed_late(HUNG_MS)
    return {
        "fronted.trouble.registry-hung": outage.trouble_ms,
        "fronted.failed.registry-hung": float(late),
        "fronted.failed-early.registry-hung": float(failed(outage.during) - late),
        "fronted.extra.registry-hung": outage.extra_ms(outage.during),
    }


VALUES: Mapping[str, Callable[[Outage], Mapping[str, float]]] = {"registry-killed": _killed, "host-cut": _cut, "registry-hung": _hung}
