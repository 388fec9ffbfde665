"""The life of fronts before registries on a Ceph in one story: made on fresh hosts, used, changed under load, hurt, destroyed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import fault
from tests.lab import certificate
from tests.lab.begun import Begun
from tests.lab.client import Client
from tests.lab.fronted import Fronted
from tests.lab.load import Load
from tests.lab.serving import Moves
from tests.lab.settled import assert_as_found, assert_no_drift_and_silence, assert_nothing_to_change

pytestmark = pytest.mark.timeout(1200)

LOUD = {"registry.log.level": "debug"}
"""A setting of every registry that no front has to do with."""
CONCERNS = {"precheck", "base", "identity", "firewall", "registry", "front", "vip", "trust", "proof"}


@pytest.fixture(scope="module")
def begun(fronted: Fronted) -> Begun[Fronted]:
    if not fronted.is_untouched:
        fronted.renew()
    return Begun.of(fronted)


@pytest.fixture(scope="module")
def served(begun: Begun[Fronted]) -> Fronted:
    return begun.served()


@pytest.fixture(scope="module")
def client(served: Fronted) -> Iterator[Client]:
    made = served.client
    yield made
    made.clean()


def test_first_up_makes_one_holder_and_every_replica_serves(begun: Begun[Fronted]) -> None:
    """The first `up` on fresh hosts ends with 0, the first front alone holds the VIP, and both pass requests to every registry."""
    begun.first.succeeded()
    fronted = begun.made
    assert fronted.vip_holders() == [fronted.fronts[0].name]
    fronted.await_replicas()


def test_image_pushed_through_the_vip_is_on_every_replica(served: Fronted, client: Client) -> None:
    """What Docker pushed by the registry's name comes back through the VIP, and with its digest from each front and each replica."""
    digest = client.push("story/shared:1")
    client.pull("story/shared:1", digest)
    for address in (*served.ways_in, *(str(host.address) for host in served.registries)):
        client.login_skopeo(address)
        assert client.digest_by_skopeo("story/shared:1", registry=address) == digest, address
        done = client.copy_by_skopeo(f"story/shared@{digest}", "copied", registry=address)
        assert done.returncode == 0, done.stderr


def test_each_front_takes_pushes(served: Fronted, client: Client) -> None:
    """What Docker pushed at a front's own address comes back from there with its digest."""
    for host in served.fronts:
        address = str(host.address)
        with client.trusting(address):
            client.pull("story/front:1", client.push("story/front:1", registry=address), registry=address)


def test_wrong_password_is_refused(served: Fronted, client: Client) -> None:
    """Nobody and a wrong password get 401 at every way in, where the right one gets 200."""
    for address in served.ways_in:
        asked = [client.status("/v2/", address=address, password=password) for password in (client.password, "wrong", "")]
        assert asked == ["200", "401", "401"], address


def test_plain_http_is_refused(served: Fronted, client: Client) -> None:
    """No way in answers plain HTTP with anything but a refusal, where TLS gets 200."""
    for address in served.ways_in:
        assert client.status("/v2/", address=address) == "200"
        plain = client.host.exec(["curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", f"http://{address}:443/v2/"])
        assert plain.stdout in {"000", "400"}


def test_each_front_has_a_certificate_of_its_own(served: Fronted) -> None:
    """Each front shows a leaf of the exported CA for the name, the VIP and itself, and for no other host."""
    shown = {str(host.address): certificate.shown(str(host.address), asked=served.name, ca=served.ca) for host in served.fronts}
    assert {address: leaf.names for address, leaf in shown.items()} == {address: {served.name, served.vip, address} for address in shown}
    assert len({leaf.serial for leaf in shown.values()}) == len(shown)


def test_health_names_each_replica(served: Fronted) -> None:
    """/health and /_ping of the VIP and of each front say 200 and name every registry, all up, without a password."""
    for address in served.ways_in:
        for path in ("/health", "/_ping"):
            seen = served.health(address, path)
            assert (seen.status, seen.replicas) == ("200", {host.name: "up" for host in served.registries}), (address, path)


def test_second_up_changes_nothing(served: Fronted) -> None:
    """Without a change, `preview` expects none, and `up` runs no script and leaves every service alone."""
    assert_nothing_to_change(served)


def test_every_concern_verifies_and_applies_again_in_silence(served: Fronted) -> None:
    """Over SSH `verify` of every deployed script finds no drift, and a second `apply` has nothing to say."""
    assert assert_no_drift_and_silence(served) >= CONCERNS


def test_a_changed_setting_goes_live_without_a_lost_request(served: Fronted) -> None:
    """While one setting is changed on every registry no request fails, an open one ends whole, the VIP stays, no front is touched."""
    before, since = served.vip_holders(), {name: served.now(name) for name in served.hosts}
    with Moves(served) as moves, Load(served) as load:
        served.up(LOUD).succeeded()
    load.assert_unharmed()
    moves.assert_at_most(0)
    assert served.vip_holders() == before
    for host in served.registries:
        assert "level=debug" in served.journal(host.name, "ha-registry@*", since[host.name])
    assert {host.name: served.touched(host.name, since[host.name]) for host in served.fronts} == {host.name: [] for host in served.fronts}


@pytest.mark.full
def test_registry_is_removed_and_added_under_load(begun: Begun[Fronted], served: Fronted) -> None:
    """A registry out of the stack file goes and comes back without a request that failed or was cut; others stay, fronts only reload."""
    served.up(LOUD).succeeded()
    last = served.registries[-1]
    others = [host for host in served.registries if host != last]
    for changes, expected in (({**LOUD, **served.without(last.name)}, {}), (LOUD, {last.name: "up"})):
        since = {host.name: served.now(host.name) for host in (*others, *served.fronts)}
        with Moves(served) as moves, Load(served) as load:
            served.up(changes).succeeded()
        load.assert_unharmed()
        moves.assert_at_most(0)
        served.await_replica(others[0].name, "up")
        for front in served.fronts:
            seen = served.health(str(front.address)).replicas
            assert seen == {**{host.name: "up" for host in others}, **expected}, front.name
            said = [line for line in served.touched(front.name, since[front.name]) if line.startswith("haproxy.service")]
            assert said, front.name
            assert [line for line in said if "Reload" not in line] == [], front.name
        if not expected:
            # gone is gone: as before the first `up`
            assert_as_found(served, {last.name: begun.before[last.name]})
        for host in others:
            touched = [line for line in served.touched(host.name, since[host.name]) if line.startswith("ha-registry@")]
            assert touched == [], host.name


def test_killed_registry_costs_no_request(served: Fronted) -> None:
    """While the registry of one host is killed no request fails; it comes back into service, and the VIP never moved."""
    served.await_replicas()
    victim = served.registries[0]
    with Moves(served) as moves, Load(served) as load:
        fault.kill(victim, "registry")
    assert load.report.failed == 0, load.report
    served.await_replicas()
    moves.assert_at_most(0)


def test_destroy_leaves_hosts_as_they_were_and_keeps_images(begun: Begun[Fronted], served: Fronted, client: Client) -> None:
    """`destroy` leaves every host as before the first `up` but for LEFT, and every object in the bucket."""
    client.clean()
    objects = served.bucket_objects()
    assert objects > 0
    served.destroy().succeeded()
    assert served.bucket_objects() == objects
    assert_as_found(served, begun.before)
