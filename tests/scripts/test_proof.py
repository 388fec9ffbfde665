"""proof: passes only where a push and a pull work, and a wrong password does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from render import proof
from render.script import Script
from settings import Fronted, Pair, Vms
from tests.golden.cases import fronted_http, fronted_tcp, loaded
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


# --- behind fronts


def _prove(system: Vms) -> Script:
    host = (*system.clients, *system.members)[0]
    return proof.script(system, host, ca_bundle=CA, user="admin", password=PASSWORD, changes="0123456789abcdef")


@pytest.fixture(params=["http", "tcp"])
def fronted(request: pytest.FixtureRequest, stack_folder: Path) -> Fronted:
    """Systems B and E."""
    made = loaded({"http": fronted_http, "tcp": fronted_tcp}[str(request.param)](), stack_folder)
    assert isinstance(made, Fronted)
    # system B names who may push, and its proof runs on a front
    return made.model_copy(update={"access": made.access.model_copy(update={"push": ()})})


def _ways_in(system: Fronted) -> list[str]:
    return [str(address) for address in (system.vip.address.ip, *(host.address for host in (*system.fronts, *system.registries)))]


@pytest.fixture
def prover(fronted: Fronted, based: Sandbox) -> Sandbox:
    """The host that proves, before fronts and replicas that all serve."""
    ports = {fronted.ports[0], fronted.haproxy.health_port}
    for address in _ways_in(fronted):
        for port in ports:
            based.set(f"http/{address}:{port}", "ready")
    based.set("reachable", "")
    return based


def test_what_goes_in_through_the_vip_comes_out_of_every_front_and_replica(fronted: Fronted, prover: Sandbox) -> None:
    """One push through the VIP, read through VIP, fronts and replicas, then deleted: all of them have the same store."""
    ran = prover.run(_prove(fronted), "apply")
    assert "failed" not in ran.err
    curls = [call for call in prover.calls if call.startswith("curl")]
    pushes = [call for call in curls if "-X PUT" in call and "/manifests/" in call]
    reads = [call for call in curls if "/manifests/" in call and "-X " not in call]
    assert [f":{fronted.vip.address.ip} " in call for call in pushes] == [True]
    assert [next(address for address in _ways_in(fronted) if f":{address} " in call) for call in reads] == _ways_in(fronted)
    assert f"skipped proof.outsider {_prove(fronted).host} is named in the settings" in ran.out


def test_proof_fails_where_one_replica_has_another_store(fronted: Fronted, prover: Sandbox) -> None:
    """Acknowledged through the VIP and not to be read through a replica: exit 75 names it."""
    prover.set("stores-apart", "")
    ran = prover.run(_prove(fronted), "apply", expect=75)
    assert f"digest read through {fronted.fronts[0].address}" in ran.err


@pytest.mark.parametrize("which", ["vip", "front", "replica"])
def test_proof_fails_where_a_front_or_replica_is_dead(which: str, fronted: Fronted, prover: Sandbox) -> None:
    """/health is asked of the VIP and of each front, images of each replica."""
    host = {"vip": fronted.vip.address.ip, "front": fronted.fronts[1].address, "replica": fronted.registries[1].address}[which]
    for at in (prover.state / "http").glob(f"{host}:*"):
        at.unlink()
    assert str(host) in prover.run(_prove(fronted), "apply", expect=75).err


def test_proof_asks_health_where_it_is(fronted: Fronted, prover: Sandbox) -> None:
    """In http mode on the published port; in tcp mode TLS ends at the replicas, so on a port of its own."""
    prover.run(_prove(fronted), "apply")
    port = fronted.haproxy.health_port if fronted.haproxy.mode == "tcp" else fronted.ports[0]
    asked = [call for call in prover.calls if call.startswith("curl") and call.endswith((f":{port}/health", f":{port}/_ping"))]
    assert len(asked) == 2 * (1 + len(fronted.fronts))


def test_proof_fails_where_statistics_are_reached_through_the_vip(fronted: Fronted, prover: Sandbox) -> None:
    """Statistics and metrics belong to a front's own address: reached at the VIP they are a fault."""
    prover.set("reachable", f"{fronted.vip.address.ip} {fronted.haproxy.stats.port}\n")
    ran = prover.run(_prove(fronted), "apply", expect=75)
    assert f"{fronted.vip.address.ip}:{fronted.haproxy.stats.port} from {_prove(fronted).host}: expected closed, got open" in ran.err


def test_proof_fails_where_a_client_reaches_an_agent(stack_folder: Path, based: Sandbox) -> None:
    """Only fronts may ask a registry host whether it serves: a client that gets there is a fault of the firewall."""
    system = loaded(fronted_tcp(), stack_folder)
    for address in _ways_in(system):
        for port in (443, system.haproxy.health_port):
            based.set(f"http/{address}:{port}", "ready")
    based.set("reachable", "10.20.0.22 15447\n")
    assert "10.20.0.22:15447 from push31: expected closed, got open" in based.run(_prove(system), "apply", expect=75).err
