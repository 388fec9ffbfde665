"""Every path, unit name and port of ours on a host, once."""

from __future__ import annotations

from settings import reserved

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
PROBE = f"{IDENTITY}/probe"
"""`user = "ha-registry:PASSWORD"` for curl -K: with it one replica is asked for what another was given."""
REPLICATION_LOGIN = f"{IDENTITY}/replication/login"
"""Like PROBE, for the account that copies images."""
REPLICATION_AUTH = f"{IDENTITY}/replication/auth.json"
"""The same for skopeo (--authfile)."""
REPLICATION_TRUST = f"{IDENTITY}/replication/trust"
"""Folder with the CA alone, as skopeo takes it (--src-cert-dir): it would read keys beside it as a client's own."""
CEPH_KEYRING = f"{IDENTITY}/ceph.keyring"
"""Key of the Ceph client in the format that `render.storage.keyring` makes."""

ACCOUNT_ID = 15443
"""uid and gid of ACCOUNT on every host where registries share a file system: it knows owners by number alone. No account
of a distribution has it (Debian policy 9.2.2, RHEL: system accounts are below 1000)."""
SENTINEL = ".ha-registry"
"""File in the root of a shared file system that says whose images these are."""
STORE_UNIT = "ha-registry-storage.service"
"""Where a program and not the kernel mounts the images."""
FRONT_PEM = f"{IDENTITY}/front.pem"
"""Certificate and key of a front in one file, as haproxy reads them."""
STATS_LOGIN = f"{IDENTITY}/stats.login"
"""SHA-256 of the one Authorization header with which a front shows its statistics and metrics."""

SPOOL = "/var/spool/ha-registry"
"""What was told of pushes and waits to be copied; of ACCOUNT, which cannot enter STATE."""
REPLICATION_SETTINGS = f"{ETC}/replication.env"

CONFIG = f"{ETC}/registry"
FIREWALL = f"{ETC}/firewall.nft"

HAPROXY_SOCKET = f"{RUN}/haproxy.sock"
"""Where haproxy answers questions about itself."""

INSIDE = {
    "config": "/etc/distribution/config.yml",
    "identity": "/identity",
    "auth": "/auth",
    "data": "/var/lib/registry",
    "storage_ca": "/storage-ca",
}
"""Where a container, on a VM or in a Pod, finds its files."""

PORTS_OF_ROLE = {"writer": reserved.WRITER_PORTS, "reader": reserved.READER_PORTS}
CONTAINER_PORTS = sorted(reserved.CONTAINER_PORTS)
AGENT_PORT = reserved.AGENT_PORT
"""Where a registry host tells the fronts whether it serves (haproxy, agent-check)."""
EVENTS_PORT, HISTORY_PORT = reserved.EVENTS_PORT, reserved.HISTORY_PORT
"""Where a registry tells its host of pushes, and where the other host of a pair asks about them."""

DRAIN_S = 900
"""How long a replaced container may finish what clients began: a 1 GB push at 10 Mbit/s takes 800 s."""
STOP_S = 10
"""The same where nothing replaces it (a reboot)."""
READY_S = 60
"""How long a container may take from its start to its first good answer."""
SCRIPT_S = DRAIN_S + 600
"""Longest run of a host script: one drain of an earlier change, packages and the image."""
