"""FrontedTopology: which scripts on which hosts, in which order, and what is secret."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from tests.golden.cases import CASES, host_key
from tests.unit.components.conftest import Run, secrets_of
from tests.unit.components.engine_double import FakeEngine, is_unknown

SECRET = ("identity", "proof")


def _hosts(engine: FakeEngine, concern: str) -> Sequence[str]:
    """Which hosts get a concern, in no order."""
    return sorted(name.rsplit("-", 1)[0] for name in engine.commands if name.endswith(f"-{concern}"))


def _all(engine: FakeEngine, concern: str) -> set[str]:
    return {f"{host}-{concern}" for host in _hosts(engine, concern)}


@pytest.mark.parametrize("case", ["fronted-http", "fronted-tcp"])
def test_every_host_gets_the_concerns_of_its_role(case: str, run: Run) -> None:
    """Registries serve, fronts pass on and hold the VIP, clients trust; the storage is mounted where it is a file system."""
    mapping = CASES[case]()
    engine = run(mapping, secrets=secrets_of(mapping))
    mounts = ["storage"] if "nfs" in mapping["storage"] else []
    concerns = {
        "registries": ["precheck", "base", "identity", *mounts, "firewall", "registry", "trust"],
        "fronts": ["precheck", "base", "identity", "firewall", "front", "vip", "trust"],
        "clients": ["precheck", "base", "trust"],
    }
    expected = {f"{host}-{concern}" for role in concerns for host in mapping.get(role, {}) for concern in concerns[role]}
    prover = next(iter({**mapping.get("clients", {}), **mapping["fronts"]}))
    assert set(engine.commands) == expected | {f"{prover}-proof"}


def test_all_prechecks_come_before_anything_is_changed(fronted: FakeEngine) -> None:
    """One host that refuses, of whichever role, keeps all others untouched."""
    prechecks = _all(fronted, "precheck")
    for name in fronted.commands:
        assert fronted.before(name) == set() if name in prechecks else prechecks <= fronted.before(name), name


def test_host_taken_out_is_cleared_in_reverse_order(fronted: FakeEngine) -> None:
    """Deletions follow direct dependencies between what is deleted: each concern names the one before it on its own host."""
    for host in {name.rsplit("-", 1)[0] for name in fronted.commands}:
        own = [name for name in fronted.commands if name.rsplit("-", 1)[0] == host]
        order = sorted(own, key=lambda name: len(fronted.before(name) & set(own)))
        assert order[0] == f"{host}-precheck"
        assert all(earlier in fronted.directly_before(later) for earlier, later in pairwise(order)), order


def test_registries_and_fronts_change_one_after_the_other(fronted: FakeEngine) -> None:
    """Whatever is done on a host waits for all that was done on the one before; the preferred holder of the VIP is last."""
    for concern in ("registry", "front"):
        order = sorted(_all(fronted, concern), key=lambda name: len(fronted.before(name)))
        for earlier, later in pairwise(order):
            first_of_later = f"{later.rsplit('-', 1)[0]}-identity"
            assert earlier in fronted.before(first_of_later)
    last = max(_all(fronted, "front"), key=lambda name: len(fronted.before(name)))
    assert last in {"front4-front", "front1-front"}


def test_a_front_passes_requests_on_when_every_registry_serves(fronted: FakeEngine) -> None:
    """A replica is in no pool before its own checks have passed; a front's certificate and firewall are there before it."""
    for host in _hosts(fronted, "front"):
        before = fronted.before(f"{host}-front")
        assert _all(fronted, "registry") <= before
        assert {f"{host}-base", f"{host}-identity", f"{host}-firewall"} <= before


def test_images_are_mounted_before_the_registry_starts(fronted: FakeEngine) -> None:
    """An unmounted folder never serves as an empty registry, and the mount finds its key."""
    for name in _all(fronted, "storage"):
        host = name.rsplit("-", 1)[0]
        assert f"{host}-identity" in fronted.before(name)
        assert name in fronted.before(f"{host}-registry")


def test_vip_comes_when_all_fronts_pass_requests_on(fronted: FakeEngine) -> None:
    """No front holds the VIP before all are ready; the preferred holder takes it first; the proof is the end of all."""
    for name in _all(fronted, "vip"):
        assert _all(fronted, "front") <= fronted.before(name)
    first = min(_all(fronted, "vip"), key=lambda name: len(fronted.before(name)))
    assert first in {"front4-vip", "front1-vip"}
    (proof,) = _all(fronted, "proof")
    assert fronted.before(proof) == set(fronted.commands) - {proof}


def test_plain_concerns_are_readable_in_the_first_preview(fronted: FakeEngine) -> None:
    """haproxy.cfg and all else without secrets is known, plain text: a preview shows its changed lines."""
    for name, command in fronted.commands.items():
        concern = name.rsplit("-", 1)[1]
        if concern not in SECRET and not (concern == "trust" and fronted.preview):
            assert isinstance(command.inputs["stdin"], str), name
            assert not is_unknown(command.inputs["stdin"]), name


def test_secrets_are_in_secret_inputs_only(fronted: FakeEngine) -> None:
    """Passwords, keys of the storage and keys of certificates: in identity and proof, marked; in no other script."""
    for resource in fronted.made:
        for key, value in resource.inputs.items():
            if not resource.is_secret(key) and key != "connection":
                text = str(value)
                assert "generated identity" not in text, f"{resource.name}.{key}"
                assert not any(secret in text for secret in ("s3SecretKey-text", "s3AccessKey-text")), f"{resource.name}.{key}"


def test_hosts_are_pinned(fronted: FakeEngine) -> None:
    """Every connection, to a front as to a registry, is refused on another host key."""
    for command in fronted.commands.values():
        connection = command.plain("connection")
        assert connection["hostKey"] == host_key(connection["host"])


def test_one_leaf_per_host_that_serves(fronted: FakeEngine) -> None:
    """Registries and fronts have a certificate each, with the name, the VIP and themselves; clients have none."""
    serving = {*_hosts(fronted, "registry"), *_hosts(fronted, "front")}
    requests = {request.name: request.inputs for request in fronted.of("tls:index/certRequest:CertRequest")}
    assert set(requests) == {f"identity-{host}" for host in serving}
    addresses = [tuple(inputs["ipAddresses"]) for inputs in requests.values()]
    assert len({vip for vip, _ in addresses}) == 1
    assert len({own for _, own in addresses}) == len(serving)


# --- who gets which secret


@pytest.fixture(scope="session")
def on_rgw(run: Run) -> FakeEngine:
    """System B."""
    mapping = CASES["fronted-http"]()
    return run(mapping, secrets=secrets_of(mapping))


def test_keys_of_the_bucket_reach_registries_only(on_rgw: FakeEngine) -> None:
    """A front has no business with the storage, nor a registry with the password of the statistics."""
    for name, command in on_rgw.commands.items():
        text = str(command.inputs["stdin"])
        is_registry = name in {"registry5-identity", "registry67-identity"}
        assert ("REGISTRY_STORAGE_S3_SECRETKEY=s3SecretKey-text" in text) is is_registry, name
        assert ("stats.login" in text and "generated" in text) is False, name


def test_fronts_get_certificate_and_key_in_one_file(on_rgw: FakeEngine) -> None:
    """As haproxy reads them, mode 0600, and the digest of the one login that sees the statistics, never the password itself."""
    text = on_rgw.commands["front4-identity"].plain("stdin")
    pem = text.split("front.pem) cat <<'END front.pem'\n")[1].split("END front.pem")[0]
    assert pem.index("BEGIN identity-front4") < pem.rindex("BEGIN identity-front4")
    assert "'0600 /etc/ha-registry/identity/front.pem'" in text
    assert "'0600 /etc/ha-registry/identity/stats.login'" in text
    assert "generated identity-haproxy-stats" not in text
    assert "htpasswd" not in text
    assert "registry.env" not in text


def test_own_password_of_the_statistics_is_used(run: Run) -> None:
    """`statsPassword` makes no generated one, and another digest."""
    mapping = CASES["fronted-http"]()
    own = run(mapping, secrets={**secrets_of(mapping), "statsPassword": "my own"})
    generated = run(mapping, secrets=secrets_of(mapping))
    assert "identity-haproxy-stats" not in {made.name for made in own.made}
    assert "identity-haproxy-stats" in {made.name for made in generated.made}
    assert own.commands["front4-identity"].plain("stdin") != generated.commands["front4-identity"].plain("stdin")


def test_replicas_ask_each_other_as_a_user_of_their_own(on_rgw: FakeEngine) -> None:
    """The user of the probe is generated, in htpasswd of every registry, its password in a file of mode 0600."""
    for host in ("registry5", "registry67"):
        text = on_rgw.commands[f"{host}-identity"].plain("stdin")
        assert "\nha-registry:$2b$05$" in text
        assert 'user = "ha-registry:generated identity-ha-registry"' in text
        assert "'0600 /etc/ha-registry/identity/probe'" in text


# --- one more, one less


def _texts(engine: FakeEngine) -> dict[str, Any]:
    return {name: command.plain("stdin") for name, command in engine.commands.items()}


def test_one_more_registry_changes_only_what_must_know_it(run: Run) -> None:
    """A registry is added: its own scripts, the fronts and who may reach whom change; no other's identity, VIP or storage does."""
    mapping = CASES["fronted-tcp"]()
    more = copy.deepcopy(mapping)
    more["registries"]["replica4"] = "10.20.0.31"
    more["clients"] = {}
    mapping["clients"] = {}
    before, after = _texts(run(mapping)), _texts(run(more))
    new = {f"replica4-{concern}" for concern in ("precheck", "base", "identity", "storage", "firewall", "registry", "trust")}
    assert after.keys() - before.keys() == new
    changed = {name for name in before if before[name] != after[name]}
    assert {name.rsplit("-", 1)[1] for name in changed} <= {"precheck", "firewall", "registry", "front", "proof"}
    assert {name for name in changed if name.endswith("-front")} == {"front1-front", "front2-front"}


def test_containers_of_others_stay_when_a_registry_is_added(run: Run) -> None:
    """Of the scripts that change, no file that a container is started from does: nothing is switched."""
    mapping = CASES["fronted-tcp"]()
    mapping["clients"] = {}
    more = copy.deepcopy(mapping)
    more["registries"]["replica4"] = "10.20.0.31"
    before, after = _texts(run(mapping)), _texts(run(more))
    for host in ("replica1", "replica2", "replica3"):
        for file in ("container.env", "writer.yml", "ha-registry@.service"):
            marks = f"<<'END {file}'\n", f"END {file}\n"
            texts = [text[f"{host}-registry"].split(marks[0])[1].split(marks[1])[0] for text in (before, after)]
            assert texts[0] == texts[1], (host, file)
