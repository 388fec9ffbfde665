"""Keys that people write in a place where they do not belong, and where they do."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FRONTED = "it belongs to topology: fronted; write that topology with its fronts, or remove this"
_PAIR = "it belongs to topology: pair, whose registries have a disk each; elsewhere they share the storage; remove it"
_KUBERNETES = "it belongs to topology: kubernetes; write that topology with its cluster, or remove this"
_MACHINES = "it belongs to topology: pair or fronted, on machines of one's own; remove it"
_UI = "a web page of the images is there in topology kubernetes only; remove it"
_MONITORS = "the Ceph CSI driver has the monitors in its own ConfigMap ceph-csi-config: write clusterId"
_KUBECONFIG = "name the file in cluster.kubeconfig and the context in cluster.context"
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
    r"cluster|nodes|pullSecrets|pullUser|patchServiceAccounts|metrics|proof": _KUBERNETES,
    r"registry\.(requests|limits|replicas|priorityClass)|storage\.(local\.(node|size)|storageClass|existing)": _KUBERNETES,
    r"replication": _PAIR,
    r"ui": _UI,
    r"kubeconfig|context|cluster\.(config|server|token)": _KUBECONFIG,
    r"storage\.(ceph|rados)": _CEPH,
    r"storage\.rbd": _RBD,
    r"storage\.(gcs|azure|swift|filesystem|mount)": _STORAGE,
    r"s3AccessKey|s3SecretKey|cephKey|storage\.(s3|cephfs|rbd)\.(\w*[kK]ey\w*|secret|keyring)": _STORE_KEY,
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


_KNOWN_ON_MACHINES: Mapping[str, str] = {
    r"registries|adopt|registry\.(memory|deleteDataOnDestroy|source\.(archive|ca|proxy))": _MACHINES,
    r"storage\.(rbd|cephfs)\.monitors": _MONITORS,
}
"""Settings of some topologies, to be spoken of only where the one that is written has them not."""


def misplaced(path: str) -> str | None:
    """Where a key belongs that stands at `path`, or what to do instead; None where that is not known."""
    return _remedy(_PLACES, path)


def of_machines(path: str) -> str | None:
    """The same of a key that is no setting in a cluster."""
    return _remedy(_KNOWN_ON_MACHINES, path)


def _remedy(places: Mapping[str, str], path: str) -> str | None:
    return next((remedy for pattern, remedy in places.items() if re.fullmatch(pattern, path)), None)
