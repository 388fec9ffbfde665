"""Processor time that the machine's own host gave to others while programs here wanted it."""

from __future__ import annotations

from pathlib import Path

STAT = Path("/proc/stat")
BUSY = (0, 1, 2, 5, 6)
"""Fields of its first line that are work: user, nice, system, irq, softirq (proc_stat(5))."""
STEAL = 7


class Steal:
    """Counts on all processors for the length of a `with` block."""

    def __enter__(self) -> Steal:
        self._before = _fields()
        return self

    def __exit__(self, *_: object) -> None:
        self._after = _fields()

    @property
    def percent(self) -> float:
        """Of the time that was wanted in the block; 0 where the machine has a host that tells nothing, or none."""
        spent = [after - before for before, after in zip(self._before, self._after, strict=True)]
        wanted = sum(spent[field] for field in BUSY) + spent[STEAL]
        return round(100 * spent[STEAL] / wanted, 1) if wanted else 0.0


def _fields() -> list[int]:
    return [int(field) for field in STAT.read_text().split("\n", 1)[0].split()[1:]]
