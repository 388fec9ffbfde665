"""Secrets: config keys of their own beside `ha-registry:system`; here are only their names."""

from __future__ import annotations

from collections.abc import Mapping

from settings.model import System

SSH_KEY, IMAGE_PASSWORD, TLS_KEY, PASSWORD = "sshKey", "imagePassword", "tlsKey", "password-"

FIXED: Mapping[str, str] = {
    SSH_KEY: "the private key for SSH, where ssh.key names no file",
    IMAGE_PASSWORD: "the password of registry.source.user",
    TLS_KEY: "the private key of the certificate in tls.files",
}
"""Secrets with a fixed name and what each is for."""


def secret_names(system: System) -> frozenset[str]:
    """The names of the secrets that these settings take: each must be set, except `password-<user>`, which may be."""
    names = {f"{PASSWORD}{user}" for user in system.users}
    if system.ssh.key is None:
        names.add(SSH_KEY)
    if system.registry.source.user:
        names.add(IMAGE_PASSWORD)
    if system.tls.files:
        names.add(TLS_KEY)
    return frozenset(names)
