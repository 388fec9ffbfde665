"""`python -m bench TOPOLOGY`: measures; `python -m bench write-docs`: writes the figures into docs/numbers.md."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from bench import document, report, row
from bench.bench import Bench
from bench.fronted import FrontedBench
from bench.kubernetes import KubernetesBench
from bench.pair import PairBench
from bench.record import OUT, Record, version
from bench.run import measure
from bench.schedule import Trial
from bench.system import BenchError
from lab.command import LabError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Figures, measured on lab hosts.")
console = Console(soft_wrap=True, highlight=False)
WIDE = 150
"""Columns of the table; narrower ones hide the names of rows."""


Only = Annotated[str | None, typer.Option("--row", help="Only what gives this row, e.g. pair.gap.host-cut.")]
Times = Annotated[int, typer.Option(min=1, help="How often a fault is measured; other trials in proportion.")]
ControlTimes = Annotated[int, typer.Option(min=0, help="How often with the control.")]
Minutes = Annotated[float, typer.Option(min=1, help="No trial begins that would end later; all runs of a version count together.")]
Fresh = Annotated[bool, typer.Option(help="Forget what was measured of this version before.")]
Keep = Annotated[bool, typer.Option(help="Leave the labs running for the next run.")]


@app.command()
def pair(
    only: Only = None,
    times: Times = 20,
    control_times: ControlTimes = 5,
    stress_minutes: Annotated[float, typer.Option(min=0.1, help="Length of the trial under stress-ng.")] = 10,
    minutes: Minutes = 45,
    fresh: Fresh = False,
    keep: Keep = False,
) -> None:
    """Two bare hosts behind one VIP, against the same made by hand; goes on where an interrupted run was."""
    _run(PairBench(times, control_times, stress_minutes), only, minutes, fresh=fresh, keep=keep)


@app.command()
def fronted(
    only: Only = None,
    times: Times = 20,
    control_times: ControlTimes = 5,
    minutes: Minutes = 45,
    fresh: Fresh = False,
    keep: Keep = False,
) -> None:
    """Two fronts before three registries on Ceph, against a hand-made haproxy pair; goes on where an interrupted run was."""
    _run(FrontedBench(times, control_times), only, minutes, fresh=fresh, keep=keep)


@app.command()
def kubernetes(
    only: Only = None,
    times: Times = 20,
    control_times: ControlTimes = 5,
    minutes: Minutes = 45,
    fresh: Fresh = False,
    keep: Keep = False,
) -> None:
    """Pods in a cluster, two on S3 and one on a local volume, against plain manifests; goes on where an interrupted run was."""
    _run(KubernetesBench(times, control_times), only, minutes, fresh=fresh, keep=keep)


@app.command()
def write_docs() -> None:
    """Writes docs/numbers.md from the JSON of the last runs; a topology without one keeps its figures."""
    for topology, rows in row.TOPOLOGIES.items():
        seen = report.read(topology)
        document.write(topology, rows, seen)
        done = f"{len(seen)} of {len(rows)} rows measured here, the others are as they were"
        console.print(f"{topology}: {done}")


def _run(bench: Bench[Any, Any], only: str | None, minutes: float, *, fresh: bool, keep: bool) -> None:
    record = Record(OUT / f"{bench.topology}.trials.jsonl", version())
    chosen = _chosen(bench.trials, only)
    if fresh:
        record.forget()
    try:
        measure(bench, chosen, record, minutes, console)
    finally:
        seen = report.figures(row.TOPOLOGIES[bench.topology], record)
        Console(width=max(WIDE, console.width)).print(report.table(seen))
        console.print(f"{report.write(bench.topology, seen)}; into docs/numbers.md with: python -m bench write-docs")
    if not keep:
        bench.remove()
    if missed := [one.id for one in seen if not one.is_kept]:
        raise BenchError(f"over the limit: {', '.join(missed)}")


def _chosen(trials: Sequence[Trial], only: str | None) -> list[Trial]:
    found = [trial for trial in trials if only is None or only in trial.rows]
    if not found:
        known = ", ".join(dict.fromkeys(one for trial in trials for one in trial.rows))
        raise BenchError(f"choosing trials: no row {only}; one of: {known}")
    return found


def main() -> None:
    """Runs the command line; a fault is one message and exit code 1."""
    try:
        app(prog_name="python -m bench")
    except LabError as fault:
        sys.exit(f"bench: {fault}")


if __name__ == "__main__":
    main()
