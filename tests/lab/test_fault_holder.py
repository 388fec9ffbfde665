"""One thing breaks on the host that holds the VIP, and is repaired."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from lab import fault
from lab.host import Host
from tests.lab.client import Client
from tests.lab.deployment import Pair
from tests.lab.serving import Moves, await_holder, await_standing, may_hold
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]


def slot_of(host: Host) -> str:
    return host.output(["cat", "/var/lib/ha-registry/live"]).strip()


def stop_container(host: Host) -> None:
    host.output(["docker", "stop", f"ha-registry-writer-{slot_of(host)}"])


def systemctl(verb: str, unit: str) -> Callable[[Host], None]:
    def done(host: Host) -> None:
        host.output(["systemctl", verb, unit])

    return done


def signalled(send: Callable[[Host, str], None], process: str) -> Callable[[Host], None]:
    def done(host: Host) -> None:
        send(host, process)

    return done


def nothing(host: Host) -> None:
    """What the host repairs by itself."""


@dataclass(frozen=True)
class Fault:
    """What breaks on a host, and how it is repaired."""

    breaks: Callable[[Host], None]
    repair: Callable[[Host], None] = nothing


FAULTS = {
    "registry-container-stopped": Fault(stop_container),
    "registry-stopped": Fault(systemctl("stop", "ha-registry.service"), systemctl("start", "ha-registry.service")),
    "registry-killed": Fault(signalled(fault.kill, "registry")),
    "registry-hung": Fault(signalled(fault.pause, "registry"), signalled(fault.resume, "registry")),
    "keepalived-stopped": Fault(systemctl("stop", "keepalived.service"), systemctl("start", "keepalived.service")),
    "keepalived-killed": Fault(signalled(fault.kill, "keepalived")),
    "link-down": Fault(fault.cut, fault.heal),
    "rebooted": Fault(fault.reboot),
    "power-cut": Fault(fault.power_off, fault.power_on),
    "docker-restarted": Fault(systemctl("restart", "docker.service")),
}


def assert_serves_new_image(client: Client) -> None:
    repository = f"fault/{secrets.token_hex(4)}:1"
    client.pull(repository, client.push(repository))


@pytest.mark.parametrize("name", FAULTS)
def test_other_host_serves_and_repaired_one_is_standby(deployed: Pair, client: Client, name: str) -> None:
    """Whatever breaks on the holder, the other takes the VIP once and serves pushes and pulls; repaired, the first is standby."""
    holder, standby = await_standing(deployed)
    with Moves(deployed) as moves:
        FAULTS[name].breaks(holder)
        try:
            await_holder(deployed, standby)
            assert_serves_new_image(client)
        finally:
            FAULTS[name].repair(holder)
        assert await_standing(deployed) == (standby, holder)
        assert_serves_new_image(client)
    moves.assert_at_most(1)
    assert client.status("/v2/", address=str(holder.address)) == "200", "the repaired host does not serve"


def test_fault_on_standby_moves_nothing(deployed: Pair, client: Client) -> None:
    """A standby that reboots, or whose registry or keepalived is killed, leaves the VIP where it is."""
    holder, standby = await_standing(deployed)
    with Moves(deployed) as moves:
        for name in ("registry-killed", "keepalived-killed", "rebooted"):
            FAULTS[name].breaks(standby)
            assert_serves_new_image(client)
            assert await_standing(deployed) == (holder, standby), name
    moves.assert_at_most(0)


def test_killed_prober_moves_nothing(deployed: Pair) -> None:
    """kill -9 of the prober on the holder: it comes back, and the VIP stays."""
    holder, standby = await_standing(deployed)
    shown = ["systemctl", "show", "--property=MainPID", "--value", "ha-registry-prober.service"]
    before = holder.output(shown)
    with Moves(deployed) as moves:
        fault.kill(holder, "prober")
        eventually(lambda: holder.output(shown).strip(), lambda pid: pid not in {"0", before.strip()}, what="another prober runs")
        assert await_standing(deployed) == (holder, standby)
    moves.assert_at_most(0)


def test_vip_comes_back_after_both_hosts_lost_power(deployed: Pair, client: Client) -> None:
    """After a power cut of both hosts, one of them takes the VIP without anybody's help, and serves."""
    await_standing(deployed)
    for host in deployed.registries:
        fault.power_off(host)
    for host in deployed.registries:
        fault.power_on(host)
    await_standing(deployed)
    assert_serves_new_image(client)


def test_hung_registry_on_both_is_no_flapping(deployed: Pair, client: Client) -> None:
    """Where neither host serves, nobody holds the VIP; the first that is repaired takes it, and keeps it."""
    holder, standby = await_standing(deployed)
    fault.pause(standby, "registry")
    try:
        eventually(lambda: may_hold(standby), lambda may: not may, what="a hung standby is noticed")
        with Moves(deployed) as moves:
            fault.pause(holder, "registry")
            try:
                eventually(deployed.vip_holders, lambda held: held == [], what="nobody holds the VIP", successes=10)
            finally:
                fault.resume(holder, "registry")
            await_holder(deployed, holder)
    finally:
        fault.resume(standby, "registry")
    assert await_standing(deployed) == (holder, standby)
    moves.assert_at_most(1)
    assert_serves_new_image(client)
