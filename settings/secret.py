"""Secrets: config keys of their own beside `ha-registry:system`; here are only their names."""

from __future__ import annotations

from collections.abc import Mapping

from settings.model import Fronted, System

SSH_KEY, IMAGE_PASSWORD, TLS_KEY, PASSWORD = "sshKey", "imagePassword", "tlsKey", "password-"
S3_ACCESS_KEY, S3_SECRET_KEY, CEPH_KEY = "s3AccessKey", "s3SecretKey", "cephKey"
STATS_PASSWORD = "statsPassword"  # noqa: S105 - its name

FIXED: Mapping[str, str] = {
    SSH_KEY: "the private key for SSH, where ssh.key names no file",
    IMAGE_PASSWORD: "the password of registry.source.user",
    TLS_KEY: "the private key of the certificate in tls.files",
    S3_ACCESS_KEY: "the access key of the bucket in storage.s3",
    S3_SECRET_KEY: "the secret key of the bucket in storage.s3",
    CEPH_KEY: "the key of the Ceph client in storage.cephfs",
    STATS_PASSWORD: "the password of haproxy.stats.user",
}
"""Secrets with a fixed name and what each is for."""


def secret_names(system: System) -> frozenset[str]:
    """The names of the secrets that these settings take.

    Each must be set, except `password-<user>` and `statsPassword`, which are generated where they are not.
    """
    names = {f"{PASSWORD}{user}" for user in system.users}
    if system.ssh.key is None:
        names.add(SSH_KEY)
    if system.registry.source.user:
        names.add(IMAGE_PASSWORD)
    if system.tls.files:
        names.add(TLS_KEY)
    if system.storage.s3:
        names |= {S3_ACCESS_KEY, S3_SECRET_KEY}
    if system.storage.cephfs:
        names.add(CEPH_KEY)
    if isinstance(system, Fronted):
        names.add(STATS_PASSWORD)
    return frozenset(names)
