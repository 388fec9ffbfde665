"""Fronts: one host after the other by reload, the preferred holder of the VIP last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.host import Access, HostScript, roll
from components.host_identity import HostIdentity
from render.plain import PlainScripts
from settings import Fronted, Host


@dataclass(frozen=True, kw_only=True)
class FrontsArgs:
    """What is before the registries, as whom, and after what."""

    system: Fronted
    identity: HostIdentity
    plain: PlainScripts
    access: Access
    after: Sequence[pulumi.Resource]


class Fronts(pulumi.ComponentResource):
    """A haproxy on every host of `system.fronts`; a replica gets requests only when its own `registry` was done before."""

    ready: Sequence[pulumi.Resource]
    """Done when every front passes requests on by the present settings."""

    def __init__(self, name: str, args: FrontsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:vm:Fronts", name, None, opts)
        system, access = args.system, args.access

        def each(host: Host, after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
            identity = HostScript(host, "identity", args.identity.script(host), access, after=after, parent=self)
            plain = [args.plain[host.name, concern] for concern in ("firewall", "front")]
            return [identity, *(HostScript(host, script.concern, script, access, after=after, parent=self) for script in plain)]

        self.ready = roll(reversed(system.fronts), each, args.after)
        self.register_outputs({})
