"""What is measured, and the ways to ask for it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

import pytest
from rich.console import Console

from bench import engine, report
from bench.change import changes
from bench.pair import PairBench
from bench.record import PROJECT, Record
from bench.row import KINDS_OF_CHANGE, PAIR
from bench.run import measure
from bench.schedule import Subject, Trial
from bench.system import BenchError
from settings import StackFile
from tests.golden.cases import loaded, pair, write_files

YAML_HEAD = "config:\n  ha-registry:system: "


def test_every_row_is_given_by_a_trial() -> None:
    """A published row is measured, and nothing is measured that has no row."""
    given = {row for trial in PairBench(20, 5, 10).trials for row in trial.rows}
    assert given == {row.id for row in PAIR}


def test_few_times_still_measure_everything() -> None:
    """However short a trial run is, no row is left out."""
    assert all(trial.times >= 1 for trial in PairBench(1, 1, 1).trials)


def test_unknown_row_is_told_with_those_that_exist() -> None:
    """A user's slip costs one message, starts no lab and leaves the figures of the last run alone."""
    before = report.path("pair").read_bytes() if report.path("pair").exists() else None
    done = subprocess.run(
        [sys.executable, "-m", "bench", "pair", "--row", "pair.gap.nothing"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "no row pair.gap.nothing; one of: " in done.stderr
    assert (report.path("pair").read_bytes() if report.path("pair").exists() else None) == before


def test_broken_system_ends_the_run(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One trial that fails is mended and tried again; three in a row end the run, and what was seen before is kept."""
    record, mended = Record(tmp_path / "trials.jsonl", "v1"), []

    class Broken:
        def mend(self) -> None:
            mended.append(1)

    def run(_: Subject) -> Mapping[str, float]:
        if len(mended) != 1:
            raise BenchError("no answer")
        return {"pair.gap.host-cut": 1.0}

    bench = PairBench(1, 1, 1)
    monkeypatch.setattr(bench, "start", lambda _: Broken())
    measure(bench, [Trial("gap", (), run, 1)], record, 1, Console(quiet=True))
    assert (record.values("pair.gap.host-cut", "ours"), len(mended)) == ([1.0], 1)
    mended += [1, 1]
    with pytest.raises(BenchError, match="3 trials in a row failed, the last with: no answer"):
        measure(bench, [Trial("gap", (), run, 2)], record, 1, Console(quiet=True))
    assert record.count("gap", "ours") == 1


def test_toggle_changes_the_stack_file_every_time(tmp_path: Any) -> None:
    """Each planned change has something to change: a value goes to one side, then back, and all else stays."""
    file = tmp_path / "stack.yaml"
    file.write_text("config:\n  ha-registry:system:\n    topology: pair\n    users: [admin]\n")
    stack = engine.Stack(file)
    seen = []
    for _ in range(3):
        stack.toggle("vip.advert", "110ms", "100ms")
        seen.append(StackFile(file).system)
    assert [one["vip"] for one in seen] == [{"advert": "110ms"}, {"advert": "100ms"}, {"advert": "110ms"}]
    assert all((one["topology"], one["users"]) == ("pair", ["admin"]) for one in seen)


@pytest.mark.parametrize("kind", KINDS_OF_CHANGE)
def test_planned_change_is_one_of_valid_settings(kind: str, tmp_path: Any) -> None:
    """Both sides of a change are settings that the program takes, and they differ."""
    write_files(tmp_path)
    file = tmp_path / "stack.yaml"
    file.write_text(YAML_HEAD + json.dumps(pair()))
    change = changes("pair", IPv4Address("192.168.23.50"))[kind]
    sides = []
    for _ in range(2):
        engine.Stack(file).toggle(change.path, change.one, change.other)
        sides.append(loaded(StackFile(file).system, tmp_path))
    assert sides[0] != sides[1]
