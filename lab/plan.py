"""Which machines a lab has and at which addresses: read from a stack file, or moved to other networks for a second lab."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any, Literal, cast

from lab.command import LabError
from settings import SettingsError, StackFile

ROUTER, MIRROR, CEPH, OUTSIDER = 2, 10, 11, 99
"""Last part of the addresses that no stack file names."""
MIRROR_PORT, RGW_PORT = 5000, 8443
CEPH_NAME = "ceph"
ON_CEPH = {"s3", "cephfs"}
"""Kinds of storage that the lab serves from a Ceph of its own."""
ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")

Role = Literal["registry", "front", "client", "storage"]
GROUPS: dict[str, Role] = {"registries": "registry", "fronts": "front", "clients": "client"}


@dataclass(frozen=True)
class Machine:
    """One host with systemd and sshd."""

    name: str
    address: IPv4Address
    role: Role


@dataclass(frozen=True)
class Plan:
    """A lab: its two networks and the machines in them."""

    lab: str
    topology: str
    inside: IPv4Network
    """Where the hosts, the VIP and the mirror are."""
    vip: IPv4Address
    machines: tuple[Machine, ...]
    """The hosts of the stack file."""
    ceph: Machine | None = None
    """Serves S3 and CephFS, where the stack file's storage is one of them."""

    @property
    def booted(self) -> tuple[Machine, ...]:
        """Every machine that boots systemd."""
        return (*self.machines, self.ceph) if self.ceph else self.machines

    @property
    def outside(self) -> IPv4Network:
        """Where the outsider is: the next network of the same size."""
        return _shifted(self.inside, 1)

    @property
    def mirror(self) -> IPv4Address:
        """The registry that the hosts pull the registry image from."""
        return self.inside[MIRROR]

    @property
    def router(self) -> tuple[IPv4Address, IPv4Address]:
        """The router's address inside and outside."""
        return self.inside[ROUTER], self.outside[ROUTER]

    @property
    def outsider(self) -> IPv4Address:
        """A machine that is no part of the system, reached through the router."""
        return self.outside[OUTSIDER]

    def moved(self, lab: str, inside: IPv4Network) -> "Plan":
        """The same machines under another lab's name in another network."""

        def placed(one: Machine) -> Machine:
            return replace(one, address=_moved(one.address, self.inside, inside))

        ceph = placed(self.ceph) if self.ceph else None
        return Plan(lab, self.topology, inside, _moved(self.vip, self.inside, inside), tuple(map(placed, self.machines)), ceph)


def read(stack_file: Path, lab: str) -> Plan:
    """The lab that a stack file describes. Raises LabError where it does not say what a lab needs."""
    doing = f"reading {stack_file}"
    try:
        system = StackFile(stack_file).system
        vip = IPv4Interface(str(system["vip"]["address"])).ip
        machines = tuple(
            Machine(name, IPv4Address(_address(host)), role)
            for group, role in GROUPS.items()
            for name, host in cast("Mapping[str, Any]", system.get(group) or {}).items()
        )
        topology = str(system["topology"])
        needs_ceph = not ON_CEPH.isdisjoint(cast("Mapping[str, Any]", system.get("storage") or {}))
    except SettingsError as fault:
        raise LabError(f"{doing}: {fault}") from fault
    except (KeyError, TypeError, AttributeError) as fault:
        raise LabError(f"{doing}: it lacks {fault}; a lab needs topology, vip.address, registries and their addresses") from fault
    except ValueError as fault:
        raise LabError(f"{doing}: {fault}; write an IPv4 address") from fault
    inside = IPv4Network(f"{vip}/24", strict=False)
    for machine in machines:
        if machine.address not in inside:
            rule = f"outside {inside}, the /24 of vip.address; a lab has one network inside"
            raise LabError(f"{doing}: {machine.name} {machine.address} is {rule}")
    ceph = Machine(CEPH_NAME, inside[CEPH], "storage") if needs_ceph else None
    return Plan(lab, topology, inside, vip, machines, ceph)


def _address(host: str | Mapping[str, str]) -> str:
    return host if isinstance(host, str) else host["address"]


def candidates(inside: IPv4Network) -> list[IPv4Network]:
    """Networks for further labs, each followed by a free one for its outsider: `inside` shifted by pairs within its /16."""
    around = inside.supernet(new_prefix=16)
    shifted = (_shifted(inside, count) for count in range(2, 2 ** (inside.prefixlen - around.prefixlen), 2))
    return [network for network in shifted if network.subnet_of(around)]


def in_other_network(text: str, old: Plan, new: Plan) -> str:
    """`text` with every address of the old lab's networks replaced by the same one in the new lab's."""

    def replaced(found: re.Match[str]) -> str:
        try:
            address = IPv4Address(found[0])
        except ValueError:
            return found[0]
        for here, there in ((old.inside, new.inside), (old.outside, new.outside)):
            if address in here:
                return str(_moved(address, here, there))
        return found[0]

    return ADDRESS.sub(replaced, text)


def _shifted(network: IPv4Network, count: int) -> IPv4Network:
    return IPv4Network((int(network.network_address) + count * network.num_addresses, network.prefixlen))


def _moved(address: IPv4Address, old: IPv4Network, new: IPv4Network) -> IPv4Address:
    return new[int(address) - int(old.network_address)]
