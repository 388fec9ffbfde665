"""Entry point of `pulumi up`: settings in, topology made, outputs exported."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from components.fronted import FrontedTopology
from components.pair import PairTopology
from components.secrets import SETTINGS, Secrets
from components.topology import Topology, TopologyArgs
from settings import SettingsError, load, warnings

TOPOLOGIES: Mapping[str, type[Topology]] = {"pair": PairTopology, "fronted": FrontedTopology}


def main() -> None:
    """Refuses faulty settings before any resource is registered."""
    config = pulumi.Config()
    secrets = Secrets.of(config)
    raw: Mapping[str, Any] = config.require_object(SETTINGS)
    try:
        system = load(raw, Path(__file__).resolve().parent, pulumi.get_stack(), secrets.names, plain=secrets.plain)
    except SettingsError as error:
        sys.exit(str(error))
    for warning in warnings(system):
        pulumi.log.warn(str(warning))
    made = TOPOLOGIES[system.topology]("registry", TopologyArgs(system=system, secrets=secrets))
    pulumi.export("registryUrl", made.url)
    pulumi.export("vipAddress", str(system.vip.address.ip))
    pulumi.export("caCertificatePem", made.identity.ca_bundle)
    pulumi.export("passwords", pulumi.Output.secret(made.identity.passwords))
    if made.identity.stats:
        pulumi.export("stats", pulumi.Output.secret(made.identity.stats))


if __name__ == "__main__":
    gc.disable()  # it ends before its garbage matters; looking for cycles takes a fifth of its time
    main()
