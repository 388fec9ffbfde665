"""Two pods of a registry that share a bucket: what one was given every other one has, and none of them is missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from lab.host import Host
from render.kubernetes.manifest import HTTPS_PORT
from tests.lab.client import Client
from tests.lab.cluster import ClusterOnS3
from tests.lab.outcome import Run
from tests.lab.pushes import Pushes

pytestmark = [pytest.mark.full, pytest.mark.timeout(2400)]
"""The first of all builds Kubernetes and the Ceph image where no lab had them before."""


@pytest.fixture(scope="module")
def first(cluster_on_s3: ClusterOnS3) -> Run:
    if not cluster_on_s3.is_untouched:
        cluster_on_s3.renew()
    return cluster_on_s3.up()


@pytest.fixture(scope="module")
def served(cluster_on_s3: ClusterOnS3, first: Run) -> ClusterOnS3:
    first.succeeded()
    return cluster_on_s3


@pytest.fixture(scope="module")
def client(served: ClusterOnS3) -> Iterator[Client]:
    with served.known_to_client() as made:
        yield made


@pytest.fixture(scope="module")
def kept(client: Client) -> str:
    """Digest of `s3/kept:1`, which outlives pods and the stack."""
    return client.push("s3/kept:1")


def through(served: ClusterOnS3, node: Host) -> str:
    """The way in by a node's port."""
    return f"{node.address}:{served.system.ports[0]}"


def replicas(served: ClusterOnS3) -> Sequence[str]:
    """Each pod itself, which only nodes reach."""
    return [f"{pod['status']['podIP']}:{HTTPS_PORT}" for pod in served.pods()]


def test_first_up_ends_with_two_pods_on_two_nodes(first: Run, cluster_on_s3: ClusterOnS3) -> None:
    """The first `up` ends with 0 and two pods that are ready, on different nodes, without a volume."""
    first.succeeded()
    pods = cluster_on_s3.pods()
    ready = [{one["type"]: one["status"] for one in pod["status"]["conditions"]}["Ready"] for pod in pods]
    assert ready == ["True", "True"]
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 2
    assert cluster_on_s3.get("persistentvolumeclaims", "--all-namespaces") == []


def test_image_comes_back_through_every_node(served: ClusterOnS3, client: Client, kept: str) -> None:
    """What Docker pushed through one node's port comes back with its digest through each node."""
    for node in served.nodes:
        served.point_client_at(node)
        client.pull("s3/kept:1", kept)


def test_image_pushed_through_one_node_is_on_every_replica(served: ClusterOnS3) -> None:
    """Images whose requests cross pods, pushed through one node's port, are read byte by byte from each pod itself."""
    first, other = served.nodes[:2]
    found = replicas(served)
    assert len(found) == 2
    with Pushes(served, on=first, through=through(served, other), read_at=found, clients=4, at_least=3) as pushes:
        pass
    report = pushes.read_back()
    assert (report.failed, report.lost) == (0, []), report
    assert report.read == report.acknowledged >= 12, report


def test_deleted_pod_loses_no_acknowledged_push(served: ClusterOnS3) -> None:
    """One of two pods is deleted under pushes: another takes its place, and every image that was acknowledged is read back."""
    entry = served.nodes[0]
    victim = served.pods()[0]
    with Pushes(served, through=through(served, entry), read_at=[through(served, node) for node in served.nodes], clients=4) as pushes:
        served.kubectl("delete", "pod", victim["metadata"]["name"], "--namespace", served.namespace, "--wait=false")
        served.await_replaced(victim)
    report = pushes.read_back()
    assert report.acknowledged > 4, report
    assert report.lost == [], report


def test_second_up_changes_nothing(served: ClusterOnS3) -> None:
    """Without a change, `preview` expects none, and `up` leaves every pod alone."""
    served.assert_nothing_to_change()


@pytest.mark.usefixtures("kept")
def test_destroy_leaves_the_bucket_alone_and_nothing_else(served: ClusterOnS3, client: Client) -> None:
    """`destroy` takes every object and every node's trust away, and leaves every object of the bucket."""
    client.clean()
    stored = served.bucket_objects()
    assert stored > 0
    served.destroy().succeeded()
    assert served.bucket_objects() == stored
    served.assert_left()


def test_next_up_serves_the_images_that_stayed(cluster_on_s3: ClusterOnS3, kept: str) -> None:
    """After `destroy`, `up` finds the bucket as it was left: an image pushed before is pulled, by the new CA and the new password."""
    cluster_on_s3.up().succeeded()
    with cluster_on_s3.known_to_client() as client:
        assert client.login().returncode == 0
        client.pull("s3/kept:1", kept)
    cluster_on_s3.destroy().succeeded()
