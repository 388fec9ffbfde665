"""Trials as they were measured, kept on disk so that an interrupted run goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.command import run

PROJECT = Path(__file__).parent.parent
OUT = PROJECT / "bench" / "out"


@dataclass(frozen=True)
class Seen:
    """What one trial showed."""

    version: str
    trial: str
    subject: str
    """`ours` or `control`."""
    values: Mapping[str, float]
    """Row id to value."""
    took_s: float
    load: float
    """Load average of the machine when it began."""
    at: str
    """UTC, ISO 8601."""


class Record:
    """The trials of one version of the program; those of others stay in the file and do not count."""

    def __init__(self, path: Path, version: str) -> None:
        """Reads what is there."""
        self._path = path
        self.version = version
        self.trials = [seen for seen in _read(path) if seen.version == version]

    def add(self, seen: Seen) -> None:
        """Keeps a trial, on disk before it counts."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _write(self._path, [*_read(self._path), seen])
        self.trials.append(seen)

    def count(self, trial: str, subject: str) -> int:
        """How many times it was done."""
        return sum(1 for seen in self.trials if (seen.trial, seen.subject) == (trial, subject))

    def values(self, row: str, subject: str) -> list[float]:
        """Everything seen for a row, oldest first."""
        return [seen.values[row] for seen in self.trials if seen.subject == subject and row in seen.values]

    @property
    def spent_s(self) -> float:
        """How long all its trials took together."""
        return sum(seen.took_s for seen in self.trials)

    def forget(self) -> None:
        """Drops the trials of this version."""
        others = [seen for seen in _read(self._path) if seen.version != self.version]
        if self._path.exists():
            _write(self._path, others)
        self.trials = []


def _write(path: Path, trials: Iterable[Seen]) -> None:
    candidate = path.with_suffix(".new")
    candidate.write_text("".join(json.dumps(asdict(seen)) + "\n" for seen in trials), encoding="utf-8")
    candidate.replace(path)


def _read(path: Path) -> list[Seen]:
    return [Seen(**json.loads(line)) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def version() -> str:
    """The commit, with a digest of what is not committed: figures of two programs are never mixed."""
    commit = run(["git", "rev-parse", "--short=10", "HEAD"], "asking for the commit", cwd=PROJECT).strip()
    product = ["__main__.py", "components", "render", "settings", "ops", "lab", "bench"]
    changes = run(["git", "diff", "HEAD", "--", *product], "asking for changes", cwd=PROJECT)
    changes += run(["git", "ls-files", "--others", "--exclude-standard", "--", *product], "asking for new files", cwd=PROJECT)
    return f"{commit}+{hashlib.sha256(changes.encode()).hexdigest()[:6]}" if changes else commit
