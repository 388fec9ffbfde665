"""Everything a system puts on its hosts that carries no secret, in the order in which it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from render import base, firewall, front, registry, replication, storage, trust, vip
from render.script import Script
from settings import Fronted, Host, Pair, Vms


@dataclass(frozen=True, kw_only=True)
class Authorities:
    """PEM of the CAs that the settings name by file; empty: one that is trusted anyway."""

    image: str = ""
    """Of the registry that serves the image."""
    storage: str = ""
    """Of the S3 store."""


def scripts_of(system: Vms, host: Host, authorities: Authorities) -> Iterator[Script]:
    """What `host` gets; of `trust` all but the CA itself, which is known only after `up`."""
    yield base.script(system, host, authorities.image)
    if host in system.registries:
        if storage.mount_of(system):
            yield storage.script(system, host)
        yield firewall.script(system, host)
        yield registry.script(system, host, authorities.storage)
        if isinstance(system, Pair) and system.replicates:
            yield replication.script(system, host)
    if isinstance(system, Fronted) and host in system.fronts:
        yield firewall.script(system, host)
        yield front.script(system, host)
    if host in system.members:
        yield vip.script(system, host)
    yield trust.script(system, host, "")


PlainScripts: TypeAlias = Mapping[tuple[str, str], Script]
"""All scripts of a system that carry no secret, by host and concern."""


def plain_scripts(system: Vms, authorities: Authorities) -> PlainScripts:
    """Those whose text is known at preview."""
    return {(script.host, script.concern): script for host in system.hosts for script in scripts_of(system, host, authorities)}
