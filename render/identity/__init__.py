"""identity: keys, certificates and users on one host that serves; the only concern that carries secrets."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from render.layout import (
    ACCOUNT,
    AUTH,
    CA,
    CEPH_KEYRING,
    CERTIFICATE,
    ENVIRONMENT,
    FRONT_PEM,
    IDENTITY,
    KEY,
    PROBE,
    PULL,
    REPLICATION_AUTH,
    REPLICATION_LOGIN,
    REPLICATION_TRUST,
    STATS_LOGIN,
)
from render.script import Script
from settings import Host

PROBER = "ha-registry"
"""The user as whom one replica is asked for what another was given, and as whom images are copied in a pair."""


@dataclass(frozen=True, kw_only=True)
class ForRegistry:
    """Plain text of what only a registry host gets."""

    http_secret: str = field(repr=False)
    hashes: Mapping[str, str] = field(repr=False)
    """User to bcrypt hash."""
    pull: tuple[str, str, str] | None = field(default=None, repr=False)
    """Host, user and password of the registry that serves the image."""
    bucket: tuple[str, str] | None = field(default=None, repr=False)
    """Access key and secret key of the bucket."""
    ceph_keyring: str = field(default="", repr=False)
    """As `render.storage.keyring` makes it; empty without CephFS."""
    probe: str = field(default="", repr=False)
    """Password of PROBER, one of `hashes`; empty where every registry has images of its own."""
    copier: tuple[str, Sequence[str]] | None = field(default=None, repr=False)
    """Password of PROBER, and the registries between which it copies images (`address:port`)."""


@dataclass(frozen=True, kw_only=True)
class ForFront:
    """Plain text of what only a front gets."""

    stats_user: str
    stats_password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Material:
    """Plain text of what one host gets; exists only inside `Output.apply`."""

    ca_bundle: str
    certificate: str
    key: str = field(repr=False)
    role: ForRegistry | ForFront


def script(host: Host, material: Material) -> Script:
    """Files under IDENTITY; what runs takes them live without being named here (units record their files)."""
    role = material.role
    files = {("0644", CA): _lines(material.ca_bundle)}
    files |= _of_registry(material, role) if isinstance(role, ForRegistry) else _of_front(material, role)
    return Script(
        host=host.name,
        concern="identity",
        facts={
            "IDENTITY": IDENTITY,
            "AUTH": AUTH if isinstance(role, ForRegistry) else "",
            "FILES": [f"{mode} {path}" for mode, path in files],
        },
        files={path.removeprefix(f"{IDENTITY}/"): text for (_, path), text in files.items()},
    )


def _of_registry(material: Material, role: ForRegistry) -> dict[tuple[str, str], str]:
    ours = f"0600:{ACCOUNT}"
    files = {
        ("0644", CERTIFICATE): _lines(material.certificate),
        (ours, KEY): _lines(material.key),
        (ours, f"{AUTH}/htpasswd"): htpasswd(role.hashes),
        ("0600", ENVIRONMENT): _environment(role),
    }
    if role.pull:
        files["0600", f"{PULL}/config.json"] = docker_config([role.pull[0]], *role.pull[1:])
    if role.ceph_keyring:
        files["0600", CEPH_KEYRING] = role.ceph_keyring
    if role.probe:
        files["0600", PROBE] = _login(role.probe)
    if role.copier:
        password, registries = role.copier
        files[ours, REPLICATION_LOGIN] = _login(password)
        files[ours, REPLICATION_AUTH] = docker_config(registries, PROBER, password)
        files["0644", f"{REPLICATION_TRUST}/ca.crt"] = _lines(material.ca_bundle)
    return files


def _of_front(material: Material, role: ForFront) -> dict[tuple[str, str], str]:
    return {
        ("0600", FRONT_PEM): _lines(material.certificate) + _lines(material.key),
        ("0600", STATS_LOGIN): _login_digest(role.stats_user, role.stats_password),
    }


def _login(password: str) -> str:
    """As curl -K reads it."""
    return f'user = "{PROBER}:{password}"\n'


def _environment(role: ForRegistry) -> str:
    return "".join(f"{name}={value}\n" for name, value in variables(role.http_secret, role.bucket).items())


def variables(http_secret: str, bucket: tuple[str, str] | None) -> dict[str, str]:
    """The secrets that a registry takes from its environment; `bucket`: access key and secret key."""
    keys = dict(zip(("REGISTRY_STORAGE_S3_ACCESSKEY", "REGISTRY_STORAGE_S3_SECRETKEY"), bucket, strict=True)) if bucket else {}
    return {"REGISTRY_HTTP_SECRET": http_secret, **keys}


def htpasswd(hashes: Mapping[str, str]) -> str:
    """User and bcrypt hash, one user per line."""
    return "".join(f"{user}:{hashes[user]}\n" for user in sorted(hashes))


def _basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def _login_digest(user: str, password: str) -> str:
    """As haproxy's `sha2(256),hex` writes it."""
    return hashlib.sha256(f"Basic {_basic(user, password)}".encode()).hexdigest().upper() + "\n"


def docker_config(registries: Iterable[str], user: str, password: str) -> str:
    """A config.json by which Docker, skopeo and kubelets log in to each of `registries`."""
    login = {"auth": _basic(user, password)}
    return json.dumps({"auths": dict.fromkeys(registries, login)}, sort_keys=True) + "\n"


def _lines(pem: str) -> str:
    return pem.rstrip("\n") + "\n"
