"""Secrets: config keys of their own beside `ha-registry:system`; here are only their names."""

from __future__ import annotations

from collections.abc import Mapping

from settings.kubernetes import Kubernetes
from settings.model import Fronted
from settings.topology import AnySystem

SSH_KEY, IMAGE_PASSWORD, TLS_KEY, PASSWORD = "sshKey", "imagePassword", "tlsKey", "password-"
S3_ACCESS_KEY, S3_SECRET_KEY, CEPH_KEY = "s3AccessKey", "s3SecretKey", "cephKey"
STATS_PASSWORD = "statsPassword"  # noqa: S105 - its name

FIXED: Mapping[str, str] = {
    SSH_KEY: "the private key for SSH, where ssh.key names no file",
    IMAGE_PASSWORD: "the password of registry.source.user",
    TLS_KEY: "the private key of the certificate in tls.files",
    S3_ACCESS_KEY: "the access key of the bucket in storage.s3",
    S3_SECRET_KEY: "the secret key of the bucket in storage.s3",
    CEPH_KEY: "the key of the Ceph client in storage.cephfs or storage.rbd",
    STATS_PASSWORD: "the password of haproxy.stats.user",
}
"""Secrets with a fixed name and what each is for."""
OF_STORAGE: Mapping[str, tuple[str, ...]] = {"s3": (S3_ACCESS_KEY, S3_SECRET_KEY), "cephfs": (CEPH_KEY,), "rbd": (CEPH_KEY,)}
"""Which of them open which kind of storage."""


def secret_names(system: AnySystem) -> frozenset[str]:
    """The names of the secrets that these settings take.

    Each must be set, except `password-<user>` and `statsPassword`, which are generated where they are not.
    """
    names = {f"{PASSWORD}{user}" for user in system.users}
    fronts = isinstance(system, Fronted) or (isinstance(system, Kubernetes) and bool(system.fronts))
    if (fronts or not isinstance(system, Kubernetes)) and system.ssh.key is None:
        names.add(SSH_KEY)
    if system.registry.source.user:
        names.add(IMAGE_PASSWORD)
    if system.tls.files:
        names.add(TLS_KEY)
    names |= {name for kind in system.storage.kinds for name in OF_STORAGE.get(kind, ())}
    if fronts:
        names.add(STATS_PASSWORD)
    return frozenset(names)
