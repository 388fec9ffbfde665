"""One run: trial after trial until all are done or the time is up."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from bench.bench import Bench
from bench.record import Record, Seen
from bench.report import number
from bench.schedule import Trial, Turn, following, turns
from bench.system import BenchError
from lab.command import LabError

FAULTS_IN_A_ROW = 3
"""After as many trials that could not be measured the run ends: something is broken."""


def measure(bench: Bench[Any, Any], trials: Sequence[Trial], record: Record, minutes: float, console: Console) -> None:
    """Does trials, each kept at once. `minutes` holds for all runs of the same version together.

    Raises BenchError after `FAULTS_IN_A_ROW`; what was measured before is kept.
    """
    candidates = turns(trials)
    deadline = time.monotonic() + minutes * 60 - record.spent_s
    faults = 0
    while turn := following(candidates, record, deadline - time.monotonic()):
        try:
            record.add(_done(bench, turn, record, console))
            faults = 0
        except LabError as fault:
            faults += 1
            console.print(f"{turn.trial.name} {turn.subject} could not be measured: {fault}")
            if faults == FAULTS_IN_A_ROW:
                raise BenchError(f"measuring {turn.trial.name}: {faults} trials in a row failed, the last with: {fault}") from fault
            bench.start(turn.subject).mend()


def _done(bench: Bench[Any, Any], turn: Turn, record: Record, console: Console) -> Seen:
    bench.start(turn.subject)
    load, started = os.getloadavg()[0], time.monotonic()
    values = turn.trial.run(turn.subject)
    took = time.monotonic() - started
    shown = "  ".join(f"{row.partition('.')[2]} {number(value)}" for row, value in values.items())
    count = record.count(turn.trial.name, turn.subject) + 1
    console.print(f"{turn.trial.name} {turn.subject} {count}/{turn.times}: {shown}  ({took:.0f} s, load {load:.1f})")
    return Seen(
        record.version, turn.trial.name, turn.subject, values, round(took, 1), load, datetime.now(UTC).isoformat(timespec="seconds")
    )
