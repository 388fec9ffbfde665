"""FrontsBefore: two fronts before something that is not on machines of ours."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.fronts import Fronts, FrontsArgs
from components.topology import Topology, TopologyArgs
from settings import Fronted


class FrontsBefore(Topology):
    """Fronts that share a VIP, and clients that prove it: checked and prepared at once, in service when what is behind them is."""

    def __init__(self, name: str, args: TopologyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        if not isinstance(args.system, Fronted):
            raise TypeError(f"topology {args.system!r} has no fronts")
        super().__init__(name, args, opts)
        self._fronted = args.system

    def lead(self, *, to: Sequence[pulumi.Resource]) -> Sequence[pulumi.Resource]:
        """Puts the fronts in service after `to`; returns what is done when the VIP leads there."""
        after = [*self.hosts.ready, *to]
        before = FrontsArgs(system=self._fronted, identity=self.identity, plain=self.plain, access=self.access, after=after)
        fronts = Fronts("fronts", before, self.mine)
        ready = self.virtual_ip(after=fronts.ready).ready
        self.prove(after=ready)
        return ready
