"""Who reaches what: each negative probe succeeds first with the rule absent, in the same test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import fault
from lab.host import Host
from settings.reserved import CONTAINER_PORTS
from tests.lab.client import Client
from tests.lab.deployment import Pair
from tests.lab.outside import answer, assert_kept_out, assert_served_and_kept_out, assert_vrrp_is_dropped, without_table

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]


@pytest.fixture
def node(deployed: Pair) -> Host:
    """The registry that does not hold the VIP."""
    return next(host for host in deployed.registries if host.name not in deployed.vip_holders())


@pytest.fixture
def closed(deployed: Pair) -> Iterator[Pair]:
    """The pair with `access.pull` for its own network alone; the outsider is not in it."""
    deployed.up({"access.pull": [f"{deployed.vip.rpartition('.')[0]}.0/24"]}).succeeded()
    yield deployed
    deployed.up().succeeded()


def test_outsider_is_kept_out_where_access_is_given(deployed: Pair, node: Host) -> None:
    """Without `access.pull` the outsider reaches every way in; with it none, and listed hosts still do."""
    ways = [deployed.vip, *(str(host.address) for host in deployed.registries)]
    assert [answer(deployed, "outsider", address) for address in ways] == ["200"] * 3
    deployed.up({"access.pull": [f"{deployed.vip.rpartition('.')[0]}.0/24"]}).succeeded()
    try:
        for address in ways:
            assert_kept_out(deployed, address)
        assert all(deployed.ssh(name, ["true"]).returncode == 0 for name in deployed.hosts)
        with without_table(node):
            assert answer(deployed, "outsider", str(node.address)) == "200"
        assert_kept_out(deployed, str(node.address))
    finally:
        deployed.up().succeeded()
    assert [answer(deployed, "outsider", address) for address in ways] == ["200"] * 3


def test_ports_of_containers_are_closed(deployed: Pair, node: Host) -> None:
    """What listens behind the redirect is reached by nobody directly; without our table it would be."""
    address = str(node.address)
    with without_table(node):
        behind = [port for port in CONTAINER_PORTS if answer(deployed, "push53", address, port) == "200"]
    assert len(behind) == 2, "a writer and a reader"
    for asking in ("push53", "outsider", deployed.registries[0].name):
        if asking != node.name:
            assert [port for port in behind if answer(deployed, asking, address, port) != "000"] == []


@pytest.mark.parametrize("verb", ["restart", "reload"])
def test_table_outlives_change_of_nftables(closed: Pair, node: Host, verb: str) -> None:
    """After nftables flushed everything on a restart or reload, our tables are back and keep out whom they did."""
    assert_kept_out(closed, str(node.address))
    node.output(["systemctl", "start", "nftables.service"])
    node.output(["systemctl", verb, "nftables.service"])
    assert_served_and_kept_out(closed, node)


def test_table_outlives_restart_of_docker(closed: Pair, node: Host) -> None:
    """A restart of Docker, which writes rules of its own, opens nothing."""
    node.output(["systemctl", "restart", "docker.service"])
    assert_served_and_kept_out(closed, node)


def test_table_outlives_reboot(closed: Pair, node: Host) -> None:
    """After a reboot the table is there before the registry serves: the outsider never gets an answer."""
    fault.reboot(node)
    assert_served_and_kept_out(closed, node)


def test_vrrp_of_strangers_is_dropped(deployed: Pair, node: Host) -> None:
    """VRRP packets of a host that is no peer reach keepalived's host only without our table."""
    assert_vrrp_is_dropped(node, deployed.host("push53"))


def test_only_listed_hosts_may_push(deployed: Pair, client: Client) -> None:
    """A host outside `access.push` gets 405 for a push where it can pull, a listed one opens the same upload."""
    digest = client.push("firewall/image:1")
    upload = ["-X", "POST"]
    assert client.status("/v2/firewall/image/blobs/uploads/", *upload) == "202"
    stranger = Client(deployed.host("outsider"), client.name, client.vip, client.user, client.password)
    assert stranger.status(f"/v2/firewall/image/manifests/{digest}", "-k") == "200"
    assert stranger.status("/v2/firewall/image/blobs/uploads/", "-k", *upload) == "405"
