"""Entry point of `pulumi up`: settings in, topology made, outputs exported."""

from __future__ import annotations

import atexit
import gc

if __name__ == "__main__":
    # It ends before its garbage matters; looking for cycles takes a fifth of its time, and once more when it exits
    gc.disable()
    atexit.register(gc.freeze)

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from components.fronted import FrontedTopology
from components.kubernetes import KubernetesTopology
from components.pair import PairTopology
from components.positions import without_positions
from components.secrets import SETTINGS, Secrets
from components.topology import Topology, TopologyArgs
from settings import SettingsError, load, warnings

TOPOLOGIES: Mapping[str, type[Topology] | type[KubernetesTopology]] = {
    "pair": PairTopology,
    "fronted": FrontedTopology,
    "kubernetes": KubernetesTopology,
}


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
    with without_positions():
        made = TOPOLOGIES[raw["topology"]]("registry", TopologyArgs(system=system, secrets=secrets))
    for name, value in made.outputs.items():
        pulumi.export(name, value)


if __name__ == "__main__":
    main()
