"""What every topology on machines of one's own is made of; the topologies put it in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.host import Access
from components.hosts import Hosts, HostsArgs
from components.identity import Identity, IdentityArgs
from components.proof import Proof, ProofArgs
from components.registries import Registries, RegistriesArgs
from components.secrets import Secrets
from components.trust import Trust, TrustArgs
from components.virtual_ip import VirtualIp, VirtualIpArgs
from render.plain import Authorities, plain_scripts
from render.script import digest
from settings import Vms


@dataclass(frozen=True, kw_only=True)
class TopologyArgs:
    """Settings, and where the user's own secrets are."""

    system: Vms
    secrets: Secrets


class Topology(pulumi.ComponentResource):
    """Hosts that are checked and prepared, and who they are."""

    url: str
    """What clients write before the image name, with https:// in front."""
    identity: Identity
    hosts: Hosts

    def __init__(self, name: str, args: TopologyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"haregistry:vm:{type(self).__name__}", name, None, opts)
        self._system, self.access = args.system, Access.of(args.system, args.secrets)
        self.mine = pulumi.ResourceOptions(parent=self)
        self.plain = plain_scripts(args.system, _authorities(args.system))
        self._changes = digest(self.plain.values())
        hosts = HostsArgs(system=args.system, access=self.access, plain=self.plain, changes=self._changes)
        self.hosts = Hosts("hosts", hosts, self.mine)
        self.identity = Identity("identity", IdentityArgs(system=args.system, secrets=args.secrets), self.mine)
        port = args.system.ports[0]
        self.url = f"https://{args.system.name}" + ("" if port == 443 else f":{port}")

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
        self.register_outputs({"url": self.url})


def _authorities(system: Vms) -> Authorities:
    image, s3 = system.registry.source.ca, system.storage.s3
    return Authorities(image=_text(image), storage=_text(s3.ca if s3 else None))


def _text(path: str | None) -> str:
    return Path(path).read_text("utf-8") if path else ""
