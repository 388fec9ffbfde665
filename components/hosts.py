"""Hosts: checked before anything is changed, then given what every concern needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.host import Access, HostScript, at_once
from render import precheck
from render.plain import PlainScripts
from settings import Vms


@dataclass(frozen=True, kw_only=True)
class HostsArgs:
    """Which hosts, and how to get there."""

    system: Vms
    access: Access
    plain: PlainScripts
    changes: str
    """Digest of all plain scripts: when it changes, every host is checked again first."""


class Hosts(pulumi.ComponentResource):
    """Every `base` waits for all prechecks: one host that refuses keeps all others untouched."""

    ready: Sequence[pulumi.Resource]
    """Done when the library is on every host."""

    def __init__(self, name: str, args: HostsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:vm:Hosts", name, None, opts)
        system, access = args.system, args.access
        checked = at_once(
            system.hosts,
            lambda host, after: [
                HostScript(host, "precheck", precheck.script(system, host, args.changes), access, after=after, parent=self)
            ],
            [],
        )
        self.ready = at_once(
            system.hosts,
            lambda host, after: [HostScript(host, "base", args.plain[host.name, "base"], access, after=after, parent=self)],
            checked,
        )
        self.register_outputs({})
