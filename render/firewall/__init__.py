"""firewall: who may reach the registry of a host."""

from __future__ import annotations

from ipaddress import IPv4Network, collapse_addresses

from render.layout import FIREWALL, PORTS_OF_ROLE
from render.script import Script, files_of
from settings import Host, Pair


def script(system: Pair, host: Host) -> Script:
    """A table of its own; it drops, and never accepts what another table would drop. SSH is not touched."""
    members = [member.address for member in system.registries]
    known = {*members, *(client.address for client in system.clients), system.vip.address.ip}
    pull = collapse_addresses([*system.access.pull, *(IPv4Network(address) for address in known)]) if system.access.pull else ()
    view = {
        "ports": sorted(system.ports),
        "container_ports": sorted(port for slots in PORTS_OF_ROLE.values() for port in slots.values()),
        "pull": [str(network) for network in pull],
        "peers": [str(address) for address in members if address != host.address],
    }
    return Script(
        host=host.name,
        concern="firewall",
        facts={"FIREWALL": FIREWALL, "CONTAINER_PORTS": [str(port) for port in view["container_ports"]]},
        files=files_of("firewall", ("firewall.nft", "ha-registry-firewall.service"), **view),
    )
