"""`python -m ops up` killed with -9, and the one after it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping

import pytest

from tests.lab.deployment import Pair
from tests.lab.running import RunningUp, locks
from tests.lab.serving import Moves, await_standing
from tests.lab.settled import assert_as_found, images
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(2400)]

SEED = int(os.environ.get("HA_REGISTRY_TEST_SEED", "20261"))
FIRST_UP_KILLS, CHANGE_KILLS = 5, 5
LONGEST_AFTER_S = 4.0
"""A kill comes up to that long after a resource is done: in the middle of the next ones."""
HOST_LOCK = "/run/lock/ha-registry"
WAITS_SEEN = 50
"""Observations in a row, 0.2 s apart: a precheck that does not wait is done by then."""


@pytest.fixture(scope="module")
def chance() -> random.Random:
    """Moments of kills; the seed is in HA_REGISTRY_TEST_SEED."""
    return random.Random(SEED)


def killed_after(pair: Pair, resources: int, delay_s: float, changes: Mapping[str, object] | None = None) -> None:
    """An `up` that ends by kill -9 some time after so many resources are done."""
    with RunningUp(pair.up_in_background(changes)) as running:
        running.await_done(resources)
        time.sleep(delay_s)
        assert not running.is_over, f"it was done before it could be killed:\n{''.join(running.lines)}"
        assert len(running.kill()) > 1, "nothing but the program itself ran"


def is_locked(pair: Pair, name: str) -> bool:
    """Whether a script is busy on a host."""
    return pair.host(name).exec(["flock", "--nonblock", HOST_LOCK, "true"]).returncode != 0


def assert_settled(pair: Pair, changes: Mapping[str, object] | None = None) -> None:
    """Nothing is left to do, no lock, one VIP, and the hosts are as the settings say."""
    assert not locks(pair)
    pair.preview("--expect-no-changes", changes=changes).succeeded()
    await_standing(pair)
    for host, concern in pair.scripts():
        checked = pair.run_script(host, concern, "verify")
        assert checked.returncode == 0, f"{host} {concern}: {checked.stdout}{checked.stderr}"


@pytest.fixture(scope="module")
def found(fresh: Pair) -> Mapping[str, Mapping[str, str]]:
    """The hosts before any `up`."""
    for name in fresh.hosts:
        fresh.ssh(name, ["sudo", "-n", "true"])
    return {name: fresh.snapshot(name) for name in fresh.hosts}


def test_first_up_killed_at_random_moments_is_finished_by_the_next(
    fresh: Pair, found: Mapping[str, Mapping[str, str]], chance: random.Random
) -> None:
    """A first `up` killed again and again goes on where it was: the last one converges with no hand edit, and then changes nothing."""
    for _ in range(FIRST_UP_KILLS):
        killed_after(fresh, chance.randint(1, 3), chance.uniform(0, LONGEST_AFTER_S / 2))
    fresh.up().succeeded()
    assert_settled(fresh)
    again = fresh.up().succeeded()
    assert " created (" not in again.output
    assert " updated (" not in again.output


def test_change_killed_at_random_moments_is_finished_by_the_next(deployed: Pair, chance: random.Random) -> None:
    """After each kill of a changing `up` the next one converges with no hand edit, and neither moves the VIP."""
    await_standing(deployed)
    with Moves(deployed) as moves:
        for number in range(CHANGE_KILLS):
            changes = {"registry.log.level": ("debug", "info")[number % 2], "vip.advert": f"{110 + 10 * number}ms"}
            killed_after(deployed, chance.randint(1, 5), chance.uniform(0, LONGEST_AFTER_S / 4), changes)
            deployed.up(changes).succeeded()
            assert_settled(deployed, changes)
    moves.assert_at_most(0)


def test_run_beside_a_living_one_is_refused(deployed: Pair) -> None:
    """The lock of a living run stays: a second `up` fails and says so, and the first ends as if there had been none."""
    changes = {"registry.log.level": "warn"}
    with RunningUp(deployed.up_in_background(changes)) as first:
        first.await_done(1)
        held = locks(deployed)
        assert held
        second = deployed.up(changes)
        assert second.code != 0
        assert "lock" in second.output, second.output
        assert "Traceback" not in second.output
        assert not first.is_over, "the first was done too early to show anything"
        assert locks(deployed) == held
        code, output = first.ended()
    assert code == 0, output
    assert_settled(deployed, changes)


def test_script_still_busy_on_a_host_is_waited_for(deployed: Pair) -> None:
    """While a script of a killed run holds a host's lock, the next `up` waits, and then does its own work."""
    host = deployed.registries[-1]
    changes = {"registry.log.level": "error"}
    orphan = "lab-orphan.service"
    # the lock that every script takes, held by what stands for the orphan of a run that died
    host.output(["systemd-run", "--quiet", f"--unit={orphan}", "flock", HOST_LOCK, "sleep", "infinity"])
    try:
        eventually(lambda: is_locked(deployed, host.name), what=f"{host.name} is busy")
        with RunningUp(deployed.up_in_background(changes)) as running:
            running.await_line(f"{host.name}-precheck updating")
            eventually(
                lambda: not running.is_over and not any(f"{host.name}-precheck updated" in line for line in list(running.lines)),
                what="it waits for the busy host",
                successes=WAITS_SEEN,
            )
            host.output(["systemctl", "stop", orphan])
            code, output = running.ended()
    finally:
        host.exec(["systemctl", "stop", orphan])
    assert code == 0, output
    assert_settled(deployed, changes)


def test_destroy_after_all_of_it_is_clean(deployed: Pair, found: Mapping[str, Mapping[str, str]]) -> None:
    """What was built by interrupted runs is removed as any other: the hosts are as they were found, and the state is empty."""
    deployed.destroy().succeeded()
    assert not deployed.resources()
    assert deployed.system.storage.local
    assert_as_found(deployed, found, images(deployed.system.storage.local.path))
