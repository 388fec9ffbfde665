"""One thing breaks on the host that holds the VIP, and is repaired."""

from __future__ import annotations

import pytest

from lab import fault
from lab.host import Host
from tests.lab.breaks import Fault, held_by_vip, systemctl
from tests.lab.client import Client
from tests.lab.deployment import Pair
from tests.lab.serving import Moves, await_holder, await_standing, may_hold
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]


def slot_of(host: Host) -> str:
    return host.output(["cat", "/var/lib/ha-registry/live"]).strip()


def stop_container(host: Host) -> None:
    host.output(["docker", "stop", f"ha-registry-writer-{slot_of(host)}"])


FAULTS = {
    "registry-container-stopped": Fault(stop_container),
    **held_by_vip("registry", "ha-registry.service"),
    "docker-restarted": Fault(systemctl("restart", "docker.service")),
}


@pytest.mark.parametrize("name", FAULTS)
def test_other_host_serves_and_repaired_one_is_standby(deployed: Pair, client: Client, name: str) -> None:
    """Whatever breaks on the holder, the other takes the VIP once and serves pushes and pulls; repaired, the first is standby."""
    holder, standby = await_standing(deployed)
    with Moves(deployed) as moves:
        FAULTS[name].breaks(holder)
        try:
            await_holder(deployed, standby)
            client.push_and_pull()
        finally:
            FAULTS[name].repair(holder)
        assert await_standing(deployed) == (standby, holder)
        client.push_and_pull()
    moves.assert_at_most(1)
    assert client.status("/v2/", address=str(holder.address)) == "200", "the repaired host does not serve"


def test_fault_on_standby_moves_nothing(deployed: Pair, client: Client) -> None:
    """A standby that reboots, or whose registry or keepalived is killed, leaves the VIP where it is."""
    holder, standby = await_standing(deployed)
    with Moves(deployed) as moves:
        for name in ("registry-killed", "keepalived-killed", "rebooted"):
            FAULTS[name].breaks(standby)
            client.push_and_pull()
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
    client.push_and_pull()


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
    client.push_and_pull()
