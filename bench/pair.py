"""What is measured of a pair."""

from __future__ import annotations

from functools import partial

from bench import change, cost, stress
from bench.bench import VipBench
from bench.control_pair import ControlPair
from bench.ours import OursPair
from bench.row import KINDS_OF_CHANGE
from bench.schedule import Trial


class PairBench(VipBench[OursPair, ControlPair]):
    """Two bare hosts behind one VIP, against the same made by hand."""

    topology, made, by_hand = "pair", OursPair, ControlPair

    def __init__(self, times: int, control_times: int, stress_minutes: float) -> None:
        """As of every topology, and the length of the trial under stress-ng."""
        super().__init__(times, control_times)
        self._stress_minutes = stress_minutes

    @property
    def trials(self) -> list[Trial]:
        """All, those that take longest first."""
        gaps = [
            self.gap("registry-killed"),
            self.gap("registry-hung"),
            self.gap("host-cut"),
            self.gap("keepalived-killed", "pair.holders.keepalived-killed"),
        ]
        render = self.mine("cost.render", ("pair.ms-per-resource.render",), cost.render, self.share(4))
        return [self._stress(), *self.costs(), render, *gaps, *map(self._change, KINDS_OF_CHANGE), *self._moves()]

    def _change(self, kind: str) -> Trial:
        rows = (f"pair.failed.change.{kind}", "pair.moves.change")
        return self.mine(f"change.{kind}", rows, partial(change.measure, kind=kind), self.share(5), about_s=90)

    def _moves(self) -> list[Trial]:
        verbs = {"failover": (change.failover, self.share(2)), "reboot": (change.reboot, self.share(4))}
        return [
            self.mine(verb, (f"pair.failed.{verb}", f"pair.resets.{verb}"), done, times, about_s=60)
            for verb, (done, times) in verbs.items()
        ]

    def _stress(self) -> Trial:
        run = partial(stress.measure, minutes=self._stress_minutes)
        rows = ("pair.moves.stress", "pair.load.stress", "pair.standstill.stress")
        return self.mine("stress", rows, run, 1, about_s=self._stress_minutes * 60 + 30)
