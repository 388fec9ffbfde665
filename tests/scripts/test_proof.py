"""proof: passes only where a push and a pull work, and a wrong password does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from render import proof
from settings import Pair
from tests.scripts.concerns import CA, Concerns
from tests.scripts.sandbox import Sandbox
from tests.scripts.snapshot import leftovers, outside_state

PASSWORD = "secret"
WAYS_IN = ("192.168.23.50", "192.168.23.51", "192.168.23.52")


@pytest.fixture
def client(based: Sandbox) -> Sandbox:
    """push01, in front of a registry that serves everywhere."""
    for address in WAYS_IN:
        for port in (443, 80):
            based.set(f"http/{address}:{port}", "ready")
    based.set("http/192.168.23.50:443", "ready")
    return based


@pytest.fixture
def prove(system: Pair) -> Callable[[str], object]:
    """The proof script of push01 for a password."""
    return lambda password: proof.script(
        system, system.clients[0], ca_bundle=CA, user="admin", password=password, changes="0123456789abcdef"
    )


def test_proof_passes_and_leaves_nothing(scripts: Concerns, prove: Callable[[str], str], client: Sandbox) -> None:
    """Push and pull through the VIP and every node, then by Docker; no file, no image, no manifest stays."""
    before = outside_state(client.tree())
    ran = client.run(prove(PASSWORD), "apply")
    assert "failed" not in ran.err
    assert leftovers(before, outside_state(client.tree())) == []
    used = " ".join(call for call in client.calls if call.startswith("curl"))
    assert all(f":{address} " in used for address in WAYS_IN)
    assert not [path for path in (client.state / "store").iterdir() if "manifests%sha256" in path.name]
    assert not list((client.state / "docker/images").iterdir())
    assert [call for call in client.calls if call.startswith("docker push")]


def test_proof_carries_the_password_in_no_argument(prove: Callable[[str], str], client: Sandbox) -> None:
    """No program sees the password in its arguments."""
    client.run(prove(PASSWORD), "apply")
    assert not [call for call in client.calls if PASSWORD in call]


@pytest.mark.parametrize("password", ["pass word", 'quo"te', "back\\slash", "$(id)`id`'", "täglich#1%"])
def test_proof_with_any_password(password: str, prove: Callable[[str], str], client: Sandbox) -> None:
    """A user's own password reaches the registry as it is, whatever characters it has."""
    client.set("login", f"admin:{password}")
    client.run(prove(password), "apply")


def test_proof_fails_on_a_wrong_password(prove: Callable[[str], str], client: Sandbox) -> None:
    """The registry knows another password: exit 75 with expected and actual answer."""
    client.set("login", "admin:another")
    ran = client.run(prove(PASSWORD), "apply", expect=75)
    assert "failed push01 proof: 192.168.23.50:443 with password: expected 200, got 401" in ran.err
    assert not [path for path in (client.root / "tmp").iterdir()]


@pytest.mark.parametrize("address", WAYS_IN)
def test_proof_fails_where_one_way_in_is_dead(address: str, prove: Callable[[str], str], client: Sandbox) -> None:
    """Every node is asked by itself, the VIP alone is not enough."""
    (client.state / f"http/{address}:443").unlink()
    ran = client.run(prove(PASSWORD), "apply", expect=75)
    assert address in ran.err


def test_proof_of_a_client_that_may_not_push_says_so(scripts: Concerns, system: Pair, client: Sandbox) -> None:
    """What cannot be checked is named: `skipped KEY REASON`, exit 0."""
    script = scripts["proof"]
    ran = client.run(script, "apply")
    assert "skipped proof.push registry01 is not in access.push" in ran.out


def test_proof_without_docker_says_so(prove: Callable[[str], str], client: Sandbox) -> None:
    """A client without Docker is proved by the protocol alone, and that is named."""
    client.set("docker/down", "")
    assert "skipped proof.client no Docker on push01" in client.run(prove(PASSWORD), "apply").out
