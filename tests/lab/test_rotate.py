"""A pair whose passwords and certificates are made anew, and one of whose hosts is applied again, with `python -m ops` as it is typed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.lab import certificate
from tests.lab.client import Client
from tests.lab.deployment import Pair
from tests.lab.load import Load
from tests.lab.operating import ops
from tests.lab.serving import Moves
from tests.lab.settled import assert_no_drift_and_silence

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]


def rotate(pair: Pair, *what: str) -> None:
    """`rotate` without a question, after which every host is as the state says."""
    ops(pair, "rotate", *what, "--config-file", str(pair.config_file), "--yes")
    assert_no_drift_and_silence(pair)


def serials(pair: Pair) -> Mapping[str, int]:
    """Of the certificate that each registry shows, under the exported CA."""
    return {host.name: certificate.shown(str(host.address), asked=pair.name, ca=pair.ca).serial for host in pair.registries}


def test_rotated_password_ends_the_old_one(deployed: Pair, client: Client) -> None:
    """At every way in the new password is let in and the old one is not; CA and certificates stay, the VIP does not move."""
    before, ca = serials(deployed), deployed.ca.read_text()
    with Moves(deployed) as moves:
        rotate(deployed, "users", client.user)
    moves.assert_at_most(0)
    renewed = deployed.client
    for address in (deployed.vip, *(str(host.address) for host in deployed.registries)):
        assert (client.status("/v2/", address=address), renewed.status("/v2/", address=address)) == ("401", "200")
    assert (serials(deployed), deployed.ca.read_text()) == (before, ca)


def test_rotated_certificates_cost_no_request(deployed: Pair) -> None:
    """Every registry gets a new key and certificate of the same CA; meanwhile no request fails and the VIP stays."""
    before, ca = serials(deployed), deployed.ca.read_text()
    with Moves(deployed) as moves, Load(deployed) as load:
        rotate(deployed, "certificate")
    load.assert_unharmed()
    moves.assert_at_most(0)
    after = serials(deployed)
    assert not [name for name in before if before[name] == after[name]]
    assert deployed.ca.read_text() == ca


def test_one_certificate_is_rotated_alone(deployed: Pair) -> None:
    """With a name only that host gets another one."""
    before = serials(deployed)
    first, other = (host.name for host in deployed.registries)
    rotate(deployed, "certificate", other)
    after = serials(deployed)
    assert (after[first] == before[first], after[other] == before[other]) == (True, False)


def test_rebuild_changes_nothing_on_a_host_that_is_as_deployed(deployed: Pair) -> None:
    """All of its scripts are applied again, and no service of any host is touched."""
    since = {name: deployed.now(name) for name in deployed.hosts}
    scripts = deployed.scripts()
    said = ops(deployed, "rebuild", deployed.registries[1].name, "--config-file", str(deployed.config_file), "--yes")
    assert "applied again: base, firewall, identity, precheck, registry, replication, trust, vip" in said.stderr
    assert deployed.scripts() == scripts
    assert {name: deployed.touched(name, since[name]) for name in deployed.hosts} == {name: [] for name in deployed.hosts}
    assert_no_drift_and_silence(deployed)
