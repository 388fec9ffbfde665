"""Planned changes of running fronts and registries: each goes live without a lost request, and leaves the VIP where it is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.lab.client import Client
from tests.lab.fronted import Fronted
from tests.lab.load import Load
from tests.lab.pushes import Pushes
from tests.lab.serving import Moves
from tests.lab.settled import assert_no_drift_and_silence

pytestmark = [pytest.mark.full, pytest.mark.timeout(1200)]

BIG_BYTES = 500_000_000
OWN_PASSWORD = "correct-horse-battery-staple-1158"


def changed_under_load(whole: Fronted, changes: Mapping[str, object], secrets: Mapping[str, str] | None = None) -> None:
    """`up` with `changes` ends with 0, no request fails, no push fails, and the VIP has not moved, not even there and back."""
    replicas = [str(host.address) for host in whole.registries]
    with Moves(whole) as moves, Pushes(whole, read_at=replicas) as pushes, Load(whole) as load:
        whole.up(changes, secrets).succeeded()
    load.assert_unharmed()
    moves.assert_at_most(0)
    report = pushes.read_back()
    assert (report.failed, report.lost) == (0, []), report
    assert report.acknowledged > 0, report


def assert_only_reloaded(whole: Fronted, since: Mapping[str, str]) -> None:
    """Every front's haproxy was reloaded and never stopped; nothing of a registry was touched."""
    for front in whole.fronts:
        said = [line for line in whole.touched(front.name, since[front.name]) if line.startswith("haproxy.service")]
        assert said, front.name
        assert [line for line in said if "Reload" not in line] == [], front.name
    for host in whole.registries:
        assert [line for line in whole.touched(host.name, since[host.name]) if line.startswith("ha-registry@")] == [], host.name


def test_setting_of_haproxy_changes(whole: Fronted) -> None:
    """Another interval of checks is taken by a reload of both fronts, one after the other, and back."""
    for changes in ({"haproxy.check.interval": "700ms"}, {}):
        since = {name: whole.now(name) for name in whole.hosts}
        changed_under_load(whole, changes)
        assert_only_reloaded(whole, since)
    assert_no_drift_and_silence(whole)


def test_image_is_upgraded_on_all_registries(whole: Fronted) -> None:
    """Another tag of the image replaces the containers of every registry, one host after the other; going back does too."""
    newer = whole.system.registry.image.replace("3.1.1", "3.1.2")
    changed_under_load(whole, {"registry.image": newer})
    assert all(newer in host.output(["docker", "ps", "--format", "{{.Image}}"]) for host in whole.registries)
    changed_under_load(whole, {})
    assert not any(newer in host.output(["docker", "ps", "--format", "{{.Image}}"]) for host in whole.registries)
    assert_no_drift_and_silence(whole)


def test_user_comes_and_goes(whole: Fronted, pusher: Client) -> None:
    """A new user's password works at every way in, and after he is removed at none."""
    changed_under_load(whole, {"users": ["admin", "robot"]})
    robot = Client(pusher.host, pusher.name, pusher.vip, "robot", whole.outputs()["passwords"]["robot"])
    assert {robot.status("/v2/", address=address) for address in whole.ways_in} == {"200"}
    changed_under_load(whole, {})
    assert {robot.status("/v2/", address=address) for address in whole.ways_in} == {"401"}
    assert_no_drift_and_silence(whole)


def test_password_of_the_statistics_changes(whole: Fronted, pusher: Client) -> None:
    """The user's own password opens the statistics of each front once it is set, and the generated one no more; and back."""
    stats = whole.system.haproxy.stats

    def asked(password: str) -> set[str]:
        login = Client(pusher.host, pusher.name, pusher.vip, stats.user, password)
        return {login.status(stats.path, address=str(front.address), port=stats.port) for front in whole.fronts}

    generated = whole.outputs()["stats"]["password"]
    changed_under_load(whole, {}, {"statsPassword": OWN_PASSWORD})
    assert (asked(OWN_PASSWORD), asked(generated)) == ({"200"}, {"401"})
    changed_under_load(whole, {})
    assert (asked(OWN_PASSWORD), asked(whole.outputs()["stats"]["password"])) == ({"401"}, {"200"})


def test_big_push_outlives_a_change_of_everything(whole: Fronted, pusher: Client) -> None:
    """A push and a pull of a big layer that last while registries are replaced and fronts reload succeed without a retry."""
    with Load(whole) as load:
        running = whole.up_in_background({"registry.log.level": "debug", "haproxy.check.interval": "700ms"})
        try:
            while running.poll() is None:
                pusher.pull("change/big:1", pusher.push("change/big:1", layers=1, layer_bytes=BIG_BYTES))
        finally:
            output = running.communicate()[0]
    assert running.returncode == 0, output
    load.assert_unharmed()
    whole.up().succeeded()
