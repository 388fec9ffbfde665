"""PairTopology: reading it is knowing the order."""

from __future__ import annotations

import pulumi

from components.topology import Topology, TopologyArgs


class PairTopology(Topology):
    """Two registries, each on its own machine, behind one VIP."""

    def __init__(self, name: str, args: TopologyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, args, opts)
        registries = self.registries(after=self.hosts.ready)
        vip = self.virtual_ip(after=registries.ready)
        self.prove(after=vip.ready)
