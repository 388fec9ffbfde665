"""Keys that people write in a place where they do not belong, and where they do."""

from __future__ import annotations

import re
from collections.abc import Mapping

NOT_YET = "is not available in this version"
TOPOLOGIES: Mapping[str, str] = {
    "kubernetes": "the registry in a Kubernetes cluster",
}
"""Topologies that stack files may name later, and what they are."""

_FRONTED = "it belongs to topology: fronted; write that topology with its fronts, or remove this"
_KUBERNETES = "it belongs to topology: kubernetes, which is not available in this version; remove it"
_CEPH = "write storage.s3 with the endpoint of Ceph's RGW, or storage.cephfs; no supported registry has a rados driver any more"
_RBD = "a block device has one writer: write storage.s3 with the endpoint of Ceph's RGW, or storage.cephfs"
_STORAGE = "kinds of storage are local, s3, nfs, cephfs and mounted (a shared file system that the hosts mount already)"
_STORE_KEY = "a key is no setting: run `pulumi config set --secret NAME`, NAME being s3AccessKey, s3SecretKey or cephKey"
_STATS_PASSWORD = "a password is no setting: it is generated, or run `pulumi config set --secret statsPassword` with it on standard input"  # noqa: S105 - no password
_SSH_KEY = "a key is no setting: name its file in ssh.key, or run `pulumi config set --secret sshKey` with it on standard input"
_PASSWORD = "a password is no setting: users are a list of names; run `pulumi config set --secret password-NAME` with it on standard input"  # noqa: S105 - no password
_PULL_PASSWORD = "a password is no setting: run `pulumi config set --secret imagePassword` with it on standard input"  # noqa: S105 - no password
_TLS_KEY = "the key of an own certificate is no setting: run `pulumi config set --secret tlsKey` with it on standard input"

_PLACES: Mapping[str, str] = {
    r"fronts|haproxy": _FRONTED,
    r"cluster|nodes|pullSecrets|ui|registry\.(requests|limits|replicas)|storage\.local\.(node|size)": _KUBERNETES,
    r"storage\.(ceph|rados)": _CEPH,
    r"storage\.rbd": _RBD,
    r"storage\.(gcs|azure|swift|filesystem|mount)": _STORAGE,
    r"s3AccessKey|s3SecretKey|cephKey|storage\.(s3|cephfs)\.(\w*[kK]ey\w*|secret|keyring)": _STORE_KEY,
    r"statsPassword|haproxy\.(stats\.)?(password|auth)": _STATS_PASSWORD,
    r"ssh\.(privateKey|private_key|identity|password|passphrase)|sshKey|privateKey": _SSH_KEY,
    r"users(\..*)?|password.*|htpasswd|auth": _PASSWORD,
    r"imagePassword|registry\.(source\.)?(password|auth)": _PULL_PASSWORD,
    r"tlsKey|tls\.(privateKey|private_key|files\.(key|privateKey))": _TLS_KEY,
    r"tls\.(certificate|cert|crt|ca)": "did you mean tls.files.certificate and tls.files.ca?",
    r"push|pull": "did you mean access.push or access.pull?",
    r"(registries|fronts|clients)\.[^.]+\.name": "remove it: the key of the entry is the host's name",
    r"port": "did you mean ports? It is a list: ports: [443]",
}


def misplaced(path: str) -> str | None:
    """Where a key belongs that stands at `path`, or what to do instead; None where that is not known."""
    return next((remedy for pattern, remedy in _PLACES.items() if re.fullmatch(pattern, path)), None)
