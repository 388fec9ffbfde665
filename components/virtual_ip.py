"""VirtualIp: one address, held by one of several hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.host import Access, HostScript, roll
from render.plain import PlainScripts
from settings import Vms


@dataclass(frozen=True, kw_only=True)
class VirtualIpArgs:
    """Which VIP, how to get there, and after what."""

    system: Vms
    plain: PlainScripts
    access: Access
    after: Sequence[pulumi.Resource]


class VirtualIp(pulumi.ComponentResource):
    """The preferred holder comes first, so that it holds the VIP after the first `up`; a reload later moves nothing."""

    ready: Sequence[pulumi.Resource]
    """Done when one of `system.members` holds the VIP."""

    def __init__(self, name: str, args: VirtualIpArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:vm:VirtualIp", name, None, opts)
        self.ready = roll(
            args.system.members,
            lambda host, after: [HostScript(host, "vip", args.plain[host.name, "vip"], args.access, after=after, parent=self)],
            args.after,
        )
        self.register_outputs({})
