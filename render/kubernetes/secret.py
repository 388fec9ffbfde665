"""What is in the Secrets of a cluster; called only inside `Output.apply`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from render.identity import docker_config, htpasswd, variables
from render.kubernetes.manifest import CEPH_LOGIN, ENVIRONMENT, IMAGE_LOGIN, PROOF, TLS, USERS
from render.trust import endpoints
from settings import Kubernetes

OPAQUE, OF_TLS, OF_DOCKER = "Opaque", "kubernetes.io/tls", "kubernetes.io/dockerconfigjson"
LOGIN_FILE, WRONG_LOGIN_FILE, NO_LOGIN_FILE = "login", "wrong", "nobody"


@dataclass(frozen=True, kw_only=True)
class Material:
    """Plain text of what is secret in a cluster, and the certificates beside it."""

    ca_bundle: str
    certificate: str
    key: str = field(repr=False)
    http_secret: str = field(repr=False)
    hashes: Mapping[str, str] = field(repr=False)
    """User to bcrypt hash."""
    puller_password: str = field(repr=False)
    """Of the user in the pull secrets."""
    pusher_password: str = field(repr=False)
    """Of the first user, as whom `up` proves itself."""
    pull: str = field(default="", repr=False)
    """Password of `registry.source.user`."""
    bucket: tuple[str, str] | None = field(default=None, repr=False)
    """Access key and secret key of the bucket."""
    ceph_key: str = field(default="", repr=False)


def types(system: Kubernetes) -> Mapping[str, str]:
    """The Secrets in the registry's namespace, and the type of each."""
    wanted = {TLS: OF_TLS, USERS: OPAQUE, ENVIRONMENT: OPAQUE}
    if system.registry.source.user:
        wanted[IMAGE_LOGIN] = OF_DOCKER
    if system.storage.cephfs or system.storage.rbd:
        wanted[CEPH_LOGIN] = OPAQUE
    if system.proof.enabled:
        wanted[PROOF] = OPAQUE
    return wanted


def data(system: Kubernetes, name: str, material: Material) -> Mapping[str, str]:
    """What is in the Secret `name` of `types`, as its manifest has it (base64)."""
    ceph = system.storage.cephfs or system.storage.rbd
    texts: dict[str, dict[str, str]] = {
        TLS: {"tls.crt": material.certificate, "tls.key": material.key, "ca.crt": material.ca_bundle},
        USERS: {"htpasswd": htpasswd(material.hashes)},
        ENVIRONMENT: variables(material.http_secret, material.bucket),
        PROOF: {
            LOGIN_FILE: _curl_login(system.users[0], material.pusher_password),
            WRONG_LOGIN_FILE: _curl_login(system.users[0], "wrong"),
            NO_LOGIN_FILE: "",
        },
    }
    if name == IMAGE_LOGIN and system.registry.source.user:
        host = system.registry.image.split("/", 1)[0]
        texts[name] = {".dockerconfigjson": docker_config([host], system.registry.source.user, material.pull)}
    if name == CEPH_LOGIN and ceph:
        texts[name] = {"userID": ceph.user, "userKey": material.ceph_key}
    return _encoded(texts[name])


def pull_secret(system: Kubernetes, material: Material) -> Mapping[str, str]:
    """By it a kubelet logs in under every name that the registry has here."""
    return _encoded({".dockerconfigjson": docker_config(endpoints(system), system.puller, material.puller_password)})


def _curl_login(user: str, password: str) -> str:
    escaped = password.replace("\\", "\\\\").replace('"', '\\"')
    return f'user = "{user}:{escaped}"\n'


def _encoded(texts: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
