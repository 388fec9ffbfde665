"""proof: a real client pushes and pulls; `up` has succeeded only when it has."""

from __future__ import annotations

from render.script import Script
from render.trust import endpoints
from settings import Host, Pair


def script(system: Pair, host: Host, *, ca_bundle: str, user: str, password: str, changes: str) -> Script:
    """Runs on a client host; secret as a whole, because it carries a password."""
    return Script(
        host=host.name,
        concern="proof",
        facts={
            "CHANGES": changes,
            "NAME": system.name,
            "PORTS": [str(port) for port in system.ports],
            "ENDPOINTS": list(endpoints(system)),
            "VIP": str(system.vip.address.ip),
            "NODES": [str(member.address) for member in system.registries],
            "WRITES": "yes" if _may_push(system, host) else "no",
            "DELETES": "yes" if system.registry.delete else "no",
            "USER_NAME": user,
        },
        files={"ca.crt": ca_bundle.rstrip("\n") + "\n", "password": f"{password}\n"},
    )


def _may_push(system: Pair, host: Host) -> bool:
    return not system.access.push or any(host.address in network for network in system.access.push)
