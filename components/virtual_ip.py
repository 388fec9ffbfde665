"""VirtualIp: one address, held by one of several hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.host import Access, HostScript, roll
from render import vip
from settings import Host, Pair


@dataclass(frozen=True, kw_only=True)
class VirtualIpArgs:
    """The VIP of `system` on `members`, preferred in their order."""

    system: Pair
    members: Sequence[Host]
    access: Access
    after: Sequence[pulumi.Resource]


class VirtualIp(pulumi.ComponentResource):
    """The preferred holder comes first, so that it holds the VIP after the first `up`; a reload later moves nothing."""

    ready: Sequence[pulumi.Resource]
    """Done when one of `members` holds the VIP."""

    def __init__(self, name: str, args: VirtualIpArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:vm:VirtualIp", name, None, opts)
        self.ready = roll(
            args.members,
            lambda host, after: [
                HostScript(host, "vip", vip.script(args.system, host, args.members), args.access, after=after, parent=self)
            ],
            args.after,
        )
        self.register_outputs({})
