"""Registries behind fronts that keep their images on CephFS, mounted on each of them by ceph-fuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from lab import fault
from render.layout import STORE_UNIT
from settings import StackFile
from tests.lab import engine
from tests.lab.fronted import Fronted
from tests.lab.pushes import Pushes
from tests.lab.serving import Moves
from tests.lab.settled import assert_as_found, assert_no_drift_and_silence, assert_nothing_to_change
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(1200)]

SOURCE = engine.PROJECT / "lab" / "stacks" / "fronted.yaml"
CEPHFS = {"monitors": ["172.30.0.11"], "filesystem": "lab", "folder": "/registry", "user": "registry", "fuse": True}
"""As the lab's storage team says it; the address moves with the lab."""

Snapshots = Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="module")
def fresh_cephfs(fronted: Fronted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fronted, Snapshots]]:
    """Fresh hosts with the stack file for CephFS, and what they look like."""
    fronted.renew()
    stack = StackFile(SOURCE)
    stack.set("storage", {"cephfs": CEPHFS})
    file = tmp_path_factory.mktemp("cephfs") / "fronted.yaml"
    stack.write(file)
    fronted.use(file)
    yield fronted, {name: fronted.snapshot(name) for name in fronted.hosts}
    fronted.renew()


@pytest.fixture(scope="module")
def mounted(fresh_cephfs: tuple[Fronted, Snapshots]) -> Fronted:
    """After the first `up`."""
    made = fresh_cephfs[0]
    made.up().succeeded()
    made.await_replicas()
    return made


def test_image_is_on_every_replica(mounted: Fronted) -> None:
    """What is pushed through the VIP while requests of one upload cross replicas is read from each of them, and lies on CephFS."""
    with Pushes(mounted, read_at=[str(host.address) for host in mounted.registries], clients=8, layers=3, at_least=2) as pushes:
        pass
    report = pushes.read_back()
    assert (report.failed, report.lost) == (0, []), report
    assert mounted.ceph.output(["rados", "--pool", "fs.data", "ls"]) != ""


def test_nothing_to_change_and_no_drift(mounted: Fronted) -> None:
    """A second `up` changes nothing, `verify` finds nothing, a second `apply` has nothing to say."""
    assert_nothing_to_change(mounted)
    assert "storage" in assert_no_drift_and_silence(mounted)


def test_unmounted_folder_is_no_empty_registry(mounted: Fronted) -> None:
    """A replica whose mount is gone never says of a known image that it is not there; fronts take it out, and back with the mount."""
    client = mounted.client
    digest = client.push("cephfs/kept:1")
    victim = mounted.registries[0]
    path, address = f"/v2/cephfs/kept/manifests/{digest}", str(victim.address)
    assert client.status(path, address=address) == "200"
    with Moves(mounted) as moves:
        victim.output(["systemctl", "stop", STORE_UNIT])
        try:
            eventually(lambda: client.status(path, address=address), lambda seen: seen != "200", what="the replica stops serving")
            seen = {client.status(path, address=address) for _ in range(20)}
            assert seen <= {"000", "503"}, seen
            mounted.await_replica(victim.name, "down", within_s=30)
            client.pull("cephfs/kept:1", digest)
        finally:
            victim.output(["systemctl", "start", STORE_UNIT])
            victim.output(["systemctl", "start", "ha-registry.service"])
        mounted.await_replicas()
    moves.assert_at_most(0)
    assert client.status(path, address=address) == "200"


def test_mount_is_back_before_the_registry_after_a_reboot(mounted: Fronted) -> None:
    """After a reboot a replica serves the images that are on CephFS, and never an empty folder."""
    client = mounted.client
    digest = client.push("cephfs/rebooted:1")
    victim = mounted.registries[1]
    path, address = f"/v2/cephfs/rebooted/manifests/{digest}", str(victim.address)
    fault.reboot(victim)
    seen: set[str] = set()

    def asked() -> str:
        status = client.status(path, address=address)
        seen.add(status)
        return status

    eventually(asked, lambda status: status == "200", what="the replica serves", within_s=240)
    assert "404" not in seen, seen
    mounted.await_replicas()


def test_destroy_leaves_hosts_as_they_were_and_keeps_images(fresh_cephfs: tuple[Fronted, Snapshots], mounted: Fronted) -> None:
    """`destroy` takes the mount away and leaves hosts as before the first `up`; the images stay on CephFS."""
    mounted.client.clean()
    mounted.destroy().succeeded()
    assert mounted.ceph.output(["rados", "--pool", "fs.data", "ls"]) != ""
    assert_as_found(mounted, fresh_cephfs[1])
