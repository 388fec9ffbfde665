"""Registries: one host after the other, in a pair the preferred holder of the VIP last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.host import Access, HostScript, roll
from components.host_identity import HostIdentity
from render.plain import PlainScripts
from settings import Host, Vms

CONCERNS = ("storage", "firewall", "registry", "replication")
"""What a host gets after its identity, where the settings want it."""


@dataclass(frozen=True, kw_only=True)
class RegistriesArgs:
    """What serves, as whom, and after what."""

    system: Vms
    identity: HostIdentity
    plain: PlainScripts
    access: Access
    after: Sequence[pulumi.Resource]


class Registries(pulumi.ComponentResource):
    """A registry on every host of `system.registries`, reachable by whom the settings allow."""

    ready: Sequence[pulumi.Resource]
    """Done when every registry serves from the present settings."""

    def __init__(self, name: str, args: RegistriesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:vm:Registries", name, None, opts)
        system, access = args.system, args.access

        def each(host: Host, after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
            identity = HostScript(host, "identity", args.identity.script(host), access, after=after, parent=self)
            plain = [args.plain[key] for concern in CONCERNS if (key := (host.name, concern)) in args.plain]
            return [identity, *(HostScript(host, script.concern, script, access, after=after, parent=self) for script in plain)]

        self.ready = roll(reversed(system.registries), each, args.after)
        self.register_outputs({})
