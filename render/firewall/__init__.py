"""firewall: who may reach what serves on a host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from typing import Any

from render import front
from render.layout import AGENT_PORT, CONTAINER_PORTS, FIREWALL, HISTORY_PORT
from render.script import Script, files_of
from settings import Fronted, Host, Vms


def script(system: Vms, host: Host) -> Script:
    """A table of its own; it drops, and never accepts what another table would drop. SSH is not touched.

    Whoever holds the VIP is reached by `access.pull`; a registry behind fronts by them, the other registries and the
    clients, which prove every replica. Raises ValueError where `host` is neither.
    """
    if host in system.members:
        view = _member(system, host)
    elif isinstance(system, Fronted) and host in system.registries:
        view = _behind_fronts(system)
    else:
        raise ValueError(f"{host.name}: has no firewall of ours")
    return Script(
        host=host.name,
        concern="firewall",
        # firewalld sees the ports behind the redirect
        facts={"FIREWALL": FIREWALL, "OPENED": _opened(view)},
        files=files_of("firewall", ("firewall.nft", "ha-registry-firewall.service"), **view),
    )


def _member(system: Vms, host: Host) -> dict[str, Any]:
    """A host that may hold the VIP: a front, or a registry of a pair."""
    own = {system.vip.address.ip, *_addresses(system.hosts)}
    pull = collapse_addresses([*system.access.pull, *_networks(own)]) if system.access.pull else ()
    fronted = isinstance(system, Fronted)
    others = [str(address) for address in _addresses(system.members) if address != host.address]
    return {
        "ports": front.ports(system) if fronted else sorted(system.ports),
        "containers": [] if fronted else CONTAINER_PORTS,
        "allowed": [str(network) for network in pull],
        "because": "access.pull, and the hosts of this stack",
        "vip": system.vip.address.ip,
        "own_pages": sorted({system.haproxy.stats.port, system.haproxy.metrics_port}) if fronted else [],
        "asked": _asked(HISTORY_PORT, others, "the other registry asks who pushed what") if system.replicates else None,
        "vrrp": others,
    }


def _behind_fronts(system: Fronted) -> dict[str, Any]:
    return {
        "ports": sorted(system.ports),
        "containers": CONTAINER_PORTS,
        "allowed": [str(network) for network in collapse_addresses(_networks(_addresses(system.hosts)))],
        "because": "the fronts, and the other hosts of this stack",
        "vip": system.vip.address.ip,
        "own_pages": [],
        "asked": _asked(
            AGENT_PORT,
            [str(address) for address in _addresses([*system.fronts, *system.registries])],
            "fronts and other registries ask whether this host serves",
        ),
        "vrrp": [],
    }


def _asked(port: int, by: Sequence[str], because: str) -> dict[str, Any]:
    """A port where only hosts of ours ask something."""
    return {"port": port, "by": by, "because": because}


def _opened(view: dict[str, Any]) -> list[str]:
    ports = [*(view["containers"] or view["ports"]), *([view["asked"]["port"]] if view["asked"] else [])]
    return [*(f"port={port}/tcp" for port in ports), *(["protocol=vrrp"] if view["vrrp"] else [])]


def _addresses(hosts: Sequence[Host]) -> list[IPv4Address]:
    return [host.address for host in hosts]


def _networks(addresses: Iterable[IPv4Address]) -> list[IPv4Network]:
    return [IPv4Network(address) for address in addresses]
