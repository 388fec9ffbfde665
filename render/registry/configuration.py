"""config.yml of a registry; secrets and the address to listen on come from the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import yaml

from render.layout import DRAIN_S, EVENTS_PORT, INSIDE
from settings import S3, AnySystem, Pair
from settings.reserved import EVENTS_NAME

_EVENTS: Mapping[str, Any] = {
    "name": EVENTS_NAME,
    "url": f"http://127.0.0.1:{EVENTS_PORT}/",
    "timeout": "5s",
    "threshold": 5,
    "backoff": "2s",
    # What is pulled is nobody's change, and layers are copied with what names them
    "ignore": {"actions": ["pull", "mount"], "mediatypes": ["application/octet-stream"]},
}
"""Where the copier of a pair hears of pushes: at least once, and not any more after a restart (distribution, notifications.md)."""


def config(system: AnySystem, *, read_only: bool, purges: bool, drain_s: int = DRAIN_S, debug: str = "") -> str:
    """The same on every host that shares images, but for `purges`: one of them removes uploads that nobody finished.

    `debug`: where metrics and Go's profiler answer in clear; empty: nowhere.
    Never a cache of blob descriptors in memory: it would answer wrongly after a change through another replica.
    """
    identity = INSIDE["identity"]
    ours: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": system.registry.log.level, "formatter": system.registry.log.format, "accesslog": {"disabled": True}},
        "storage": {
            **_driver(system),
            "delete": {"enabled": system.registry.delete},
            "maintenance": {
                "readonly": {"enabled": read_only},
                "uploadpurging": {"enabled": purges and not read_only, "age": "168h", "interval": "24h", "dryrun": False},
            },
        },
        "http": {
            "relativeurls": True,
            "draintimeout": f"{drain_s}s",
            "headers": {"X-Content-Type-Options": ["nosniff"]},
            **({"debug": {"addr": debug, "prometheus": {"enabled": True, "path": "/metrics"}}} if debug else {}),
            "tls": {"certificate": f"{identity}/tls.crt", "key": f"{identity}/tls.key", "minimumtls": "tls1.2"},
        },
        "auth": {"htpasswd": {"realm": system.name, "path": f"{INSIDE['auth']}/htpasswd"}},
        "health": {"storagedriver": {"enabled": True, "interval": "10s", "threshold": 3}},
    }
    whole = _merged(ours, system.registry.config)
    if isinstance(system, Pair) and system.replicates and not read_only:
        notifications: Mapping[str, Any] = whole.get("notifications") or {}
        whole["notifications"] = {**notifications, "endpoints": [_EVENTS, *(notifications.get("endpoints") or ())]}
    return _yaml(whole)


def _driver(system: AnySystem) -> dict[str, Any]:
    s3 = system.storage.s3
    return _s3(s3) if s3 else {"filesystem": {"rootdirectory": INSIDE["data"]}}


def _s3(s3: S3) -> dict[str, Any]:
    """The keys come from the environment; the CA from a folder that SSL_CERT_DIR names (Go, crypto/x509)."""
    return {
        "s3": {
            "bucket": s3.bucket,
            "region": s3.region,
            "secure": True,
            "forcepathstyle": s3.is_path_style,
            **({"regionendpoint": s3.endpoint} if s3.endpoint else {}),
            **({"rootdirectory": f"/{s3.folder}"} if s3.folder else {}),
        },
        # Else every client must reach and trust the store itself
        "redirect": {"disable": not s3.redirect},
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
