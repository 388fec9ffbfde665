"""The lab of two fronts before several registries, and the Ceph that belongs to it."""

from pathlib import Path

import pytest

import settings
from lab import image, machine, stackfile
from lab import plan as planning
from lab.ceph import SECRETS
from lab.plan import Plan
from lab.state import State
from settings import StackFile

STACK = Path(__file__).parents[3] / "lab" / "stacks" / "fronted.yaml"


@pytest.fixture
def old() -> Plan:
    return planning.read(STACK, "fronted")


def test_plan_has_fronts_registries_and_clients(old: Plan) -> None:
    """Every host of the stack file is a machine with the role of its group, registries first, and Ceph is none of them."""
    assert [(one.name, str(one.address), one.role) for one in old.machines] == [
        ("replica71", "172.30.0.71", "registry"),
        ("replica72", "172.30.0.72", "registry"),
        ("replica73", "172.30.0.73", "registry"),
        ("front61", "172.30.0.61", "front"),
        ("front62", "172.30.0.62", "front"),
        ("push53", "172.30.0.53", "client"),
    ]
    assert str(old.vip) == "172.30.0.60"


@pytest.mark.parametrize(("storage", "booted"), [("s3:", True), ("cephfs:", True), ("local:", False), ("nfs:", False)])
def test_ceph_is_there_for_storage_that_is_on_it(tmp_path: Path, storage: str, booted: bool) -> None:
    """A lab has a Ceph where the stack file's storage is S3 or CephFS, and none where it is not."""
    file = tmp_path / "stack.yaml"
    file.write_text(STACK.read_text().replace("s3:", storage))
    plan = planning.read(file, "fronted")
    assert [one.name for one in plan.booted if one not in plan.machines] == ["ceph"] * booted


def test_moved_plan_takes_ceph_along(plan: Plan) -> None:
    """A second lab has a Ceph of its own, at the same place of its own network."""
    assert plan.ceph is not None
    assert (str(plan.ceph.address), str(plan.vip)) == ("172.30.4.11", "172.30.4.60")


def test_stack_file_of_lab_speaks_of_this_lab_alone(state: State, old: Plan, plan: Plan) -> None:
    """The stack file that `up` writes has this lab's addresses, its gateway and the CA that signed the gateway's certificate."""
    stackfile.write(STACK, old, plan, state)
    system = StackFile(state.stack_file).system
    assert system["storage"]["s3"]["endpoint"] == "https://172.30.4.11:8443"
    assert system["storage"]["s3"]["ca"] == str(state.ceph_ca)
    assert "172.30.0." not in state.stack_file.read_text()


def test_stack_file_of_lab_passes_all_rules(state: State, old: Plan, plan: Plan) -> None:
    """With the secrets of the storage the stack file is one that the program takes, with every host where the lab has it."""
    stackfile.write(STACK, old, plan, state)
    system = settings.load(StackFile(state.stack_file).system, state.place, "blue", SECRETS["s3"])
    assert isinstance(system, settings.Fronted)
    assert [(host.name, host.address) for host in system.hosts] == [(one.name, one.address) for one in plan.machines]
    assert list(settings.warnings(system)) == []


def test_secrets_set_in_the_stack_file_stay(state: State, old: Plan, plan: Plan) -> None:
    """A second `up` leaves the file with its secrets alone; one after a changed setting writes it anew."""
    stackfile.write(STACK, old, plan, state)
    secret = "  ha-registry:s3AccessKey: {secure: v1:a:b}\n"
    text = state.stack_file.read_text().replace("config:\n", f"config:\n{secret}")
    state.stack_file.write_text(text)
    stackfile.write(STACK, old, plan, state)
    assert state.stack_file.read_text() == text
    state.stack_file.write_text(text.replace("vrid: 61", "vrid: 62"))
    stackfile.write(STACK, old, plan, state)
    assert secret not in state.stack_file.read_text()
    assert not state.stack_file.with_suffix(".new").exists()


def test_only_registries_beside_ceph_can_mount_it(plan: Plan) -> None:
    """/dev/fuse is given to registries of a lab with Ceph, and to no other host; a pair's hosts have no device."""
    images = image.Recipe(suite="s", sources=(), proxy="", ca_bundle=b"", init="")
    pair = planning.read(STACK.parents[2] / "Pulumi.dev.yaml", "dev")
    given = {one.name: machine.outfit(plan, one, images).devices for one in plan.machines}
    assert given == {one.name: ("/dev/fuse",) * (one.role == "registry") for one in plan.machines}
    assert [machine.outfit(pair, one, images).devices for one in pair.machines] == [()] * 3
