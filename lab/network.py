"""The two networks of a lab: the hosts' own, and one outside behind a router."""

import json
from ipaddress import IPv4Network
from pathlib import Path

from lab import docker
from lab.command import LabError, run
from lab.plan import Plan, candidates

MTU = "com.docker.network.driver.mtu"


def inside(lab: str) -> str:
    """Name of the network of the hosts."""
    return f"ha-registry-{lab}"


def outside(lab: str) -> str:
    """Name of the outsider's network."""
    return f"ha-registry-{lab}-outside"


def ensure(plan: Plan) -> list[str]:
    """Names of the networks that had to be made; both are there afterwards.

    Raises LabError where one exists with other addresses, or where another network of this machine has them.
    """
    made: list[str] = []
    for name, subnet in ((inside(plan.lab), plan.inside), (outside(plan.lab), plan.outside)):
        found = docker.inspect("network", name)
        if found is None:
            options = ["--label", f"{docker.LABEL}={plan.lab}", "--subnet", str(subnet), "--opt", f"{MTU}={uplink_mtu()}"]
            hint = "another lab or network may have these addresses: docker network ls"
            docker.docker("network", "create", *options, name, doing=f"making network {name} {subnet} ({hint})")
            made.append(name)
        elif _subnet(found) != subnet:
            remedy = f"python -m lab down --name {plan.lab}"
            raise LabError(f"making network {name} {subnet}: it exists with {_subnet(found)}; remove it with: {remedy}")
    return made


def free(wanted: Plan, lab: str) -> IPv4Network:
    """The network that `lab` has already, else the first of the candidates that nothing on this machine uses, nor the one after it."""
    found = docker.inspect("network", inside(lab))
    if found is not None:
        return _subnet(found)
    taken = [_subnet(network) for name in _networks() if (network := docker.inspect("network", name)) and network["IPAM"]["Config"]]
    for candidate in candidates(wanted.inside):
        moved = wanted.moved(lab, candidate)
        if not any(network.overlaps(used) for network in (moved.inside, moved.outside) for used in taken):
            return candidate
    raise LabError(
        f"finding a network for lab {lab}: all beside {wanted.inside} are taken; remove one with: python -m lab down --name NAME"
    )


def uplink_mtu() -> str:
    """MTU of this machine's default route: larger packets of hosts could be lost on the way to package archives."""
    routes = json.loads(run(["ip", "-json", "route", "show", "default"], "looking for the default route"))
    return Path(f"/sys/class/net/{routes[0]['dev']}/mtu").read_text().strip() if routes else "1500"


def _networks() -> list[str]:
    return docker.docker("network", "ls", "--format", "{{.Name}}", doing="listing networks").split()


def _subnet(found: dict[str, dict[str, list[dict[str, str]]]]) -> IPv4Network:
    return IPv4Network(found["IPAM"]["Config"][0]["Subnet"])
