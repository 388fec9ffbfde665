"""What clients see where a pod of the registry, or its container, comes to its end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from bench.change import LOG_LEVEL
from bench.cluster import ClusterSystem
from bench.load import Loaded
from bench.ours_cluster import OursAlone, OursShared
from bench.outage import Outage, failed
from bench.row import REQUESTS
from lab.probe import Probe
from lab.standstill import Standstill

BEFORE_S, AFTER_S = 2.0, 3.0
"""Measured before the end, and after everything serves again: a second outage would be seen."""

End = Callable[[Mapping[str, Any]], None]
STANDSTILL = "kubernetes.standstill.pod"


def killed(system: ClusterSystem) -> Mapping[str, float]:
    """Deletes the one pod at once; row id to value. Raises BenchError where no other one becomes ready in time."""
    system.await_whole()
    (victim,) = system.pods()
    with Standstill() as standstill, Probe(system.client, system.target) as probe:
        time.sleep(BEFORE_S + system.phase())
        system.delete(victim, at_once=True)
        system.await_replaced(victim)
        time.sleep(AFTER_S)
    return {"kubernetes.gap.pod-killed": probe.report.gap_ms, STANDSTILL: standstill.longest_ms}


def deleted(system: ClusterSystem) -> Mapping[str, float]:
    """Deletes one pod in order under load, as a drain of its node does; row id to value. Raises BenchError as `killed`."""
    outage, standstill_ms = _under_load(system, system.delete, system.await_replaced)
    return {"kubernetes.failed.pod-deleted": float(failed(outage.during)), STANDSTILL: standstill_ms}


def container_killed(system: ClusterSystem) -> Mapping[str, float]:
    """Kills the container of one pod under load, and replaces the pod afterwards; row id to value. Raises BenchError as `killed`."""
    outage, standstill_ms = _under_load(system, system.kill_container, system.await_restarted)
    system.mend()
    return {
        "kubernetes.trouble.container-killed": outage.trouble_ms,
        "kubernetes.failed.container-killed": float(failed(outage.during)),
        STANDSTILL: standstill_ms,
    }


def changed(system: OursShared) -> Mapping[str, float]:
    """Applies a changed stack file under load, with a long request, so that every pod is replaced; row id to value."""
    system.await_whole()
    system.stack.toggle(LOG_LEVEL.path, LOG_LEVEL.one, LOG_LEVEL.other)
    with Loaded(system, at_least=REQUESTS[system.topology], holds=True) as load:
        system.stack.up()
    system.await_whole()
    return {"kubernetes.failed.change.registry": float(load.tally.failed)}


def made(system: OursAlone) -> Mapping[str, float]:
    """Destroys the stack of the single pod and applies it again; row id to value."""
    took_s = system.anew()
    system.await_whole()
    return {"kubernetes.seconds.up": round(took_s, 1)}


def _under_load(system: ClusterSystem, end: End, await_end: End) -> tuple[Outage, float]:
    system.await_whole()
    victim = random.choice(system.pods())  # noqa: S311 - a place, no secret
    with Standstill() as standstill, Loaded(system) as load:
        time.sleep(BEFORE_S + system.phase())
        striking = time.monotonic()
        end(victim)
        struck = time.monotonic()
        await_end(victim)
        time.sleep(AFTER_S)
        after_s = time.monotonic() - struck
    return Outage(load.tally.asked, striking, struck, BEFORE_S, after_s), standstill.longest_ms
