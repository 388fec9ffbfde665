"""Real hosts for all tests of a session: `HA_REGISTRY_TEST_LAB` names their lab (default `test`; others end in their topology)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TypeVar

import pytest

from tests.lab.calm import MachineStoodStillError
from tests.lab.client import Client
from tests.lab.cluster import Cluster, ClusterOnS3
from tests.lab.deployment import Deployment, Pair
from tests.lab.fronted import Fronted

Made = TypeVar("Made", bound=Deployment)

RUNNING: list[Deployment] = []
"""At most one: two labs at once would disturb what is measured in either."""

STANDSTILLS = 3
"""How often a test is done again because the machine under the lab did not run; for no other reason is one done again."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: not part of the whole stories that `make test` tells; `make test-full` runs it")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of fronts come last, those of clusters after them, on S3 last of all: between topologies the hosts are made anew."""
    order = ("tests/lab/test_fronted_", "tests/lab/test_kubernetes_", "tests/lab/test_kubernetes_s3")
    items.sort(key=lambda item: max((place for place, start in enumerate(order, 1) if start in item.nodeid), default=0))


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.flaky(reruns=STANDSTILLS, only_rerun=[MachineStoodStillError.__name__]))


@pytest.fixture(scope="session")
def pair() -> Iterator[Pair]:
    """Hosts of a pair that run; nothing is promised about what is deployed on them. `HA_REGISTRY_TEST_KEEP=1` leaves them up."""
    yield from _alone(Pair, "")


@pytest.fixture(scope="session")
def fronted() -> Iterator[Fronted]:
    """The same with two fronts before three registries."""
    yield from _alone(Fronted, "-fronted")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The same with the nodes of a cluster, on which nothing of ours runs."""
    yield from _alone(Cluster, "-kubernetes")


@pytest.fixture(scope="session")
def cluster_on_s3() -> Iterator[ClusterOnS3]:
    """The same beside a Ceph."""
    yield from _alone(ClusterOnS3, "-kubernetes-s3")


def _alone(kind: type[Made], ending: str) -> Iterator[Made]:
    if os.geteuid() != 0:
        pytest.skip("lab hosts are containers with networks of their own: root only")
    while RUNNING:
        RUNNING.pop().take_down()
    made = kind(os.environ.get("HA_REGISTRY_TEST_LAB", "test") + ending)
    RUNNING.append(made)
    yield made
    if made in RUNNING and not os.environ.get("HA_REGISTRY_TEST_KEEP"):
        RUNNING.remove(made)
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


@pytest.fixture(scope="module")
def whole(fronted: Fronted) -> Fronted:
    """Fronts and registries after an `up` with the lab's own settings, every replica in service."""
    fronted.boot()
    fronted.up().succeeded()
    fronted.await_replicas()
    return fronted


@pytest.fixture
def pusher(whole: Fronted) -> Iterator[Client]:
    """push53 of the fronts, with nothing of a test left on it afterwards."""
    made = whole.client
    yield made
    made.clean()
