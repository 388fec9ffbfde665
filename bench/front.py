"""Planned changes of fronts, and of how many registries are behind them, under load."""

from __future__ import annotations

import time
from collections.abc import Mapping

from bench.change import applied
from bench.load import Loaded
from bench.ours import OursFronted
from bench.system import eventually
from lab.host import Host

RELOADS = 5
"""Of each front in one trial."""
BETWEEN_S = 1.0
"""Long enough for every kept connection to be used after a reload."""


def resized(system: OursFronted) -> Mapping[str, float]:
    """Takes the last registry out of the stack file and puts it back, each with an `up`; row id to value."""
    last = system.registries[-1]
    if system.stack.add("registries", last.name, str(last.address)):  # a trial before this one was not finished
        system.stack.up()
    system.await_whole()
    system.stack.take_out("registries", last.name)
    removed = applied(system, "remove", holds=False)  # what lasts as long as the change cannot end before the registry goes
    system.stack.add("registries", last.name, str(last.address))
    added = applied(system, "add")
    system.await_whole()
    moves = removed["fronted.moves.change"] + added["fronted.moves.change"]
    return {**removed, **added, "fronted.moves.change": moves}


def reloaded(system: OursFronted) -> Mapping[str, float]:
    """Reloads haproxy of both fronts some times; row id to value. Raises BenchError where a reload has not replaced the process."""
    system.await_whole()
    with Loaded(system, holds=True) as load:
        for _ in range(RELOADS):
            for front in system.members:
                _reload(front)
            time.sleep(BETWEEN_S)
    return {"fronted.failed.reload": float(load.tally.failed), "fronted.dropped.reload": float(load.tally.dropped)}


def _reload(front: Host) -> None:
    before = _processes(front)
    front.output(["systemctl", "reload", "haproxy.service"])
    eventually(lambda: bool(_processes(front) - before), f"waiting until haproxy of {front.name} has reloaded", within_s=15, in_a_row=1)


def _processes(front: Host) -> set[str]:
    return set(front.output(["pgrep", "--exact", "haproxy"]).split())
