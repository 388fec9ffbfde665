"""What is measured of a pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial

from bench import change, control, cost, gap, ours, stress
from bench.control import Control
from bench.ours import Ours
from bench.row import KINDS_OF_CHANGE
from bench.schedule import Subject, Trial
from bench.system import System


class PairBench:
    """Both systems, each started when it is first needed, and the trials on them."""

    def __init__(self, times: int, control_times: int, stress_minutes: float) -> None:
        """`times`: how often a gap is measured with us, the other trials in proportion; `control_times`: with the control."""
        self._times, self._control_times, self._stress_minutes = times, control_times, stress_minutes

    @cached_property
    def ours(self) -> Ours:
        """The program's pair; its lab is started, or found running."""
        return Ours()

    @cached_property
    def control(self) -> Control:
        """The hand-made pair."""
        return Control()

    def start(self, subject: Subject) -> System:
        """The system of `subject`, running. Raises LabError where it cannot be had."""
        return self.ours if subject == "ours" else self.control

    @property
    def trials(self) -> list[Trial]:
        """All, those that take longest first."""
        return [self._stress(), *self._costs(), *map(self._gap, gap.FAULTS), *map(self._change, KINDS_OF_CHANGE), *self._moves()]

    def remove(self) -> None:
        """Takes both labs away."""
        ours.remove()
        control.remove()

    def _gap(self, kind: str) -> Trial:
        extra = ("pair.holders.keepalived-killed",) if kind == "keepalived-killed" else ()
        rows = (f"pair.gap.{kind}", *extra, "pair.failed.repair", "pair.moves.fault")
        return Trial(
            f"gap.{kind}",
            rows,
            lambda subject: gap.measure(self.start(subject), kind),
            times=self._times,
            control_times=self._control_times,
            about_s=40,
        )

    def _change(self, kind: str) -> Trial:
        rows = (f"pair.failed.change.{kind}", "pair.moves.change")
        return self._mine(f"change.{kind}", rows, partial(change.measure, kind=kind), self._share(5), about_s=90)

    def _moves(self) -> list[Trial]:
        verbs = {"failover": (change.failover, self._share(2)), "reboot": (change.reboot, self._share(4))}
        return [
            self._mine(verb, (f"pair.failed.{verb}", f"pair.resets.{verb}"), done, times, about_s=60)
            for verb, (done, times) in verbs.items()
        ]

    def _costs(self) -> list[Trial]:
        state = ("pair.commands-per-host", "pair.state-bytes-per-host")
        return [
            self._mine("cost.state", state, cost.state, 1),
            self._mine("cost.render", ("pair.ms-per-resource.render",), cost.render, self._share(4)),
            self._mine("cost.preview", ("pair.seconds.preview",), cost.preview, self._share(2)),
        ]

    def _stress(self) -> Trial:
        run = partial(stress.measure, minutes=self._stress_minutes)
        rows = ("pair.moves.stress", "pair.load.stress", "pair.standstill.stress")
        return self._mine("stress", rows, run, 1, about_s=self._stress_minutes * 60 + 30)

    def _mine(
        self, name: str, rows: tuple[str, ...], run: Callable[[Ours], Mapping[str, float]], times: int, *, about_s: float = 20
    ) -> Trial:
        return Trial(name, rows, lambda _: run(self.ours), times=times, about_s=about_s)

    def _share(self, part: int) -> int:
        return max(1, self._times // part)
