"""PairTopology: reading it is knowing the order."""

from __future__ import annotations

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
from render.pair import plain_scripts
from render.script import digest
from settings import Pair


@dataclass(frozen=True, kw_only=True)
class PairArgs:
    """Settings, and where the user's own secrets are."""

    system: Pair
    secrets: Secrets


class PairTopology(pulumi.ComponentResource):
    """Two registries, each on its own machine, behind one VIP."""

    url: str
    """What clients write before the image name, with https:// in front."""
    identity: Identity

    def __init__(self, name: str, args: PairArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:vm:PairTopology", name, None, opts)
        system, access = args.system, Access.of(args.system, args.secrets)
        mine = pulumi.ResourceOptions(parent=self)
        source = system.registry.source
        image_ca = Path(source.ca).read_text("utf-8") if source.ca else ""
        changes = digest(plain_scripts(system, image_ca))

        hosts = Hosts("hosts", HostsArgs(system=system, access=access, image_ca=image_ca, changes=changes), mine)
        self.identity = Identity("identity", IdentityArgs(system=system, secrets=args.secrets), mine)
        registries = Registries("registries", RegistriesArgs(system=system, identity=self.identity, access=access, after=hosts.ready), mine)
        vip = VirtualIp("vip", VirtualIpArgs(system=system, members=system.registries, access=access, after=registries.ready), mine)
        trust = Trust("trust", TrustArgs(system=system, identity=self.identity, access=access, after=vip.ready), mine)
        Proof(
            "proof",
            ProofArgs(system=system, identity=self.identity, access=access, changes=changes, after=[*vip.ready, *trust.ready]),
            mine,
        )
        port = system.ports[0]
        self.url = f"https://{system.name}" + ("" if port == 443 else f":{port}")
        self.register_outputs({"url": self.url})
