"""Which machines a lab has and at which addresses: read from a stack file, or moved to other networks for a second lab."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any, Literal, cast

from lab.command import LabError
from settings import SettingsError, StackFile

ROUTER, MIRROR, CEPH, CLIENT, OUTSIDER = 2, 10, 11, 53, 99
"""Last part of the addresses that no stack file names."""
MIRROR_PORT, RGW_PORT = 5000, 8443
CEPH_NAME, CLIENT_NAME = "ceph", "push53"
ON_CEPH = {"s3", "cephfs"}
"""Kinds of storage that the lab serves from a Ceph of its own."""
ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")

Role = Literal["registry", "front", "client", "storage", "node"]
GROUPS: dict[str, Role] = {"registries": "registry", "fronts": "front", "nodes": "node", "clients": "client"}


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
    vip: IPv4Address | None
    """None where no host of the stack file may hold one."""
    machines: tuple[Machine, ...]
    """The hosts of the stack file; with a cluster there is a client, whether it names one or not."""
    ceph: Machine | None = None
    """Serves S3 and CephFS, where the stack file's storage is one of them."""
    folder: str = ""
    """With a cluster: of the local volume, on the node `folder_node`."""
    folder_node: str = ""

    @property
    def booted(self) -> tuple[Machine, ...]:
        """Every machine that boots systemd."""
        return (*self.machines, self.ceph) if self.ceph else self.machines

    @property
    def nodes(self) -> tuple[Machine, ...]:
        """Nodes of the cluster; the first is its control plane."""
        return tuple(one for one in self.machines if one.role == "node")

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
        vip = _moved(self.vip, self.inside, inside) if self.vip else None
        return replace(self, lab=lab, inside=inside, vip=vip, machines=tuple(map(placed, self.machines)), ceph=ceph)


def read(stack_file: Path, lab: str) -> Plan:
    """The lab that a stack file describes. Raises LabError where it does not say what a lab needs."""
    doing = f"reading {stack_file}"
    try:
        plan = _plan(StackFile(stack_file).system, lab)
    except SettingsError as fault:
        raise LabError(f"{doing}: {fault}") from fault
    except (KeyError, TypeError, AttributeError) as fault:
        needed = "a lab needs topology, vip.address or nodes, and the addresses of hosts"
        raise LabError(f"{doing}: it lacks {fault}; {needed}") from fault
    except ValueError as fault:
        raise LabError(f"{doing}: {fault}; write an IPv4 address") from fault
    for machine in plan.machines:
        if machine.address not in plan.inside:
            rule = f"outside {plan.inside}, the /24 of {'vip.address' if plan.vip else 'the first node'}; a lab has one network inside"
            raise LabError(f"{doing}: {machine.name} {machine.address} is {rule}")
    return plan


def _plan(system: Mapping[str, Any], lab: str) -> Plan:
    topology, storage = str(system["topology"]), cast("Mapping[str, Any]", system.get("storage") or {})
    machines = tuple(
        Machine(name, IPv4Address(_address(host)), role)
        for group, role in GROUPS.items()
        for name, host in cast("Mapping[str, Any]", system.get(group) or {}).items()
    )
    nodes = [one.address for one in machines if one.role == "node"]
    vip = IPv4Interface(str(system["vip"]["address"])).ip if "vip" in system or not nodes else None
    inside = IPv4Network(f"{vip or nodes[0]}/24", strict=False)
    if nodes and not any(one.role == "client" for one in machines):
        machines = (*machines, Machine(CLIENT_NAME, inside[CLIENT], "client"))
    ceph = None if ON_CEPH.isdisjoint(storage) else Machine(CEPH_NAME, inside[CEPH], "storage")
    local = cast("Mapping[str, str]", (nodes and storage.get("local")) or {})
    return Plan(lab, topology, inside, vip, machines, ceph, local.get("path", ""), local.get("node", ""))


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
