"""What requests tell of a fault: how many failed, how much longer the slowest took, how many were answered at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.client import Asked
from bench.system import BenchError


@dataclass(frozen=True)
class Outage:
    """Requests around one fault. Moments are of the machine's monotonic clock, in seconds, as in `Asked`."""

    asked: Sequence[Asked]
    striking: float
    """Nothing was broken before."""
    struck: float
    """The fault was complete."""
    before_s: float
    """How long before `striking` counts as undisturbed."""
    after_s: float
    """How long after `struck` requests began that count."""

    @property
    def before(self) -> list[Asked]:
        """Answered while nothing was broken."""
        return [one for one in self.asked if self.striking - self.before_s <= one.ended <= self.striking]

    @property
    def during(self) -> list[Asked]:
        """Under way when the fault came, or begun after it."""
        return [one for one in self.asked if one.ended > self.striking and one.started <= self.struck + self.after_s]

    @property
    def new(self) -> list[Asked]:
        """Begun when the fault was complete."""
        return [one for one in self.during if one.started >= self.struck]

    @property
    def open(self) -> list[Asked]:
        """Under way when the fault came."""
        return [one for one in self.during if one.started < self.struck]

    def extra_ms(self, picked: Sequence[Asked]) -> float:
        """How much longer the slowest of `picked` took than the slowest before; one that failed took until it had failed.

        Raises BenchError where nothing was asked before or after.
        """
        if not self.before or not picked:
            raise BenchError(f"comparing requests: {len(self.before)} before the fault and {len(picked)} after it; are all clients stuck?")
        slowest = max(one.took_ms for one in picked)
        return round(max(0.0, slowest - max(one.took_ms for one in self.before)), 1)

    @property
    def trouble_ms(self) -> float:
        """From `striking` until the last request began that failed; 0 where none did."""
        return round(max((one.started - self.striking for one in self.during if one.failed), default=0.0) * 1000, 1)

    def failed_late(self, after_ms: float) -> int:
        """How many failed that began so long after `striking`, or later."""
        return failed(one for one in self.during if (one.started - self.striking) * 1000 >= after_ms)

    @property
    def load_kept_inverse(self) -> float:
        """Requests answered per second before, divided by those after: 1 where the fault took nothing away.

        Where none was answered afterwards, as if one had been.
        """
        answered = [one for one in self.asked if not one.failed and self.struck < one.ended <= self.struck + self.after_s]
        before = len(self.before) - failed(self.before)
        return round((before / self.before_s) / (max(1, len(answered)) / self.after_s), 4)


def failed(asked: Iterable[Asked]) -> int:
    """How many."""
    return sum(1 for one in asked if one.failed)
