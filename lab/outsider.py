"""A machine outside, and the router to it: Docker itself drops whatever passes between two of its networks."""

from collections.abc import Sequence
from ipaddress import IPv4Address

from lab import docker, machine, network
from lab.image import Recipe
from lab.plan import Plan

ROUTER, OUTSIDER = "router", "outsider"


def ensure(plan: Plan, images: Recipe) -> dict[str, str]:
    """What was done to have each of the two running; empty where nothing was."""
    here, there = plan.router
    beyond = f"ip route replace {plan.inside} via {there} && exec sleep infinity"
    return {
        ROUTER: _ensure(plan, ROUTER, (network.inside(plan.lab), here), "exec sleep infinity", images, (network.outside(plan.lab), there)),
        OUTSIDER: _ensure(plan, OUTSIDER, (network.outside(plan.lab), plan.outsider), beyond, images),
    }


def _ensure(plan: Plan, name: str, place: tuple[str, IPv4Address], command: str, images: Recipe, *further: tuple[str, IPv4Address]) -> str:
    container = machine.container(plan.lab, name)
    found = docker.inspect("container", container)
    if found is None:
        _make(plan, name, place, command, images, further)
        return "made"
    if not found["State"]["Running"]:
        docker.docker("start", container, doing=f"starting {container}")
        return "started"
    return ""


def _make(
    plan: Plan, name: str, place: tuple[str, IPv4Address], command: str, images: Recipe, further: Sequence[tuple[str, IPv4Address]]
) -> None:
    container = machine.container(plan.lab, name)
    docker.docker(
        *("create", "--name", container, "--hostname", name, "--init"),
        *("--label", f"{docker.LABEL}={plan.lab}", "--label", f"{machine.HOST_LABEL}={name}"),
        *("--network", place[0], "--ip", str(place[1])),
        *("--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW", "--sysctl", "net.ipv4.ip_forward=1"),
        *("--entrypoint", "/bin/sh", images.server, "-c", command),
        doing=f"making {container}",
    )
    for other, address in further:
        docker.docker("network", "connect", "--ip", str(address), other, container, doing=f"connecting {container} to {other}")
    docker.docker("start", container, doing=f"starting {container}")
