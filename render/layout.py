"""Every path, unit name and port of ours on a host, once."""

from __future__ import annotations

from settings.reserved import READER_PORTS, WRITER_PORTS

ETC, STATE, RUN = "/etc/ha-registry", "/var/lib/ha-registry", "/run/ha-registry"
LIB = "/usr/local/lib/ha-registry"
ACCOUNT = "ha-registry"
"""Owner of images and keys on a host, and the user of the containers."""

IDENTITY = f"{ETC}/identity"
CA = f"{IDENTITY}/ca.crt"
CERTIFICATE = f"{IDENTITY}/tls.crt"
KEY = f"{IDENTITY}/tls.key"
AUTH = f"{IDENTITY}/auth"
"""A directory, mounted whole: the registry reads htpasswd again when it changes, but not through a file mount."""
ENVIRONMENT = f"{IDENTITY}/registry.env"
PULL = f"{IDENTITY}/pull"
"""DOCKER_CONFIG of the one command that fetches the image."""

CONFIG = f"{ETC}/registry"
FIREWALL = f"{ETC}/firewall.nft"

INSIDE = {
    "config": "/etc/distribution/config.yml",
    "identity": "/identity",
    "auth": "/auth",
    "data": "/var/lib/registry",
}
"""Where a container, on a VM or in a Pod, finds its files."""

PORTS_OF_ROLE = {"writer": WRITER_PORTS, "reader": READER_PORTS}

DRAIN_S = 900
"""How long a replaced container may finish what clients began: a 1 GB push at 10 Mbit/s takes 800 s."""
STOP_S = 10
"""The same where nothing replaces it (a reboot)."""
READY_S = 60
"""How long a container may take from its start to its first good answer."""
SCRIPT_S = DRAIN_S + 600
"""Longest run of a host script: one drain of an earlier change, packages and the image."""
