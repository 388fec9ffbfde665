"""precheck: what only the host can tell, asked on all hosts before anything is changed on any."""

from __future__ import annotations

from render.layout import PORTS_OF_ROLE
from render.registry import local_path
from render.script import Script
from render.vip import interface_of
from settings import Host, Pair

DOCKER_HUB = "registry-1.docker.io"


def script(system: Pair, host: Host, changes: str) -> Script:
    """Read-only; `changes` (a digest of all plain scripts) makes it run whenever anything would change."""
    serves = host in system.registries
    source = system.registry.source
    members = [member.address for member in system.registries if member != host]
    return Script(
        host=host.name,
        concern="precheck",
        facts={
            "CHANGES": changes,
            "SERVES": "yes" if serves else "no",
            "GROUP": "registries" if serves else "clients",
            "ADOPT": "yes" if system.adopt else "no",
            "NAME": system.name,
            "NAME_BY_DNS": "no" if system.hosts_entries else "yes",
            "ADDRESS": str(host.address),
            "INTERFACE": interface_of(system, host),
            "VIP": str(system.vip.address),
            "VRID": str(system.vip.vrid),
            "PEERS": [str(address) for address in members],
            "PORTS": [str(port) for port in system.ports],
            "CONTAINER_PORTS": [str(port) for slots in PORTS_OF_ROLE.values() for port in slots.values()],
            "DATA": local_path(system),
            "RESERVE": system.storage.local.reserve.text if system.storage.local else "",
            "RESERVE_BYTES": str(system.storage.local.reserve.bytes if system.storage.local else 0),
            "IMAGE": system.registry.image,
            "ARCHIVE": source.archive or "",
            "FETCH_FROM": "" if source.archive else _endpoint(source.proxy.split("//", 1)[1] if source.proxy else system.registry.image),
        },
        carries_library=True,
    )


def _endpoint(reference: str) -> str:
    """Host and port to connect to, as Docker reads the first part of `reference`."""
    first, slash, _ = reference.partition("/")
    is_host = not slash or "." in first or ":" in first or first == "localhost"
    name, _, port = first.partition(":")
    return f"{DOCKER_HUB if not is_host or name == 'docker.io' else name} {port or 443}"
