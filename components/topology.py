"""What every topology on machines of one's own is made of; the topologies put it in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from components.host import Access
from components.host_identity import HostIdentity
from components.hosts import Hosts, HostsArgs
from components.identity import Identity, IdentityArgs
from components.proof import Proof, ProofArgs
from components.registries import Registries, RegistriesArgs
from components.secrets import Secrets
from components.trust import Trust, TrustArgs
from components.virtual_ip import VirtualIp, VirtualIpArgs
from render.plain import Authorities, plain_scripts
from render.script import digest
from render.trust import endpoints
from settings import AnySystem, Vms


@dataclass(frozen=True, kw_only=True)
class TopologyArgs:
    """Settings, and where the user's own secrets are."""

    system: AnySystem
    secrets: Secrets
    identity: Identity | None = None
    """Where the system is a part of another, whose identity it shares; else it makes its own."""


class Topology(pulumi.ComponentResource):
    """Hosts that are checked and prepared, and who they are."""

    outputs: Mapping[str, pulumi.Input[Any]]
    """What the stack exports: where the registry is, its CA, how to log in."""
    identity: HostIdentity
    hosts: Hosts

    def __init__(self, name: str, args: TopologyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        system = args.system
        if not isinstance(system, Vms):
            raise TypeError(f"topology {system!r} is on no machines of one's own")
        super().__init__(f"haregistry:vm:{type(self).__name__}", name, None, opts)
        self._system, self.access = system, Access.of(system, args.secrets)
        self.mine = pulumi.ResourceOptions(parent=self)
        self.plain = plain_scripts(system, _authorities(system))
        self._changes = digest(self.plain.values())
        hosts = HostsArgs(system=system, access=self.access, plain=self.plain, changes=self._changes)
        self.hosts = Hosts("hosts", hosts, self.mine)
        shared = args.identity or Identity("identity", IdentityArgs(system=system, secrets=args.secrets), self.mine)
        self.identity = HostIdentity(shared, system, args.secrets)
        self.outputs = {**exported(system, shared), "vipAddress": str(system.vip.address.ip)}
        if self.identity.stats:
            self.outputs = {**self.outputs, "stats": pulumi.Output.secret(self.identity.stats)}

    def registries(self, *, after: Sequence[pulumi.Resource]) -> Registries:
        """A registry on every host of that role."""
        args = RegistriesArgs(system=self._system, identity=self.identity, plain=self.plain, access=self.access, after=after)
        return Registries("registries", args, self.mine)

    def virtual_ip(self, *, after: Sequence[pulumi.Resource]) -> VirtualIp:
        """The VIP, held by one of the hosts that may."""
        return VirtualIp("vip", VirtualIpArgs(system=self._system, plain=self.plain, access=self.access, after=after), self.mine)

    def prove(self, *, after: Sequence[pulumi.Resource]) -> None:
        """Clients trust the system, and one of them proves it: the end of every `up`."""
        trust = Trust("trust", TrustArgs(system=self._system, identity=self.identity, access=self.access, after=after), self.mine)
        proof = ProofArgs(
            system=self._system, identity=self.identity, access=self.access, changes=self._changes, after=[*after, *trust.ready]
        )
        Proof("proof", proof, self.mine)
        self.register_outputs({"url": self.outputs["registryUrl"]})


def exported(system: AnySystem, identity: Identity) -> Mapping[str, pulumi.Input[Any]]:
    """What every stack exports; passwords are secret."""
    return {
        "registryUrl": f"https://{endpoints(system)[0]}",
        "caCertificatePem": identity.ca_bundle,
        "passwords": pulumi.Output.secret(identity.passwords),
    }


def _authorities(system: Vms) -> Authorities:
    image, s3 = system.registry.source.ca, system.storage.s3
    return Authorities(image=text_of(image), storage=text_of(s3.ca if s3 else None))


def text_of(path: str | None) -> str:
    """What is in the file; nothing where none is named."""
    return Path(path).read_text("utf-8") if path else ""
