"""Proof: a real client pushes and pulls before `up` calls itself done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.host import Access, HostScript
from components.host_identity import HostIdentity
from render import proof
from settings import Vms


@dataclass(frozen=True, kw_only=True)
class ProofArgs:
    """What is proved, from where, and after what."""

    system: Vms
    identity: HostIdentity
    access: Access
    changes: str
    """Digest of all plain scripts: when it changes, it is proved again."""
    after: Sequence[pulumi.Resource]


class Proof(pulumi.ComponentResource):
    """From the first listed client, else from the preferred holder of the VIP."""

    def __init__(self, name: str, args: ProofArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:vm:Proof", name, None, opts)
        system = args.system
        host = (*system.clients, *system.members)[0]
        user = system.users[0]
        known = pulumi.Output.all(args.identity.ca_bundle, args.identity.passwords[user])
        text = pulumi.Output.secret(
            known.apply(lambda both: proof.script(system, host, ca_bundle=both[0], user=user, password=both[1], changes=args.changes))
        )
        HostScript(host, "proof", text, args.access, after=args.after, parent=self)
        self.register_outputs({})
