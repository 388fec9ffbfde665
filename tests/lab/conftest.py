"""A pair of real hosts for all tests of a session: `HA_REGISTRY_TEST_LAB` names its lab (default `test`)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.lab.calm import MachineStoodStillError
from tests.lab.client import Client
from tests.lab.deployment import Pair

STANDSTILLS = 3
"""How often a test is done again because the machine under the lab did not run; for no other reason is one done again."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: not part of the one whole story that `make test` tells; `make test-full` runs it")


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.flaky(reruns=STANDSTILLS, only_rerun=[MachineStoodStillError.__name__]))


@pytest.fixture(scope="session")
def pair() -> Iterator[Pair]:
    """Hosts that run; nothing is promised about what is deployed on them. `HA_REGISTRY_TEST_KEEP=1` leaves them up."""
    if os.geteuid() != 0:
        pytest.skip("lab hosts are containers with networks of their own: root only")
    made = Pair(os.environ.get("HA_REGISTRY_TEST_LAB", "test"))
    yield made
    if not os.environ.get("HA_REGISTRY_TEST_KEEP"):
        made.take_down()


@pytest.fixture(scope="module")
def fresh(pair: Pair) -> Pair:
    """Hosts as the distribution leaves them, with nothing deployed."""
    if not pair.is_untouched:
        pair.renew()
    return pair


@pytest.fixture(scope="module")
def deployed(pair: Pair) -> Pair:
    """The pair after an `up` with the lab's own settings."""
    pair.boot()
    pair.up().succeeded()
    return pair


@pytest.fixture
def client(deployed: Pair) -> Iterator[Client]:
    """push53, with nothing of a test left on it afterwards."""
    made = deployed.client
    yield made
    made.clean()
