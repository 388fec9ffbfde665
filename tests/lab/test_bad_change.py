"""Changes that cannot work: the old registry goes on, the reason is told, the other host is left alone, and a good change heals."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.lab.deployment import Pair
from tests.lab.load import Load

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]


def assert_refused(pair: Pair, changes: Mapping[str, object], reason: str) -> None:
    """`up` ends with 1 and says `reason` and which host; nobody notices; the first registry is not touched; the next `up` heals."""
    first, second = pair.registries
    assert pair.vip_holders() == [first.name]
    since = pair.now(first.name)
    with Load(pair) as load:
        bad = pair.up(changes)
    load.assert_unharmed()
    assert bad.code == 1, bad.output
    assert reason in bad.output, bad.output
    assert f"{second.name}-registry" in bad.output
    assert "Traceback" not in bad.output
    assert pair.vip_holders() == [first.name]
    assert pair.touched(first.name, since) == []
    with Load(pair) as load:
        pair.up().succeeded()
    load.assert_unharmed()
    for (host, concern), text in pair.scripts().items():
        done = pair.ssh(host, ["sudo", "-n", "bash", "-s", "--", "verify"], stdin=text)
        assert done.returncode == 0, f"{host} {concern}: {done.stdout}{done.stderr}"


def test_image_that_ends_at_once_is_refused(deployed: Pair) -> None:
    """A registry image whose program does not run never goes live."""
    bad = deployed.system.registry.image.replace("3.1.1", "3.1.99")
    assert_refused(deployed, {"registry.image": bad}, "the new registry did not become ready")


def test_image_that_is_not_there_is_refused(deployed: Pair) -> None:
    """A tag that the image's registry does not have is named, with the setting to mend."""
    bad = deployed.system.registry.image.replace("3.1.1", "3.9.9")
    assert_refused(deployed, {"registry.image": bad}, f"image {bad} could not be fetched")


def test_configuration_that_registry_cannot_read_is_refused(deployed: Pair) -> None:
    """Further configuration with which the registry ends never goes live, and its own last words are shown."""
    bad = {"middleware": {"registry": [{"name": "no-such-middleware"}]}}
    assert_refused(deployed, {"registry.config": bad}, "no-such-middleware")
