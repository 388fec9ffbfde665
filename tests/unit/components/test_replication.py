"""Copies of images in a pair: where they are made, in which order, and with which secrets."""

from __future__ import annotations

import json

from settings import Pair
from tests.golden.cases import CASES
from tests.unit.components.conftest import Run, secrets_of
from tests.unit.components.engine_double import FakeEngine


def engine_all(engine: FakeEngine, concern: str) -> set[str]:
    return {name for name in engine.commands if name.endswith(f"-{concern}")}


def test_images_are_copied_before_the_vip_can_move(engine: FakeEngine) -> None:
    """What copies images is there before the first host holds the VIP, and after the registry that it asks."""
    for name in engine_all(engine, "vip"):
        assert engine_all(engine, "replication") <= engine.before(name)
    for host in ("registry01", "registry02"):
        assert f"{host}-registry" in engine.before(f"{host}-replication")


def test_shared_images_are_not_copied(run: Run) -> None:
    """On shared storage there is no replication on any host."""
    mapping = CASES["pair-s3"]()
    assert engine_all(run(mapping, secrets=secrets_of(mapping)), "replication") == set()


def test_images_are_not_copied_where_that_is_switched_off(run: Run) -> None:
    """No script, no login, no endpoint of the registry: nothing of it is on any host."""
    engine = run(CASES["pair"]() | {"replication": {"enabled": False}})
    assert engine_all(engine, "replication") == set()
    assert "notifications" not in engine.commands["registry01-registry"].plain("stdin")
    assert "identity-ha-registry" not in {resource.name for resource in engine.of("random:index/randomPassword:RandomPassword")}


def test_hosts_log_in_to_each_other_by_a_user_of_their_own(up: FakeEngine, system: Pair) -> None:
    """The login lies in identity alone, closed to others, for both registries by their own addresses; htpasswd knows its hash."""
    for host in system.registries:
        script = up.commands[f"{host.name}-identity"]
        assert script.is_secret("stdin")
        text = script.plain("stdin")
        (written,) = [line for line in text.splitlines() if line.startswith('{"auths"') and "192.168.23.51:443" in line]
        assert set(json.loads(written)["auths"]) == {"192.168.23.51:443", "192.168.23.52:443"}
        assert "0600:ha-registry /etc/ha-registry/identity/replication/auth.json" in text
        assert "0600:ha-registry /etc/ha-registry/identity/replication/login" in text
        assert "\nha-registry:$2b$05$" in text
