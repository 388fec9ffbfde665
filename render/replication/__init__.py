"""replication: images get from the registry that holds the VIP to the disk of the other one."""

from __future__ import annotations

from render.identity import PROBER
from render.layout import (
    CA,
    EVENTS_PORT,
    HISTORY_PORT,
    REPLICATION_AUTH,
    REPLICATION_LOGIN,
    REPLICATION_SETTINGS,
    REPLICATION_TRUST,
    SPOOL,
)
from render.script import Script, files_of
from render.vip import interface_of
from settings import Host, Pair

PROGRAMS = ("replicator", "receiver", "history", "plan.awk")
UNITS = (
    "ha-registry-events.socket",
    "ha-registry-events@.service",
    "ha-registry-history.socket",
    "ha-registry-history@.service",
    "ha-registry-replicator.service",
)


def script(system: Pair, host: Host) -> Script:
    """Gives `host` what copies images while it holds the VIP, and what tells the other one who pushed what when.

    Raises ValueError where the settings copy nothing, or `host` has no single peer.
    """
    peers = [peer for peer in system.registries if peer != host]
    if not system.replicates or len(peers) != 1:
        raise ValueError(f"{host.name}: nothing is copied from or to it")
    view = {
        "system": system,
        "host": host,
        "peer": peers[0],
        "interface": interface_of(system, host),
        "interval_s": f"{system.replication.interval.seconds:.0f}",
        "user": PROBER,
        "ca": CA,
        "login": REPLICATION_LOGIN,
        "auth": REPLICATION_AUTH,
        "trust": REPLICATION_TRUST,
        "events_port": EVENTS_PORT,
        "history_port": HISTORY_PORT,
    }
    return Script(
        host=host.name,
        concern="replication",
        facts={"SPOOL": SPOOL, "SETTINGS": REPLICATION_SETTINGS},
        files=files_of("replication", ("replication.env", *PROGRAMS, *UNITS), **view),
    )
