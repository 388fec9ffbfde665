"""Fronts that pass TLS on: it ends at the registries, and health has a port of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from lab import fault
from tests.lab import certificate
from tests.lab.fronted import Fronted
from tests.lab.load import Load
from tests.lab.pushes import Pushes
from tests.lab.serving import Moves
from tests.lab.settled import assert_no_drift_and_silence
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

IN_FLIGHT = 3
"""Requests on new connections that the killed registry may have been working on."""
TCP: Mapping[str, object] = {"haproxy.mode": "tcp", "access.push": []}


@pytest.fixture(scope="module")
def passed(whole: Fronted) -> Iterator[Fronted]:
    """The fronts in mode `tcp`, in which they cannot tell a push from a pull."""
    whole.up(TCP).succeeded()
    await_all(whole)
    yield whole
    whole.up().succeeded()


def states(passed: Fronted) -> set[str]:
    port = passed.system.haproxy.health_port
    return {state for front in passed.fronts for state in passed.health(str(front.address), port=port).replicas.values()}


def await_all(passed: Fronted) -> None:
    eventually(lambda: states(passed), lambda seen: seen == {"up"}, what="every replica is up on every front", within_s=90)


def test_tls_ends_at_the_registries(passed: Fronted) -> None:
    """What the VIP shows is the certificate of one of the registries, signed by the exported CA, and never that of a front."""
    shown = certificate.shown(passed.vip, asked=passed.name, ca=passed.ca)
    assert len(shown.names & {str(host.address) for host in passed.registries}) == 1
    assert shown.names & {str(host.address) for host in passed.fronts} == set()


def test_image_is_pushed_and_pulled_through_each_way_in(passed: Fronted) -> None:
    """An image pushed through the VIP is read with its digest through each front and from each replica."""
    client = passed.client
    digest = client.push("tcp/shared:1")
    client.pull("tcp/shared:1", digest)
    for address in (*passed.ways_in, *(str(host.address) for host in passed.registries)):
        assert client.status(f"/v2/tcp/shared/manifests/{digest}", address=address) == "200", address
    client.clean()


def test_health_has_a_port_of_its_own(passed: Fronted) -> None:
    """/health and /_ping answer on the health port of the VIP and of each front; on the published port they are the registry's 404."""
    port = passed.system.haproxy.health_port
    for address in passed.ways_in:
        for path in ("/health", "/_ping"):
            assert passed.health(address, path, port).status == "200", (address, path)
    assert passed.client.status("/health") == "404"


def test_killed_registry_loses_no_image(passed: Fronted) -> None:
    """While a registry is killed only what it was working on breaks; what was acknowledged is on every replica, and the VIP stays."""
    replicas = [str(host.address) for host in passed.registries]
    with Moves(passed) as moves, Pushes(passed, read_at=replicas) as pushes, Load(passed) as load:
        fault.kill(passed.registries[0], "registry")
    # a kept connection to it cannot be passed on: TLS ended there
    new = {cause: count for cause, count in load.report.causes.items() if " new " in cause}
    assert sum(new.values()) <= IN_FLIGHT, load.report
    await_all(passed)
    moves.assert_at_most(0)
    report = pushes.read_back()
    assert report.lost == [], report
    assert report.acknowledged > 0, report


def test_no_drift(passed: Fronted) -> None:
    """`verify` finds nothing, and a second `apply` has nothing to say."""
    assert_no_drift_and_silence(passed)


def test_even_number_of_registries_is_warned_about(passed: Fronted) -> None:
    """`preview` with two registries succeeds and warns, in words that claim no quorum."""
    shown = passed.preview(changes={**TCP, **passed.without(passed.registries[-1].name)}).succeeded().output
    assert "warning" in shown
    assert "quorum" in shown
