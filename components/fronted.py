"""FrontedTopology: reading it is knowing the order."""

from __future__ import annotations

import pulumi

from components.fronts import Fronts, FrontsArgs
from components.topology import Topology, TopologyArgs
from settings import Fronted


class FrontedTopology(Topology):
    """Fronts that share a VIP, before any number of registries on shared storage."""

    def __init__(self, name: str, args: TopologyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        if not isinstance(args.system, Fronted):
            raise TypeError(f"topology {args.system!r} has no fronts")
        super().__init__(name, args, opts)
        registries = self.registries(after=self.hosts.ready)
        before = FrontsArgs(system=args.system, identity=self.identity, plain=self.plain, access=self.access, after=registries.ready)
        fronts = Fronts("fronts", before, self.mine)
        vip = self.virtual_ip(after=fronts.ready)
        self.prove(after=vip.ready)
