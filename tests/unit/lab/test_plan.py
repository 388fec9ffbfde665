"""Which machines a lab has, and where."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from lab import plan as planning
from lab.command import LabError

STACK = """\
config:
  ha-registry:system:
    topology: pair
    vip: {address: 172.30.0.50/24, interface: eth0, vrid: 55}
    registries:
      node51: 172.30.0.51
      node52: {address: 172.30.0.52, interface: eth0}
    clients: {push53: 172.30.0.53}
"""


@pytest.fixture
def stack_file(tmp_path: Path) -> Path:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(STACK)
    return path


def test_plan_has_every_host_of_the_stack_file(stack_file: Path) -> None:
    """Hosts are machines of the lab in both spellings a stack file allows, with the role of their group."""
    plan = planning.read(stack_file, "dev")
    assert [(one.name, str(one.address), one.role) for one in plan.machines] == [
        ("node51", "172.30.0.51", "registry"),
        ("node52", "172.30.0.52", "registry"),
        ("push53", "172.30.0.53", "client"),
    ]


def test_plan_puts_router_into_both_networks(stack_file: Path) -> None:
    """The router stands in both networks and the outsider in the other one, else no packet of his reaches a host."""
    plan = planning.read(stack_file, "dev")
    here, there = plan.router
    assert here in plan.inside
    assert there in plan.outside
    assert plan.outsider in plan.outside
    assert not plan.inside.overlaps(plan.outside)


def test_plan_is_the_one_of_the_project() -> None:
    """The lab of the project's own stack file has the addresses that its documentation promises."""
    plan = planning.read(Path(__file__).parents[3] / "Pulumi.dev.yaml", "dev")
    assert (str(plan.inside), str(plan.outside), str(plan.mirror)) == ("172.30.0.0/24", "172.30.1.0/24", "172.30.0.10")
    assert str(plan.outsider) == "172.30.1.99"


def test_moved_plan_keeps_names_and_last_parts(stack_file: Path) -> None:
    """A second lab has the same hosts at the same places of another network."""
    moved = planning.read(stack_file, "dev").moved("blue", IPv4Network("172.30.4.0/24"))
    assert (moved.lab, moved.vip, moved.outsider) == ("blue", IPv4Address("172.30.4.50"), IPv4Address("172.30.5.99"))
    assert {one.name: str(one.address) for one in moved.machines} == {
        "node51": "172.30.4.51",
        "node52": "172.30.4.52",
        "push53": "172.30.4.53",
    }


def test_candidates_never_overlap_with_each_others_outside(stack_file: Path) -> None:
    """Of all networks offered to further labs, none overlaps with another lab's inside or outside."""
    plan = planning.read(stack_file, "dev")
    labs = [plan, *(plan.moved("other", network) for network in planning.candidates(plan.inside))]
    networks = [network for lab in labs for network in (lab.inside, lab.outside)]
    assert len(set(networks)) == len(networks) == 256


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("172.30.0.10:5000/library/registry:3.1.1", "172.30.4.10:5000/library/registry:3.1.1"),
        ("172.30.0.50/24", "172.30.4.50/24"),
        ("172.30.1.99", "172.30.5.99"),
        ("10.0.0.1", "10.0.0.1"),
        ("172.30.0.999", "172.30.0.999"),
        ("1.172.30.0.5", "1.172.30.0.5"),
        ("name", "name"),
    ],
)
def test_addresses_in_text_move_with_the_lab(stack_file: Path, text: str, moved: str) -> None:
    """Every address of the lab's networks moves, whatever surrounds it, and nothing else does."""
    old = planning.read(stack_file, "dev")
    assert planning.in_other_network(text, old, old.moved("blue", IPv4Network("172.30.4.0/24"))) == moved


@pytest.mark.parametrize(
    ("written", "instead", "words"),
    [
        ("topology: pair", "topologi: pair", "topology"),
        ("172.30.0.51", "172.31.0.51", "node51 172.31.0.51 is outside 172.30.0.0/24"),
        ("172.30.0.50/24", "fe80::1/64", "write an IPv4 address"),
        ("config:", "konfig:", "Pulumi.dev.yaml"),
    ],
)
def test_plan_refuses_what_no_lab_can_have(stack_file: Path, written: str, instead: str, words: str) -> None:
    """A stack file that describes no lab is refused with the file, the value and what to do."""
    stack_file.write_text(STACK.replace(written, instead))
    with pytest.raises(LabError, match=words):
        planning.read(stack_file, "dev")
