"""proof: a real client pushes and pulls; `up` has succeeded only when it has."""

from __future__ import annotations

from render import front
from render.layout import AGENT_PORT
from render.script import Script
from render.trust import endpoints
from settings import Fronted, Host, Vms


def script(system: Vms, host: Host, *, ca_bundle: str, user: str, password: str, changes: str) -> Script:
    """Runs on a client host, else on one that serves; secret as a whole, because it carries a password."""
    fronts = system.fronts if isinstance(system, Fronted) else ()
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
            "FRONTS": [str(each.address) for each in fronts],
            "SHARED": "yes" if system.storage.is_shared else "no",
            "WRITES": "yes" if _may_push(system, host) else "no",
            "DELETES": "yes" if system.registry.delete else "no",
            "USER_NAME": user,
            **_closed(system, host),
        },
        files={"ca.crt": ca_bundle.rstrip("\n") + "\n", "password": f"{password}\n"},
    )


def _closed(system: Vms, host: Host) -> dict[str, str | list[str]]:
    """What `host` must not reach, and where the fronts say how they are; of a pair, nothing."""
    if not isinstance(system, Fronted):
        return {"HEALTH_PORT": "", "CLOSED": []}
    haproxy = system.haproxy
    agents = [f"{registry.address}:{AGENT_PORT}" for registry in system.registries if registry != host and host in system.clients]
    pages = [f"{system.vip.address.ip}:{port}" for port in (haproxy.stats.port, haproxy.metrics_port)]
    return {
        "HEALTH_PORT": str(front.health_port(system)),
        "CLOSED": [*agents, *pages],
    }


def _may_push(system: Vms, host: Host) -> bool:
    return not system.access.push or any(host.address in network for network in system.access.push)
