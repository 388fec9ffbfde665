"""registry: containers that serve the images of one host, changed without losing a request."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, collapse_addresses
from typing import Any

from render.layout import (
    AGENT_PORT,
    AUTH,
    CA,
    CERTIFICATE,
    CONFIG,
    CONTAINER_PORTS,
    DRAIN_S,
    ENVIRONMENT,
    IDENTITY,
    INSIDE,
    KEY,
    PORTS_OF_ROLE,
    PROBE,
    PULL,
    READY_S,
    SENTINEL,
    STOP_S,
)
from render.registry.configuration import config
from render.script import Script, files_of, prober_unit
from render.storage import mount_of
from settings import Fronted, Host, Vms

PROGRAMS = ("switch", "prober")
UNITS = ("ha-registry.service", "ha-registry@.service", "ha-registry-live.service")
AGENT = ("agent", "ha-registry-agent.service")


def roles(system: Vms) -> tuple[str, ...]:
    """Which containers a host runs.

    In a pair those who may not push are sent to a read-only one on the same data; a front refuses them by itself.
    """
    return ("writer", "reader") if system.access.push and not isinstance(system, Fronted) else ("writer",)


def local_path(system: Vms) -> str:
    """Where images lie on a registry host's own disk; empty where they lie elsewhere."""
    return system.storage.local.path if system.storage.local else ""


def script(system: Vms, host: Host, storage_ca: str = "") -> Script:
    """The registry of `host`: a change starts a second container, proves it, and only then sends clients there.

    `storage_ca`: PEM of the CA of the S3 store. Raises ValueError where the settings name one and it is empty.
    """
    source, chosen = system.registry.source, roles(system)
    if bool(storage_ca) != bool(system.storage.s3 and system.storage.s3.ca):
        raise ValueError("storage.s3.ca: its text goes with it")
    purges = not system.storage.is_shared or host == system.registries[0]
    return Script(
        host=host.name,
        concern="registry",
        facts={
            "IMAGE": system.registry.image,
            "ARCHIVE": source.archive or "",
            "PROXY": source.proxy or "",
            "DATA": local_path(system),
            "CONFIG": CONFIG,
            "IDENTITY": IDENTITY,
            "PULL": PULL if source.user else "",
            "ROLES": chosen,
            "READY_S": str(READY_S),
            "ADOPT": "yes" if system.adopt else "no",
            "DELETE_DATA": "yes" if system.registry.delete_data_on_destroy else "no",
            "PUBLISHED": [str(port) for port in system.ports],
            **_shared(system, host),
        },
        files=files_of("registry", ("container.env", *PROGRAMS, *UNITS, *_agent(system)), **_view(system, host))
        | prober_unit()
        | {f"{role}.yml": config(system, read_only=role == "reader", purges=purges) for role in chosen}
        | ({"storage-ca.crt": storage_ca.rstrip("\n") + "\n"} if storage_ca else {}),
    )


def _pushers(system: Vms) -> Iterable[IPv4Network]:
    """Who gets the writer where there is a reader too; replicas ask each other whether they share a store, or copy images."""
    if "reader" not in roles(system):
        return ()
    replicas = [IPv4Network(host.address) for host in system.registries] if system.storage.is_shared or system.replicates else []
    return collapse_addresses([*system.access.push, *replicas])


def _agent(system: Vms) -> tuple[str, ...]:
    return AGENT if isinstance(system, Fronted) else ()


def _shared(system: Vms, host: Host) -> dict[str, str | list[str]]:
    """What a host must know of those with which it shares images, or fronts."""
    mount, is_fronted = mount_of(system), isinstance(system, Fronted)
    return {
        "NAME": system.name,
        "CA": CA,
        "PROBE": PROBE if system.storage.is_shared else "",
        "PEERS": [f"{peer.name}={peer.address}" for peer in system.registries if peer != host],
        "DELETES": "yes" if system.registry.delete else "no",
        "STORAGE_CA": "yes" if system.storage.s3 and system.storage.s3.ca else "no",
        "STORE_FILE": f"/etc/systemd/system/{mount.unit}" if mount and mount.packages else "",
        "AGENT_PORT": str(AGENT_PORT) if is_fronted else "",
        "CONTAINERS": [str(port) for port in CONTAINER_PORTS],
        "DRAIN_S": str(DRAIN_S),
    }


def _view(system: Vms, host: Host) -> dict[str, Any]:
    """What the templates of this concern may name."""
    return {
        "system": system,
        "host": host,
        "memory_bytes": system.registry.memory.bytes,
        "data": system.storage.path or "",
        "mount": mount_of(system),
        "sentinel": SENTINEL,
        "roles": roles(system),
        "ports_of_role": PORTS_OF_ROLE,
        "push": [str(network) for network in _pushers(system)],
        "inside": INSIDE,
        "config": CONFIG,
        "auth": AUTH,
        "ca": CA,
        "probe": PROBE,
        "certificate": CERTIFICATE,
        "key": KEY,
        "environment": ENVIRONMENT,
        "drain_s": DRAIN_S,
        "stop_s": STOP_S,
        "ready_s": READY_S,
        "agent_port": AGENT_PORT,
    }
