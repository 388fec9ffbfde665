"""What was measured, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from bench.machine import description
from bench.record import OUT, Record
from bench.row import Row
from bench.statistic import percentile


@dataclass(frozen=True)
class Figure:
    """One row of a report; `control_p95` is None where the control was not measured."""

    id: str
    unit: str
    n: int
    p50: float
    p95: float
    max: float
    limit: float | None
    control_n: int
    control_p95: float | None
    date: str
    commit: str
    machine: str

    @property
    def is_kept(self) -> bool:
        """Whether p95 is within the limit; of counts that must be 0, every single one."""
        if self.limit is None:
            return True
        return (self.max if self.unit == "count" else self.p95) <= self.limit


def figures(rows: Sequence[Row], record: Record) -> list[Figure]:
    """Of all rows that were measured, in their order."""
    machine = description()
    return [_figure(row, record, machine) for row in rows if record.values(row.id, "ours")]


def _figure(row: Row, record: Record, machine: str) -> Figure:
    ours, control = record.values(row.id, "ours"), record.values(row.id, "control")
    return Figure(
        id=row.id,
        unit=row.unit,
        n=len(ours),
        p50=percentile(ours, 50),
        p95=percentile(ours, 95),
        max=max(ours),
        limit=row.limit,
        control_n=len(control),
        control_p95=percentile(control, 95) if control else None,
        date=max(seen.at for seen in record.trials if row.id in seen.values)[:10],
        commit=record.version,
        machine=machine,
    )


def table(seen: Sequence[Figure]) -> Table:
    """For a terminal."""
    drawn = Table(title="p95 of ours against its limit and the control")
    for title in ("row", "unit"):
        drawn.add_column(title, no_wrap=True)
    for title in ("n", "p50", "p95", "max", "limit", "kept", "control p95", "control n", "control / ours"):
        drawn.add_column(title, justify="right")
    for one in seen:
        ratio = f"{one.control_p95 / one.p95:.0f}" if one.control_p95 and one.p95 else ""
        numbers = [number(one.p50), number(one.p95), number(one.max), number(one.limit)]
        kept = "" if one.limit is None else "yes" if one.is_kept else "[red]NO[/red]"
        drawn.add_row(one.id, one.unit, str(one.n), *numbers, kept, number(one.control_p95), str(one.control_n or ""), ratio)
    return drawn


def number(value: float | None) -> str:
    """As few digits as tell values apart; empty where there is none."""
    if value is None:
        return ""
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2g}" if abs(value) < 1 else f"{value:.2f}" if abs(value) < 2 else f"{value:.1f}"


def path(topology: str) -> Path:
    """Where the JSON is."""
    return OUT / f"{topology}.json"


def write(topology: str, seen: Sequence[Figure]) -> Path:
    """Writes the JSON; returns its path."""
    path(topology).parent.mkdir(parents=True, exist_ok=True)
    path(topology).write_text(json.dumps([asdict(one) for one in seen], indent=1) + "\n", encoding="utf-8")
    return path(topology)


def read(topology: str) -> list[Figure]:
    """The figures of the last run; none where there was no run."""
    file = path(topology)
    return [Figure(**one) for one in json.loads(file.read_text("utf-8"))] if file.exists() else []
