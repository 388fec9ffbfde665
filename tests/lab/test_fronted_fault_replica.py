"""One thing breaks on a registry behind the fronts, and is repaired: requests go to the others, and the VIP stays where it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import fault
from lab.host import Host
from tests.lab.breaks import Fault, signalled, systemctl
from tests.lab.client import Client
from tests.lab.fronted import Fronted
from tests.lab.load import Load
from tests.lab.pushes import Pushes
from tests.lab.serving import Moves, await_standing

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

FAULTS = {
    "registry-killed": Fault(signalled(fault.kill, "registry")),
    "registry-stopped": Fault(systemctl("stop", "ha-registry.service"), systemctl("start", "ha-registry.service")),
    "docker-restarted": Fault(systemctl("restart", "docker.service")),
    "rebooted": Fault(fault.reboot),
}
"""What a front notices by a refused or reset connection: no request fails."""
SILENT = {
    "registry-hung": Fault(signalled(fault.pause, "registry"), signalled(fault.resume, "registry")),
    "link-down": Fault(fault.cut, fault.heal),
    "power-cut": Fault(fault.power_off, fault.power_on),
}
"""What a front notices only by the absence of answers."""
IN_FLIGHT = 3
"""Requests that the broken host may have been working on: 64 a second, some 20 ms each, on three replicas, and a margin."""


@pytest.fixture
def victim(whole: Fronted) -> Iterator[Host]:
    whole.await_replicas()
    await_standing(whole)
    yield whole.registries[1]
    whole.await_replicas()


def addresses(whole: Fronted) -> list[str]:
    return [str(host.address) for host in whole.registries]


@pytest.mark.parametrize("name", FAULTS)
def test_no_request_fails_where_a_registry_ends(whole: Fronted, victim: Host, name: str) -> None:
    """A registry that ends costs no request, and every image that was acknowledged meanwhile is on every replica afterwards."""
    with Moves(whole) as moves, Pushes(whole, read_at=addresses(whole)) as pushes, Load(whole) as load:
        FAULTS[name].breaks(victim)
        FAULTS[name].repair(victim)
    assert load.report.failed == 0, load.report
    whole.await_replicas()
    moves.assert_at_most(0)
    report = pushes.read_back()
    assert report.acknowledged > 0, report
    assert report.lost == [], report


@pytest.mark.parametrize("name", SILENT)
def test_others_serve_where_a_registry_is_silent(whole: Fronted, victim: Host, pusher: Client, name: str) -> None:
    """Only what a silent host was working on fails; fronts name it down, then nothing fails; repaired, it serves again."""
    with Moves(whole) as moves:
        with Pushes(whole, read_at=addresses(whole)) as pushes:
            with Load(whole) as load:
                SILENT[name].breaks(victim)
                whole.await_replica(victim.name, "down", within_s=15)
            assert load.report.failed <= IN_FLIGHT, load.report
            with Load(whole) as load:
                pusher.push_and_pull()
            assert load.report.failed == 0, load.report
            SILENT[name].repair(victim)
            whole.await_replicas()
        report = pushes.read_back()
    moves.assert_at_most(0)
    assert report.acknowledged > 0, report
    assert report.lost == [], report


def test_drained_registry_gets_nothing_and_loses_nothing(whole: Fronted, victim: Host) -> None:
    """`drain` takes a registry out of both fronts without a failed request, and with what is open ending whole; `undrain` undoes it."""
    with Load(whole) as load:
        done = whole.run_script(victim.name, "registry", "drain")
        assert done.returncode == 0, done.stderr
        whole.await_replica(victim.name, "drain", within_s=15)
        done = whole.run_script(victim.name, "registry", "undrain")
        assert done.returncode == 0, done.stderr
        whole.await_replica(victim.name, "up", within_s=15)
    load.assert_unharmed()


def test_one_replica_of_three_is_enough(whole: Fronted, victim: Host, pusher: Client) -> None:
    """With two of three registries stopped the last one serves pushes and pulls; with none /health says 503, and the VIP stays."""
    last, *gone = whole.registries
    holders = whole.vip_holders()
    try:
        for host in gone:
            host.output(["systemctl", "stop", "ha-registry.service"])
            whole.await_replica(host.name, "down", within_s=15)
        pusher.push_and_pull()
        assert whole.health().status == "200"
        last.output(["systemctl", "stop", "ha-registry.service"])
        whole.await_replica(last.name, "down", within_s=15)
        seen = whole.health()
        assert (seen.status, set(seen.replicas.values())) == ("503", {"down"})
        assert pusher.status("/v2/") == "503"
        assert whole.vip_holders() == holders
    finally:
        for host in whole.registries:
            host.output(["systemctl", "start", "ha-registry.service"])
    whole.await_replicas()
    pusher.push_and_pull()
