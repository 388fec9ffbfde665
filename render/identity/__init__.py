"""identity: keys, certificates and users on one registry host; the only concern that carries secrets."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from render.layout import IDENTITY
from render.script import Script
from settings import Host


@dataclass(frozen=True, kw_only=True)
class Material:
    """Plain text of what one host gets; exists only inside `Output.apply`."""

    ca_bundle: str
    certificate: str
    key: str = field(repr=False)
    http_secret: str = field(repr=False)
    hashes: Mapping[str, str] = field(repr=False)
    """User to bcrypt hash."""
    pull: tuple[str, str, str] | None = field(default=None, repr=False)
    """Host, user and password of the registry that serves the image."""


def script(host: Host, material: Material) -> Script:
    """Files under IDENTITY; the registry takes them live without being named here (units record their files)."""
    files = {
        "ca.crt": _lines(material.ca_bundle),
        "tls.crt": _lines(material.certificate),
        "tls.key": _lines(material.key),
        "htpasswd": "".join(f"{user}:{material.hashes[user]}\n" for user in sorted(material.hashes)),
        "registry.env": f"REGISTRY_HTTP_SECRET={material.http_secret}\n",
    }
    if material.pull:
        files["config.json"] = _docker_config(*material.pull)
    return Script(host=host.name, concern="identity", facts={"IDENTITY": IDENTITY, "PULL": "yes" if material.pull else "no"}, files=files)


def _docker_config(registry: str, user: str, password: str) -> str:
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return json.dumps({"auths": {registry: {"auth": token}}}, sort_keys=True) + "\n"


def _lines(pem: str) -> str:
    return pem.rstrip("\n") + "\n"
