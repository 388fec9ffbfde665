"""What is measured of a topology: trials on our system and on its control."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import ClassVar, Generic, TypeVar

from bench import cost, gap
from bench.handmade import HandMade
from bench.ours import Ours, OursBehindVip
from bench.schedule import Subject, Trial
from bench.system import System

Made = TypeVar("Made", bound=Ours)
ByHand = TypeVar("ByHand", bound=System)
BehindVip = TypeVar("BehindVip", bound=OursBehindVip)
BehindVipByHand = TypeVar("BehindVipByHand", bound=HandMade)


class Bench(ABC, Generic[Made, ByHand]):
    """Both systems, each started when it is first needed, and the trials on them."""

    topology: ClassVar[str]
    made: type[Made]
    by_hand: type[ByHand]

    def __init__(self, times: int, control_times: int) -> None:
        """`times`: how often a fault is measured with us, the other trials in proportion; `control_times`: with the control."""
        self._times, self._control_times = times, control_times

    @cached_property
    def ours(self) -> Made:
        """The program's system; its lab is started, or found running."""
        return self.made()

    @cached_property
    def control(self) -> ByHand:
        """The hand-made one."""
        return self.by_hand()

    def start(self, subject: Subject) -> System:
        """The system of `subject`, running. Raises LabError where it cannot be had."""
        return self.ours if subject == "ours" else self.control

    @property
    @abstractmethod
    def trials(self) -> Sequence[Trial]:
        """All, those that take longest first."""

    def remove(self) -> None:
        """Takes both labs away."""
        self.made.remove()
        self.by_hand.remove()

    def preview(self) -> Trial:
        """Seconds of a preview."""
        rows = (f"{self.topology}.seconds.preview", f"{self.topology}.steal.preview")
        return self.mine("cost.preview", rows, cost.preview, self.share(2))

    def both(self, name: str, rows: Sequence[str], run: Callable[[Subject], Mapping[str, float]]) -> Trial:
        """A trial of ours and of the control."""
        return Trial(name, rows, run, times=self._times, control_times=self._control_times, about_s=40)

    def mine(self, name: str, rows: Sequence[str], run: Callable[[Made], Mapping[str, float]], times: int, *, about_s: float = 20) -> Trial:
        """A trial of what the control cannot do."""
        return Trial(name, rows, lambda _: run(self.ours), times=times, about_s=about_s)

    def share(self, part: int) -> int:
        """Once where a fault is measured `part` times."""
        return max(1, self._times // part)


class VipBench(Bench[BehindVip, BehindVipByHand]):
    """Of hosts with a VIP."""

    def gap(self, kind: str, *further: str) -> Trial:
        """A fault on the holder of the VIP; `further` are rows of that kind alone."""
        rows = (f"{self.topology}.gap.{kind}", *further, f"{self.topology}.failed.repair", f"{self.topology}.moves.fault")
        return self.both(f"gap.{kind}", rows, lambda subject: gap.measure(self.ours if subject == "ours" else self.control, kind))

    def costs(self) -> list[Trial]:
        """Commands and state of a host, and seconds of a preview."""
        rows = (f"{self.topology}.commands-per-host", f"{self.topology}.state-bytes-per-host")
        return [self.mine("cost.state", rows, cost.state, 1), self.preview()]
