"""Keys that people write in a place where they do not belong, and where they do."""

from __future__ import annotations

import re
from collections.abc import Mapping

NOT_YET = "is not available in this version"
AVAILABLE = "pair"
TOPOLOGIES: Mapping[str, str] = {
    "fronted": "two haproxy fronts before the registries",
    "kubernetes": "the registry in a Kubernetes cluster",
}
"""Topologies that stack files may name later, and what they are."""

_FRONTED = "it belongs to topology: fronted, which is not available in this version; remove it"
_KUBERNETES = "it belongs to topology: kubernetes, which is not available in this version; remove it"
_STORAGE = "this version keeps images on the registries' own disks; write storage: {local: {path: /data/registry}}"
_SSH_KEY = "a key is no setting: name its file in ssh.key, or run `pulumi config set --secret sshKey` with it on standard input"
_PASSWORD = "a password is no setting: users are a list of names; run `pulumi config set --secret password-NAME` with it on standard input"  # noqa: S105 - no password
_PULL_PASSWORD = "a password is no setting: run `pulumi config set --secret imagePassword` with it on standard input"  # noqa: S105 - no password
_TLS_KEY = "the key of an own certificate is no setting: run `pulumi config set --secret tlsKey` with it on standard input"

_PLACES: Mapping[str, str] = {
    r"fronts|haproxy": _FRONTED,
    r"cluster|nodes|pullSecrets|ui|registry\.(requests|limits|replicas)|storage\.local\.(node|size)": _KUBERNETES,
    r"storage\.(nfs|s3|rbd|cephfs|ceph|rados|gcs|azure|swift|filesystem)": _STORAGE,
    r"ssh\.(privateKey|private_key|identity|password|passphrase)|sshKey|privateKey": _SSH_KEY,
    r"users(\..*)?|password.*|htpasswd|auth": _PASSWORD,
    r"imagePassword|registry\.(source\.)?(password|auth)": _PULL_PASSWORD,
    r"tlsKey|tls\.(privateKey|private_key|files\.(key|privateKey))": _TLS_KEY,
    r"tls\.(certificate|cert|crt|ca)": "did you mean tls.files.certificate and tls.files.ca?",
    r"push|pull": "did you mean access.push or access.pull?",
    r"(registries|clients)\.[^.]+\.name": "remove it: the key of the entry is the host's name",
    r"port": "did you mean ports? It is a list: ports: [443]",
}


def misplaced(path: str) -> str | None:
    """Where a key belongs that stands at `path`, or what to do instead; None where that is not known."""
    return next((remedy for pattern, remedy in _PLACES.items() if re.fullmatch(pattern, path)), None)
