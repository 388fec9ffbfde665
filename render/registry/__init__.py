"""registry: containers that serve the images of one host, changed without losing a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import collapse_addresses
from typing import Any, cast

import yaml

from render.layout import (
    AUTH,
    CA,
    CERTIFICATE,
    CONFIG,
    DRAIN_S,
    ENVIRONMENT,
    IDENTITY,
    INSIDE,
    KEY,
    PORTS_OF_ROLE,
    PULL,
    READY_S,
    STOP_S,
)
from render.script import Script, files_of
from settings import Host, Pair

PROGRAMS = ("switch", "prober")
UNITS = ("ha-registry.service", "ha-registry@.service", "ha-registry-live.service", "ha-registry-prober.service")


def roles(system: Pair) -> tuple[str, ...]:
    """Which containers a host runs: those who may not push are sent to a read-only one on the same data."""
    return ("writer", "reader") if system.access.push else ("writer",)


def local_path(system: Pair) -> str:
    """Where images lie on a registry host."""
    if system.storage.local is None:
        raise ValueError("storage.local: settings let no other kind through")
    return system.storage.local.path


def config(system: Pair, *, read_only: bool) -> str:
    """config.yml, the same on every host; secrets and the address to listen on come from the environment."""
    identity = INSIDE["identity"]
    ours: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": system.registry.log.level, "formatter": system.registry.log.format, "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": INSIDE["data"]},
            "delete": {"enabled": system.registry.delete},
            "maintenance": {
                "readonly": {"enabled": read_only},
                "uploadpurging": {"enabled": not read_only, "age": "168h", "interval": "24h", "dryrun": False},
            },
        },
        "http": {
            "relativeurls": True,
            "draintimeout": f"{DRAIN_S}s",
            "headers": {"X-Content-Type-Options": ["nosniff"]},
            "tls": {"certificate": f"{identity}/tls.crt", "key": f"{identity}/tls.key", "minimumtls": "tls1.2"},
        },
        "auth": {"htpasswd": {"realm": system.name, "path": f"{INSIDE['auth']}/htpasswd"}},
        "health": {"storagedriver": {"enabled": True, "interval": "10s", "threshold": 3}},
    }
    return _yaml(_merged(ours, system.registry.config))


def script(system: Pair, host: Host) -> Script:
    """The registry of `host`: a change starts a second container, proves it, and only then sends clients there."""
    source, chosen = system.registry.source, roles(system)
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
        },
        files=files_of("registry", ("container.env", *PROGRAMS, *UNITS), **_view(system))
        | {f"{role}.yml": config(system, read_only=role == "reader") for role in chosen},
    )


def _view(system: Pair) -> dict[str, Any]:
    """What the templates of this concern may name."""
    return {
        "system": system,
        "memory_bytes": system.registry.memory.bytes,
        "data": local_path(system),
        "roles": roles(system),
        "ports_of_role": PORTS_OF_ROLE,
        "push": [str(network) for network in collapse_addresses(system.access.push)],
        "inside": INSIDE,
        "config": CONFIG,
        "auth": AUTH,
        "ca": CA,
        "certificate": CERTIFICATE,
        "key": KEY,
        "environment": ENVIRONMENT,
        "drain_s": DRAIN_S,
        "stop_s": STOP_S,
        "ready_s": READY_S,
    }


def _merged(ours: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(ours)
    for key, value in more.items():
        mine: Any = both.get(key)
        nested = isinstance(mine, dict) and isinstance(value, Mapping)
        both[key] = _merged(cast(dict[str, Any], mine), cast(Mapping[str, Any], value)) if nested else value
    return both


def _yaml(document: Mapping[str, Any]) -> str:
    # libyaml: the emitter in Python takes ten times as long, most of a preview of many pairs
    return yaml.dump(json.loads(json.dumps(document)), Dumper=yaml.CSafeDumper, sort_keys=True)
