"""Everything a pair puts on its hosts that carries no secret, in the order in which it is applied."""

from __future__ import annotations

from collections.abc import Sequence

from render import base, firewall, registry, trust, vip
from render.script import Script
from settings import Pair


def plain_scripts(system: Pair, image_ca: str) -> Sequence[Script]:
    """All scripts whose text is known at preview; of `trust` all but the CA itself."""
    members = system.registries
    hosts = (*members, *system.clients)
    return (
        *(base.script(system, host, image_ca) for host in hosts),
        *(firewall.script(system, host) for host in members),
        *(registry.script(system, host) for host in members),
        *(vip.script(system, host, members) for host in members),
        *(trust.script(system, host, "") for host in hosts),
    )
