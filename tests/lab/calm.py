"""Whether the machine under the lab ran all the time: one that stands still for longer than three adverts moves every VIP."""

from __future__ import annotations

from types import TracebackType

from lab.standstill import Standstill

LONGEST_MS = 200.0
"""Adverts come every 100 ms and three missing ones are an election: late by this and by one more interval is too close to it."""


class MachineStoodStillError(AssertionError):
    """Nothing can be judged: what failed did so while the machine itself, with all lab hosts, did not run. Done again by pytest."""


class Calm:
    """Watches the machine for the length of a `with` block; a fault in it while the machine stood still is raised as that."""

    def __init__(self) -> None:
        """Nothing is watched before the block."""
        self._standstill = Standstill()

    def __enter__(self) -> Calm:
        self._standstill.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self._standstill.__exit__()
        if isinstance(fault, AssertionError):
            self.assert_calm()

    def assert_calm(self) -> None:
        """Raises MachineStoodStillError where the machine stood still for too long."""
        longest = self._standstill.longest_ms
        if longest > LONGEST_MS:
            raise MachineStoodStillError(f"the machine stood still for {longest:.0f} ms, more than {LONGEST_MS:.0f}")
