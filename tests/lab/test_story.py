"""The life of a pair in one story, in order: made on fresh hosts, used, changed under load, hurt, destroyed."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator

import pytest

from lab import fault
from tests.lab import certificate
from tests.lab.begun import Begun
from tests.lab.client import Client
from tests.lab.deployment import Pair
from tests.lab.load import Load
from tests.lab.settled import assert_as_found, assert_no_drift_and_silence, assert_nothing_to_change, images
from tests.lab.wait import eventually

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def begun(fresh: Pair) -> Begun[Pair]:
    return Begun.of(fresh)


@pytest.fixture(scope="module")
def served(begun: Begun[Pair]) -> Pair:
    return begun.served()


@pytest.fixture(scope="module")
def client(served: Pair) -> Iterator[Client]:
    made = served.client
    yield made
    made.clean()


def ways_in(pair: Pair) -> list[str]:
    return [pair.vip, *(str(host.address) for host in pair.registries)]


def test_first_up_makes_one_holder_of_the_vip(begun: Begun[Pair]) -> None:
    """The first `up` on fresh hosts ends with 0, and the VIP is held by the first registry alone."""
    begun.first.succeeded()
    assert begun.made.vip_holders() == [begun.made.registries[0].name]


def test_docker_pushes_and_pulls_at_every_way_in(served: Pair, client: Client) -> None:
    """What Docker pushed by the registry's name or at a node's own address comes back from there with its digest."""
    client.pull("story/docker:1", client.push("story/docker:1"))
    for host in served.registries:
        address = str(host.address)
        with client.trusting(address):
            # one for each: a tag that is pushed on both hosts is a conflict
            image = f"story/{host.name}:1"
            client.pull(image, client.push(image, registry=address), registry=address)


def test_skopeo_pushes_and_pulls_at_every_way_in(served: Pair, client: Client) -> None:
    """What skopeo pushed at the VIP's or a node's address comes back from there with its digest."""
    local = f"{client.name}/story/skopeo:1"
    client.make_image(local)
    for address in ways_in(served):
        client.login_skopeo(address)
        client.push_by_skopeo(local, "story/skopeo:1", registry=address)
        digest = client.digest_by_skopeo("story/skopeo:1", registry=address)
        done = client.copy_by_skopeo(f"story/skopeo@{digest}", "copied", registry=address)
        assert done.returncode == 0, done.stderr


def test_wrong_password_is_refused(served: Pair, client: Client) -> None:
    """Nobody and a wrong password get 401 at every way in, where the right one gets 200."""
    for address in ways_in(served):
        asked = [client.status("/v2/", address=address, password=password) for password in (client.password, "wrong", "")]
        assert asked == ["200", "401", "401"], address
    assert client.login("wrong").returncode != 0


def test_plain_http_is_refused(served: Pair, client: Client) -> None:
    """No published port answers plain HTTP with anything but a refusal, where TLS gets 200."""
    for port in served.system.ports:
        for address in ways_in(served):
            assert client.status("/", address=address, port=port) == "200"
            plain = client.host.exec(["curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", f"http://{address}:{port}/v2/"])
            assert plain.stdout == "400"


def test_each_registry_has_a_certificate_of_its_own(served: Pair) -> None:
    """Each registry shows a leaf of the exported CA for the name, the VIP and itself, and for no other registry."""
    shown = {str(host.address): certificate.shown(str(host.address), asked=served.name, ca=served.ca) for host in served.registries}
    assert {address: leaf.names for address, leaf in shown.items()} == {address: {served.name, served.vip, address} for address in shown}
    assert len({leaf.serial for leaf in shown.values()}) == len(shown)
    certificate.shown(served.vip, asked=served.vip, ca=served.ca)
    with pytest.raises(ssl.SSLCertVerificationError):
        certificate.shown(served.vip, asked="other.example", ca=served.ca)


def test_old_tls_is_refused(served: Pair) -> None:
    """Handshakes with TLS 1.2 and 1.3 succeed at every published port, with 1.0 and 1.1 none does."""
    for port in served.system.ports:
        faults = {version.name: certificate.handshake_fault(served.vip, version, port=port) for version in VERSIONS}
        assert [name for name, fault_ in faults.items() if not fault_] == ["TLSv1_2", "TLSv1_3"], faults


VERSIONS = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def test_second_up_changes_nothing(served: Pair) -> None:
    """Without a change, `preview` expects none, and `up` runs no script and leaves every service alone."""
    assert_nothing_to_change(served)


def test_every_concern_verifies_and_applies_again_in_silence(served: Pair) -> None:
    """Over SSH `verify` of every deployed script finds no drift, and a second `apply` has nothing to say."""
    concerns = assert_no_drift_and_silence(served)
    assert {"precheck", "base", "identity", "firewall", "registry", "replication", "vip", "trust", "proof"} <= concerns


def test_preview_shows_the_changed_lines(served: Pair) -> None:
    """`preview --diff` of one setting shows its lines in the configuration of each registry, and digests, and nothing else."""
    shown = served.preview("--diff", changes={"registry.log.level": "debug"}).succeeded().output
    lines = {re.sub(r"\s+", " ", line).strip() for line in re.findall(r"^ +[-+] +[^ ].*$", shown, re.MULTILINE)}
    assert {re.sub("=.*", "", line) for line in lines} == {"- level: info", "+ level: debug", "- readonly CHANGES", "+ readonly CHANGES"}
    changed = set(re.findall(r"::([a-z0-9]+-[a-z]+)\]$", shown, re.MULTILINE)) - {"registry-test"}
    prechecks = {f"{name}-precheck" for name in served.hosts}
    assert changed - {"ha-registry-test"} == {"node51-registry", "node52-registry", "push53-proof", *prechecks}


def test_a_changed_setting_goes_live_without_a_lost_request(served: Pair) -> None:
    """While one setting is changed no request fails, an open one ends whole, the VIP stays, and only registries are touched."""
    before, since = served.vip_holders(), {name: served.now(name) for name in served.hosts}
    with Load(served) as load:
        served.up({"registry.log.level": "debug"}).succeeded()
    load.assert_unharmed()
    assert served.vip_holders() == before
    for host in served.registries:
        units = {line.partition(":")[0] for line in served.touched(host.name, since[host.name])}
        assert units == {f"ha-registry@{role}-{slot}.service" for role in ("writer", "reader") for slot in "ab"}
        assert " STATE" not in served.journal(host.name, "keepalived.service", since[host.name])
        assert "level=debug" in served.journal(host.name, "ha-registry@*", since[host.name])
    assert served.touched("push53", since["push53"]) == []


def test_other_registry_serves_where_one_was_killed(served: Pair, client: Client) -> None:
    """After the registry of the VIP's holder was killed the other one holds the VIP and serves, and the killed one comes back."""
    holder, other = served.registries
    assert served.vip_holders() == [holder.name]
    fault.kill(holder, "registry")
    eventually(served.vip_holders, lambda seen: seen == [other.name], what="the other registry holds the VIP")
    eventually(lambda: client.status("/v2/"), lambda seen: seen == "200", what="the VIP answers")
    eventually(lambda: client.status("/v2/", address=str(holder.address)), lambda seen: seen == "200", what="the killed registry answers")
    assert served.vip_holders() == [other.name]


def test_destroy_leaves_hosts_as_they_were(begun: Begun[Pair], served: Pair, client: Client) -> None:
    """`destroy` names what it kept, the images are still there, and every host looks as before the first `up` but for LEFT."""
    client.clean()
    done = served.destroy().succeeded()
    data = served.system.storage.local.path if served.system.storage.local else ""
    assert f"kept {data}" in done.output
    for host in served.registries:
        assert "_manifests" in host.output(["find", data, "-name", "_manifests"])
    assert_as_found(served, begun.before, images(data))
