"""Trust: hosts that use the registry know its CA and where its name points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.host import Access, HostScript, at_once
from components.host_identity import HostIdentity
from render import trust
from settings import Host, Vms


@dataclass(frozen=True, kw_only=True)
class TrustArgs:
    """Whom to trust, where, and after what."""

    system: Vms
    identity: HostIdentity
    access: Access
    after: Sequence[pulumi.Resource]


class Trust(pulumi.ComponentResource):
    """Clients and hosts that serve alike: those pull images too."""

    ready: Sequence[pulumi.Resource]
    """Done when every host trusts the CA."""

    def __init__(self, name: str, args: TrustArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:vm:Trust", name, None, opts)
        system = args.system

        def each(host: Host, after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
            text = args.identity.ca_bundle.apply(lambda bundle: trust.script(system, host, bundle))
            return [HostScript(host, "trust", text, args.access, after=after, parent=self)]

        self.ready = at_once(system.hosts, each, args.after)
        self.register_outputs({})
