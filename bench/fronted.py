"""What is measured of fronts before registries."""

from __future__ import annotations

from functools import partial

from bench import change, front, replica
from bench.bench import VipBench
from bench.control_fronted import ControlFronted
from bench.ours import OursFronted
from bench.row import FRONTED
from bench.schedule import Trial


class FrontedBench(VipBench[OursFronted, ControlFronted]):
    """Two fronts before three registries, against haproxy and keepalived set up by hand."""

    topology, made, by_hand = "fronted", OursFronted, ControlFronted

    @property
    def trials(self) -> list[Trial]:
        """All, those that take longest first."""
        return [
            self._resized(),
            *(self._change(kind) for kind in ("registry", "front")),
            *self.costs(),
            self.mine("reload", ("fronted.failed.reload", "fronted.dropped.reload"), front.reloaded, self.share(2), about_s=40),
            *map(self._replica, replica.VALUES),
            self.gap("haproxy-killed"),
            self.gap("front-cut"),
        ]

    def _replica(self, kind: str) -> Trial:
        own = tuple(row.id for row in FRONTED if kind in row.id.split("."))
        rows = (*own, "fronted.moves.registry", "fronted.standstill.registry", "fronted.failed.repair")
        return self.both(f"replica.{kind}", rows, lambda subject: replica.measure(self.ours if subject == "ours" else self.control, kind))

    def _change(self, kind: str) -> Trial:
        rows = (f"fronted.failed.change.{kind}", "fronted.moves.change")
        return self.mine(f"change.{kind}", rows, partial(change.measure, kind=kind), self.share(10), about_s=150)

    def _resized(self) -> Trial:
        rows = ("fronted.failed.change.remove", "fronted.failed.change.add", "fronted.moves.change")
        return self.mine("resized", rows, front.resized, self.share(10), about_s=300)
