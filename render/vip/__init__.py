"""vip: one VIP, held by one of several hosts through keepalived."""

from __future__ import annotations

from render.layout import CA
from render.script import Script, files_of
from settings import Host, Vms

TOP_PRIORITY, STEP = 254, 4
"""255 is the address owner's (RFC 5798 5.2.4); near 255 the skew of every backup is least (RFC 5798 6.1)."""
MARGIN_S = 0.3
"""Measured in the lab: address of a dead keepalived removed at once: 290 ms gap, after this: 12 ms."""


def interface_of(system: Vms, host: Host) -> str:
    """The network interface of `host` that carries the VIP."""
    return host.interface or system.vip.interface


def script(system: Vms, host: Host) -> Script:
    """Gives `host` a keepalived, preferred in the order of `system.members`.

    All peer lists come from that one sequence: a peer missing on one side is two holders.
    Raises ValueError where `host` is no member.
    """
    vip, members, interface = system.vip, system.members, interface_of(system, host)
    peers = [member for member in members if member != host]
    lowest = TOP_PRIORITY - STEP * (len(members) - 1)
    view = {
        "vip": vip,
        "advert_s": f"{vip.advert.seconds:g}",
        "host": host,
        "peers": peers,
        "interface": interface,
        "priority": TOP_PRIORITY - STEP * members.index(host),
        # RFC 5798 6.1: Master_Down_Interval of the last in line
        "orphan_s": f"{vip.advert.seconds * (3 + (256 - lowest) / 256) + MARGIN_S:.2f}",
    }
    return Script(
        host=host.name,
        concern="vip",
        facts={
            "VIP": str(vip.address),
            "INTERFACE": interface,
            "PEERS": [str(peer.address) for peer in peers],
            "NAME": system.name,
            "PORT": str(system.ports[0]),
            "CA": CA,
        },
        files=files_of("vip", ("keepalived.conf", "keepalived.service.conf"), **view),
    )
