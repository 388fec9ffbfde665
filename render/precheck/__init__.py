"""precheck: what only the host can tell, asked on all hosts before anything is changed on any."""

from __future__ import annotations

from render import front
from render.layout import AGENT_PORT, CONTAINER_PORTS, EVENTS_PORT, HISTORY_PORT
from render.registry import local_path
from render.script import LOOKING, Script
from render.vip import interface_of
from settings import Fronted, Host, Storage, Vms

DOCKER_HUB = "registry-1.docker.io"
OLDEST_HAPROXY = "2.4"
"""The first with all that the front says (`option idle-close-on-response`, `set-timeout`)."""
NFS_PORT, CEPH_PORT = 2049, 6789


def script(system: Vms, host: Host, changes: str) -> Script:
    """Read-only; `changes` (a digest of all plain scripts) makes it run whenever anything would change."""
    source = system.registry.source
    local = system.storage.local
    return Script(
        host=host.name,
        concern="precheck",
        facts={
            "CHANGES": changes,
            "GROUP": next(role for role, hosts in system.roles.items() if host in hosts),
            "SERVES": "yes" if host in system.registries else "no",
            "FRONTS": "yes" if isinstance(system, Fronted) and host in system.fronts else "no",
            "HOLDS": "yes" if host in system.members else "no",
            "ADOPT": "yes" if system.adopt else "no",
            "NAME": system.name,
            "NAME_BY_DNS": "no" if system.hosts_entries else "yes",
            "ADDRESS": str(host.address),
            "INTERFACE": interface_of(system, host),
            "VIP": str(system.vip.address),
            "VRID": str(system.vip.vrid),
            "PEERS": [str(member.address) for member in system.members if member != host],
            "PORTS": [str(port) for port in _published(system, host)],
            "OWN_PORTS": [str(port) for port in _own(system, host)],
            "OLDEST_HAPROXY": OLDEST_HAPROXY,
            "DATA": local_path(system),
            "RESERVE": local.reserve.text if local else "",
            "RESERVE_BYTES": str(local.reserve.bytes if local else 0),
            "STORE": system.storage.kind,
            "STORE_AT": _store(system.storage),
            "IMAGE": system.registry.image,
            "ARCHIVE": source.archive or "",
            "FETCH_FROM": "" if source.archive else _endpoint(source.proxy.split("//", 1)[1] if source.proxy else system.registry.image),
        },
        carries=LOOKING,
    )


def _published(system: Vms, host: Host) -> list[int]:
    return front.ports(system) if isinstance(system, Fronted) and host in system.fronts else list(system.ports)


def _own(system: Vms, host: Host) -> list[int]:
    if host not in system.registries:
        return []
    agent = [AGENT_PORT] if isinstance(system, Fronted) else []
    return [*CONTAINER_PORTS, *agent, *([EVENTS_PORT, HISTORY_PORT] if system.replicates else [])]


def _store(storage: Storage) -> list[str]:
    """Host and port of each way to storage in the network; AWS is reached by more than one name."""
    if storage.s3 and storage.s3.endpoint:
        name, _, port = storage.s3.endpoint.removeprefix("https://").partition(":")
        return [f"{name} {port or 443}"]
    if storage.nfs:
        return [f"{storage.nfs.server} {NFS_PORT}"]
    if storage.cephfs:
        split = [monitor.partition(":") for monitor in storage.cephfs.monitors]
        return [f"{name} {port or CEPH_PORT}" for name, _, port in split]
    return []


def _endpoint(reference: str) -> str:
    """Host and port to connect to, as Docker reads the first part of `reference`."""
    first, slash, _ = reference.partition("/")
    is_host = not slash or "." in first or ":" in first or first == "localhost"
    name, _, port = first.partition(":")
    return f"{DOCKER_HUB if not is_host or name == 'docker.io' else name} {port or 443}"
