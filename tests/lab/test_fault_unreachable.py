"""A host dies before or while `up` changes the pair."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from lab import docker, fault
from lab.host import Host
from tests.lab import snapshot
from tests.lab.deployment import Pair
from tests.lab.running import RunningUp
from tests.lab.serving import await_standing

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

NAMED_WITHIN_S = 60
START_S = 15
"""What the program itself takes on a busy machine before it asks any host, and after it knows."""


def freeze(host: Host) -> None:
    docker.docker("pause", host.container, doing=f"freezing {host.name}")


def thaw(host: Host) -> None:
    docker.docker("unpause", host.container, doing=f"thawing {host.name}")


@dataclass(frozen=True)
class Death:
    """How a host dies, and how it comes back."""

    dies: Callable[[Host], None]
    returns: Callable[[Host], None]


DEATHS = {"frozen": Death(freeze, thaw), "cut": Death(fault.cut, fault.heal), "off": Death(fault.power_off, fault.power_on)}


@pytest.mark.parametrize("name", DEATHS)
def test_dead_host_is_named_and_the_other_is_untouched(deployed: Pair, name: str) -> None:
    """`up` with a host that is dead names it within 60 s and changes nothing on the other; when it is back, `up` succeeds."""
    survivor, victim = await_standing(deployed)
    changes = {"registry.log.level": "debug", "vip.advert": "120ms"}
    DEATHS[name].dies(victim)
    try:
        # a death of the standby is no change on the survivor, so whatever differs afterwards is the work of `up`
        before, since = deployed.snapshot(survivor.name), deployed.now(survivor.name)
        started = time.monotonic()
        run = deployed.up(changes)
        took = time.monotonic() - started
        after = deployed.snapshot(survivor.name)
        touched = deployed.touched(survivor.name, since)
    finally:
        DEATHS[name].returns(victim)
    assert run.code != 0
    assert f"{victim.name}-precheck" in run.output, run.output
    assert str(victim.address) in run.output, run.output
    assert "Traceback" not in run.output
    assert took < NAMED_WITHIN_S + START_S, f"{took:.0f} s:\n{run.output}"
    assert snapshot.difference(before, after) == []
    assert touched == []
    await_standing(deployed)
    deployed.up(changes).succeeded()
    deployed.preview("--expect-no-changes", changes=changes).succeeded()
    await_standing(deployed)
    deployed.up().succeeded()


def test_host_dying_in_the_middle_is_named_and_the_next_is_not_begun(deployed: Pair) -> None:
    """A host that vanishes while it is changed ends `up` within 60 s with its name; the other host's registry was not touched."""
    await_standing(deployed)
    first, second = reversed(deployed.registries)
    changes = {"registry.log.level": "warn"}
    live = second.output(["cat", "/var/lib/ha-registry/live"])
    with RunningUp(deployed.up_in_background(changes)) as running:
        try:
            running.await_line(f"{first.name}-registry updating")
            fault.cut(first)
            died = time.monotonic()
            code, output = running.ended()
            took = time.monotonic() - died
        finally:
            fault.heal(first)
    assert code != 0
    assert f"{first.name}-registry" in output
    assert str(first.address) in output, output
    assert took < NAMED_WITHIN_S, f"{took:.0f} s:\n{output}"
    assert f"{second.name}-registry updat" not in output
    assert second.output(["cat", "/var/lib/ha-registry/live"]) == live
    await_standing(deployed)
    deployed.up(changes).succeeded()
    assert second.output(["cat", "/var/lib/ha-registry/live"]) != live
    await_standing(deployed)
    deployed.up().succeeded()
