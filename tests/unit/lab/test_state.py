"""What a lab keeps on disk."""

from pathlib import Path

import pytest
from cryptography import x509

from lab import plan as planning
from lab import stackfile
from lab.command import LabError
from lab.plan import Plan
from lab.state import State
from settings import StackFile

PROJECT_STACK = Path(__file__).parents[3] / "Pulumi.dev.yaml"


@pytest.fixture
def old() -> Plan:
    return planning.read(PROJECT_STACK, "dev")


def test_state_is_kept_when_prepared_again(state: State, plan: Plan) -> None:
    """A second `up` makes no new keys: hosts that run would no longer let anybody in."""
    before = {path: path.read_bytes() for path in state.place.rglob("*") if path.is_file()}
    state.prepare(plan)
    assert {path: path.read_bytes() for path in state.place.rglob("*") if path.is_file()} == before


def test_plan_is_read_back(state: State, plan: Plan) -> None:
    """Commands after `up` know the lab without its stack file."""
    assert state.plan() == plan


def test_plan_of_no_lab_says_how_to_start_one(tmp_path: Path) -> None:
    """Asking for a lab that was never started names the command that starts it."""
    with pytest.raises(LabError, match="python -m lab up"):
        State(tmp_path / "none").plan()


def test_private_keys_are_readable_by_owner_only(state: State) -> None:
    """No private key of a lab can be read by another user of this machine."""
    private = [path for path in state.place.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert len(private) == 5
    assert {path.stat().st_mode & 0o077 for path in private} == {0}


def test_known_hosts_pins_every_host(state: State, plan: Plan) -> None:
    """known_hosts has exactly one ed25519 key per host, each its own."""
    lines = [line.split() for line in state.known_hosts.read_text().splitlines()]
    assert [address for address, _, _ in lines] == [str(one.address) for one in plan.machines]
    assert {kind for _, kind, _ in lines} == {"ssh-ed25519"}
    assert len({key for _, _, key in lines}) == len(lines)


def test_mirror_certificate_is_signed_for_its_address(state: State, plan: Plan) -> None:
    """The mirror's certificate is valid for its address and signed by the CA that hosts are given."""
    leaf = x509.load_pem_x509_certificate(state.mirror_certificate.read_bytes())
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(state.mirror_ca.read_bytes()))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [plan.mirror]


def test_stack_file_of_second_lab_loads_with_its_own_addresses_and_files(state: State, old: Plan, plan: Plan) -> None:
    """The stack file written for a second lab passes all rules, names its own files and holds no address of the first."""
    stackfile.write(PROJECT_STACK, old, plan, state)
    pair = StackFile(state.stack_file).load()
    assert [(host.name, host.address) for host in (*pair.registries, *pair.clients)] == [(one.name, one.address) for one in plan.machines]
    assert (pair.ssh.key, pair.ssh.known_hosts, pair.registry.source.ca) == (str(state.key), str(state.known_hosts), str(state.mirror_ca))
    assert "172.30.0." not in state.stack_file.read_text()
