"""Which trial comes next: ours and control in turns, every row as far as the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.record import Record

Subject = Literal["ours", "control"]


@dataclass(frozen=True)
class Trial:
    """Something done once to a system, and the rows for which it gives a value each time."""

    name: str
    rows: Sequence[str]
    run: Callable[[Subject], Mapping[str, float]]
    times: int
    control_times: int = 0
    about_s: float = 10
    """Not begun where less time is left, until it was measured how long it takes."""


@dataclass(frozen=True)
class Turn:
    """A trial, and what it is done to."""

    trial: Trial
    subject: Subject

    @property
    def times(self) -> int:
        """How often it shall be done in all."""
        return self.trial.times if self.subject == "ours" else self.trial.control_times


def turns(trials: Sequence[Trial]) -> list[Turn]:
    """Every trial of each subject that it is for."""
    subjects: tuple[Subject, ...] = ("ours", "control")
    both = [Turn(trial, subject) for trial in trials for subject in subjects]
    return [turn for turn in both if turn.times]


def following(candidates: Sequence[Turn], record: Record, left_s: float) -> Turn | None:
    """The turn that is furthest behind its goal and fits into the time left; None where nothing is to be done."""
    open_ = [turn for turn in candidates if _progress(turn, record) < 1 and _needs_s(turn, record) <= left_s]
    return min(open_, key=lambda turn: _progress(turn, record), default=None)


def _progress(turn: Turn, record: Record) -> float:
    return record.count(turn.trial.name, turn.subject) / turn.times


def _needs_s(turn: Turn, record: Record) -> float:
    took = [seen.took_s for seen in record.trials if (seen.trial, seen.subject) == (turn.trial.name, turn.subject)]
    return max(took, default=turn.trial.about_s)
