"""front: haproxy before the registries, changed by a reload that drops no connection."""

from __future__ import annotations

import hashlib
from ipaddress import collapse_addresses
from typing import Any

from render.layout import AGENT_PORT, CA, DRAIN_S, FRONT_PEM, HAPROXY_SOCKET, RUN, STATS_LOGIN
from render.script import Script, files_of, fill, prober_unit
from settings import Fronted, Host

TLS = {
    "ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
    ":ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305",
    "ciphersuites": "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
    "curves": "X25519:P-256:P-384",
}
"""Mozilla's guidelines, configuration "intermediate": TLS 1.2 and 1.3, forward secrecy and AEAD only."""
ALPN = "http/1.1"
"""No h2: on it one lost connection ends every request of a client, and an upload waits for the window of each round trip."""

CONNECT_MS = 300
"""For a connection to a registry, TLS included. A cut host costs a request this much (measured with 200 ms: 204 ms for the
slowest); below it a busy host looks like a dead one."""
FAST_MS = 100
"""Between two checks of a registry whose state is in doubt."""
READ_S = 15
"""For the answer to what only reads, then another replica is asked: clients give up after 30 s (containerd, Docker 29)."""
SILENT_S = 900
"""For the answer to what writes: object storage may move a layer for minutes without a word; loads balancers before
registries are told to wait for 10 minutes and more."""
KEEP_ALIVE_S = 120
"""Longer than Go's 90 s, so that clients close idle connections and haproxy does not, with a request on its way."""
DEAD_S = 30
"""For the acknowledgement of what was sent (TCP_USER_TIMEOUT)."""
MAX_CONNECTIONS = 4000
"""About 100 KB of memory each with TLS on both sides, so 400 MB."""

FILES = ("haproxy.cfg", "prober", "haproxy.service.conf")


def health_port(system: Fronted) -> int:
    """Where /health and /_ping answer: in mode tcp TLS ends at the registries, so on a port of its own."""
    return system.ports[0] if system.haproxy.mode == "http" else system.haproxy.health_port


def ports(system: Fronted) -> list[int]:
    """Every port on which a front listens."""
    own = {system.haproxy.stats.port, system.haproxy.metrics_port, health_port(system)}
    return sorted({*system.ports, *own})


def script(system: Fronted, host: Host) -> Script:
    """Gives `host` a haproxy before `system.backends`; it counts as done when haproxy serves from exactly this configuration."""
    view = _view(system, host)
    unmarked = fill("front/haproxy.cfg.j2", **view, stamp="")
    stamp = hashlib.sha256(unmarked.encode()).hexdigest()[:12]
    return Script(
        host=host.name,
        concern="front",
        facts={
            "NAME": system.name,
            "ADDRESS": str(host.address),
            "PORT": str(system.ports[0]),
            "STAMP": stamp,
            "SOCKET": HAPROXY_SOCKET,
            "CA": CA,
            "PEM": FRONT_PEM,
            "STATS_LOGIN": STATS_LOGIN,
        },
        files=files_of("front", FILES, **view, stamp=stamp) | prober_unit(),
    )


def _view(system: Fronted, host: Host) -> dict[str, Any]:
    """What the templates of this concern may name."""
    return {
        "system": system,
        "haproxy": system.haproxy,
        "host": host,
        "balance": system.balance,
        "backends": system.backends,
        "agents": system.has_agents,
        "push": [str(network) for network in collapse_addresses(system.access.push)],
        "tls": TLS,
        "bind_tls": f"ssl crt {FRONT_PEM} alpn {ALPN}",
        "alpn": ALPN,
        "ca": CA,
        "stats_login": STATS_LOGIN,
        "socket": HAPROXY_SOCKET,
        "run": RUN,
        "agent_port": AGENT_PORT,
        "connect_ms": CONNECT_MS,
        "fast_ms": FAST_MS,
        "read_s": READ_S,
        "silent_s": SILENT_S,
        "keep_alive_s": KEEP_ALIVE_S,
        "dead_s": DEAD_S,
        "drain_s": DRAIN_S,
        "max_connections": MAX_CONNECTIONS,
    }
