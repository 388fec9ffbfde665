"""PairTopology: which scripts on which hosts, in which order, with which options, and what is secret."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import bcrypt
import pytest

from settings import Pair
from tests.golden.cases import CASES, HOST_CASES, host_key
from tests.unit.components.conftest import Run, run_system, secrets_of
from tests.unit.components.engine_double import FakeEngine, is_unknown

SERVING = ("precheck", "base", "identity", "firewall", "registry", "replication", "vip", "trust")
PLAIN = ("precheck", "base", "firewall", "registry", "replication", "vip")
SECRET = ("identity", "proof")


def test_every_host_gets_its_concerns(engine: FakeEngine) -> None:
    """Registries get all concerns, a client only what concerns it, and the first client proves the whole."""
    expected = {f"{host}-{concern}" for host in ("registry01", "registry02") for concern in SERVING}
    expected |= {f"push01-{concern}" for concern in ("precheck", "base", "trust", "proof")}
    assert set(engine.commands) == expected


@pytest.mark.parametrize("case", HOST_CASES)
def test_at_most_8_commands_per_host(case: str, run: Run) -> None:
    """Each costs an SSH connection per `up` and its text twice in the state; one more where the proof has no client to run on."""
    mapping = CASES[case]()
    engine = run(mapping, secrets=secrets_of(mapping))
    assert max(Counter(name.rsplit("-", 1)[0] for name in engine.commands if not name.endswith("-proof")).values()) <= 8


def test_commands_are_safe(engine: FakeEngine) -> None:
    """Pinned host key, delete before replace, nothing in the environment, a time limit: each of these is off by default."""
    for name, command in engine.commands.items():
        inputs, request = command.inputs, command.request
        connection = command.plain("connection")
        host = {"registry01": "192.168.23.51", "registry02": "192.168.23.52", "push01": "192.168.23.53"}[name.rsplit("-", 1)[0]]
        assert connection["host"] == host
        assert connection["hostKey"] == host_key(host)
        assert connection["user"] == "ops"
        assert connection["dialErrorLimit"] == 2
        assert connection["perDialTimeout"] == 10
        assert inputs["addPreviousOutputInEnv"] is False
        assert "environment" not in inputs
        assert inputs["triggers"] == [host]
        assert request.deleteBeforeReplace
        assert request.customTimeouts.create


def test_no_secret_in_a_command_line(engine: FakeEngine) -> None:
    """create, update and delete are plain words: what they contain is shown by every failure."""
    for command in engine.commands.values():
        for key in ("create", "update", "delete"):
            assert isinstance(command.inputs[key], str)
        assert command.inputs["create"] == command.inputs["update"]
        assert command.inputs["create"].endswith(" bash -s -- apply")
        assert command.inputs["delete"].endswith(" bash -s -- remove")
        assert command.inputs["create"].startswith("sudo -n timeout ")


def test_private_key_is_secret(engine: FakeEngine) -> None:
    """The key with which we get onto every host is never plain in a request."""
    for command in engine.commands.values():
        whole, inner = command.is_secret("connection"), command.inputs["connection"]
        assert whole or isinstance(inner["privateKey"], dict)
        assert "PRIVATE KEY" in str(command.inputs["connection"])


def test_plain_concerns_are_readable_in_the_first_preview(engine: FakeEngine) -> None:
    """The text of every script without secrets is a known, plain string: a preview shows its changed lines."""
    for name, command in engine.commands.items():
        if name.rsplit("-", 1)[1] in PLAIN:
            assert isinstance(command.inputs["stdin"], str)
            assert not is_unknown(command.inputs["stdin"])
            assert command.inputs["stdin"].endswith('main "$@" </dev/null\nexit\n')


def test_secret_concerns_are_secret_as_a_whole(up: FakeEngine) -> None:
    """identity and proof carry keys and passwords: their stdin is marked, all others' is not."""
    for name, command in up.commands.items():
        assert command.is_secret("stdin") is (name.rsplit("-", 1)[1] in SECRET)


def test_no_plain_input_holds_a_secret(up: FakeEngine) -> None:
    """No generated password, key or http secret stands in any input that is not marked."""
    for resource in up.made:
        for key, value in resource.inputs.items():
            if not resource.is_secret(key) and key != "connection":
                text = str(value)
                assert "generated identity" not in text, f"{resource.name}.{key}"


# --- order


def _all(engine: FakeEngine, concern: str) -> set[str]:
    return {name for name in engine.commands if name.endswith(f"-{concern}")}


def test_all_prechecks_come_before_anything_is_changed(engine: FakeEngine) -> None:
    """One host that refuses keeps all others untouched."""
    prechecks = _all(engine, "precheck")
    assert len(prechecks) == 3
    for name in engine.commands:
        if name in prechecks:
            assert engine.before(name) == set()
        else:
            assert prechecks <= engine.before(name), name


def test_registries_change_one_after_the_other_preferred_holder_last(engine: FakeEngine) -> None:
    """While one registry changes the other serves; the one that usually holds the VIP is changed last."""
    for concern in ("identity", "firewall", "registry"):
        assert "registry02-registry" in engine.before(f"registry01-{concern}")
        assert "registry01-registry" not in engine.before(f"registry02-{concern}")


def test_nothing_of_a_registry_comes_before_its_base(engine: FakeEngine) -> None:
    """The library is there before the first script that sources it, on every host."""
    for name in engine.commands:
        host, concern = name.rsplit("-", 1)
        if concern not in ("precheck", "base"):
            assert f"{host}-base" in engine.before(name), name


def test_vip_comes_when_all_registries_serve(engine: FakeEngine) -> None:
    """No host holds the VIP before every registry is ready; the preferred holder takes it first."""
    for name in _all(engine, "vip"):
        assert _all(engine, "registry") <= engine.before(name)
    assert "registry01-vip" in engine.before("registry02-vip")


def test_proof_comes_last(engine: FakeEngine) -> None:
    """`up` has succeeded only when the proof has, and it proves the whole."""
    assert engine.before("push01-proof") == set(engine.commands) - {"push01-proof"}


def test_proof_runs_on_a_registry_where_there_is_no_client(run: Run) -> None:
    """Without clients the first registry proves."""
    engine = run(CASES["pair-minimal"]())
    assert engine.before("registry01-proof") == set(engine.commands) - {"registry01-proof"}


# --- components


def test_every_component_registers_its_outputs(engine: FakeEngine) -> None:
    """A component that does not is never finished for the engine."""
    assert {component.urn for component in engine.components} <= set(engine.outputs)
    assert {component.type for component in engine.components} == {
        "haregistry:vm:PairTopology",
        "haregistry:vm:Hosts",
        "haregistry:identity:Identity",
        "haregistry:vm:Registries",
        "haregistry:vm:VirtualIp",
        "haregistry:vm:Trust",
        "haregistry:vm:Proof",
    }


def test_everything_has_a_parent(engine: FakeEngine) -> None:
    """Children belong to their group, groups to the topology: a preview reads as a tree."""
    top = engine.one("registry", "haregistry:vm:PairTopology").urn
    for resource in engine.made:
        if resource.urn == top:
            assert resource.request.parent.endswith("pulumi:pulumi:Stack::ha-registry-test")
        elif resource in engine.components:
            assert resource.request.parent == top
        else:
            assert resource.request.parent in {component.urn for component in engine.components} - {top}


# --- identity

TLS = "tls:index"


def test_one_leaf_per_registry_with_name_vip_and_itself(engine: FakeEngine) -> None:
    """Adding a registry touches no other's certificate, and each way in is in one."""
    requests = {request.name: request.inputs for request in engine.of(f"{TLS}/certRequest:CertRequest")}
    assert {name: (inputs["dnsNames"], inputs["ipAddresses"]) for name, inputs in requests.items()} == {
        "identity-registry01": (["registry01.dev.com"], ["192.168.23.50", "192.168.23.51"]),
        "identity-registry02": (["registry01.dev.com"], ["192.168.23.50", "192.168.23.52"]),
    }


def test_keys_are_ecdsa_unless_asked_otherwise(engine: FakeEngine, run: Run) -> None:
    """tls.key chooses the kind for the CA and every leaf."""
    keys = [key.inputs for key in engine.of(f"{TLS}/privateKey:PrivateKey")]
    assert {(key["algorithm"], key.get("ecdsaCurve"), key.get("rsaBits")) for key in keys} == {("ECDSA", "P256", None)}
    rsa = [key.inputs for key in run(CASES["pair"]() | {"tls": {"key": "RSA-4096"}}).of(f"{TLS}/privateKey:PrivateKey")]
    assert {(key["algorithm"], key.get("ecdsaCurve"), key.get("rsaBits")) for key in rsa} == {("RSA", None, 4096)}
    assert len(keys) == len(rsa) == 3


def test_certificates_follow_their_settings(run: Run) -> None:
    """Validity and renewal in hours; the CA outlives its leaves."""
    tls = {"validity": "90d", "renewal": "20d", "caValidity": "1000d"}
    engine = run(CASES["pair"]() | {"tls": tls})
    leaves = [leaf.inputs for leaf in engine.of(f"{TLS}/locallySignedCert:LocallySignedCert")]
    assert {(leaf["validityPeriodHours"], leaf["earlyRenewalHours"]) for leaf in leaves} == {(90 * 24, 20 * 24)}
    (ca,) = engine.of(f"{TLS}/selfSignedCert:SelfSignedCert")
    assert ca.inputs["validityPeriodHours"] == 1000 * 24
    assert ca.inputs["isCaCertificate"] is True


def test_own_certificate_makes_none(run: Run) -> None:
    """With tls.files nothing is made by us; the key comes from the secret, the files reach identity and trust."""
    engine = run(CASES["pair-adopt"](), secrets={"tlsKey": "OWN-KEY-TEXT"})
    assert not [resource for resource in engine.made if resource.type.startswith("tls:")]
    for host in ("registry01", "registry02"):
        assert "OWN-KEY-TEXT" in engine.commands[f"{host}-identity"].plain("stdin")
        assert engine.commands[f"{host}-identity"].is_secret("stdin")
    assert "BEGIN CERTIFICATE" in engine.commands["push01-trust"].inputs["stdin"]


def _hash(engine: FakeEngine) -> str:
    text = engine.commands["registry01-identity"].plain("stdin")
    return next(line for line in text.splitlines() if line.startswith("admin:")).removeprefix("admin:")


def test_generated_password_is_hashed_cheaply(up: FakeEngine) -> None:
    """190 random bits need no slow hash, and the registry checks it on every request: cost 5."""
    assert _hash(up).startswith("$2b$05$")
    assert bcrypt.checkpw(b"generated identity-admin", _hash(up).encode())


def test_own_password_is_hashed_dearly(run: Run) -> None:
    """A password that a human chose gets cost 10, and none is generated for that user."""
    engine = run(CASES["pair"](), secrets={"password-admin": "correct horse battery staple"})
    assert _hash(engine).startswith("$2b$10$")
    assert bcrypt.checkpw(b"correct horse battery staple", _hash(engine).encode())
    generated = {resource.name for resource in engine.of("random:index/randomPassword:RandomPassword")}
    assert generated == {"identity-http-secret", "identity-ha-registry"}
    assert "correct horse battery staple" in engine.commands["push01-proof"].plain("stdin")


def test_hash_is_the_same_in_the_next_run(up: FakeEngine, system: Pair) -> None:
    """The salt lives in the state: a second preview shows no change."""
    again = run_system(system)
    assert _hash(again) == _hash(up)
    for name, command in up.commands.items():
        assert again.commands[name].plain("stdin") == command.plain("stdin")


def test_pull_password_reaches_identity_only(run: Run) -> None:
    """registry.source.user: the secret imagePassword goes into identity, marked, and into nothing else."""
    engine = run(CASES["pair-full"](), secrets={"imagePassword": "PULL-PASSWORD-TEXT"})
    for name, command in engine.commands.items():
        assert "PULL-PASSWORD-TEXT" not in str(command.inputs) or name.endswith("-identity")
    assert "mirror.dev.com:5000" in engine.commands["registry01-identity"].plain("stdin")


def test_ssh_key_may_be_a_secret(run: Run) -> None:
    """Without ssh.key the secret sshKey is the key, and stays secret."""
    mapping = CASES["pair"]() | {"ssh": {}}
    engine = run(mapping, secrets={"sshKey": "KEY-AS-SECRET"})
    for command in engine.commands.values():
        assert "KEY-AS-SECRET" in str(command.inputs["connection"])
        assert command.is_secret("connection") or isinstance(command.inputs["connection"]["privateKey"], dict)


def test_bastion_is_pinned_too(stack_folder: Path, run: Run) -> None:
    """The jump host has a pinned key like any other."""
    known = stack_folder / "with-bastion.known_hosts"
    known.write_text((stack_folder / "Pulumi.test.known_hosts").read_text() + f"192.168.23.9 {host_key('192.168.23.9')}\n")
    ssh = {"key": "id_ed25519", "knownHosts": known.name, "bastion": {"address": "192.168.23.9", "user": "jump"}}
    engine = run(CASES["pair"]() | {"ssh": ssh})
    for command in engine.commands.values():
        proxy = command.plain("connection")["proxy"]
        assert (proxy["host"], proxy["user"], proxy["hostKey"]) == ("192.168.23.9", "jump", host_key("192.168.23.9"))


def test_program_is_fast(system: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    """50 pairs: a preview spends its time in the engine, not in the program (goal 5 ms of CPU per resource, far limit 50)."""
    start, count = time.process_time(), 0
    for _ in range(50):
        count += len(run_system(system, preview=True).made)
    each = (time.process_time() - start) / count
    with capsys.disabled():
        print(f"\n50 pairs, {count} resources: {each * 1000:.2f} ms of CPU per resource (goal 5)")
    assert each < 0.05
