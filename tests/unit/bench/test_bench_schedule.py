"""Which trial comes next, and what an interrupted run remembers."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.record import Record, Seen
from bench.schedule import Trial, Turn, following, turns


def trial(name: str, times: int, control_times: int = 0, about_s: float = 10) -> Trial:
    return Trial(name, (), lambda _: {}, times, control_times, about_s)


def done(record: Record, turn: Turn, took_s: float = 10) -> None:
    record.add(Seen(record.version, turn.trial.name, turn.subject, {}, took_s, 0, "2026-11-21T10:00:00+00:00"))


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / "out" / "trials.jsonl", "v1")


def test_trials_alternate_in_proportion(record: Record) -> None:
    """At any moment every trial is equally far, control too: a slow hour hits all rows alike."""
    candidates = turns([trial("a", 8, 2), trial("b", 4)])
    order: list[str] = []
    while turn := following(candidates, record, 1000):
        done(record, turn)
        order.append(f"{turn.trial.name} {turn.subject}")
    assert sorted(order) == sorted(["a ours"] * 8 + ["a control"] * 2 + ["b ours"] * 4)
    assert sorted(order[:7]) == ["a control", *["a ours"] * 4, *["b ours"] * 2]


def test_no_trial_begins_that_would_not_end_in_time(record: Record) -> None:
    """The time left is compared with what a trial took before, or was expected to take; a shorter one goes on."""
    long, short = trial("long", 5, about_s=60), trial("short", 5, about_s=5)
    assert (following(turns([long, short]), record, 30) or pytest.fail("none")).trial is short
    assert following(turns([long]), record, 30) is None
    done(record, Turn(long, "ours"), took_s=20)
    assert (following(turns([long]), record, 30) or pytest.fail("none")).trial is long


def test_interrupted_run_goes_on_where_it_was(record: Record, tmp_path: Path) -> None:
    """Trials of the same version count, those of another do not."""
    turn = Turn(trial("a", 2), "ours")
    done(record, turn)
    file = tmp_path / "out" / "trials.jsonl"
    again, other = Record(file, "v1"), Record(file, "v2")
    assert (again.count("a", "ours"), again.spent_s) == (1, 10)
    assert (other.count("a", "ours"), other.spent_s) == (0, 0)
    done(again, turn)
    assert Record(file, "v1").count("a", "ours") == 2


def test_forgetting_keeps_other_versions(record: Record, tmp_path: Path) -> None:
    """A fresh start drops this version's trials only."""
    file = tmp_path / "out" / "trials.jsonl"
    other = Record(file, "v2")
    done(record, Turn(trial("a", 2), "ours"))
    done(other, Turn(trial("a", 2), "ours"))
    record = Record(file, "v1")
    record.forget()
    assert (record.trials, Record(file, "v1").trials) == ([], [])
    assert Record(file, "v2").count("a", "ours") == 1
