"""Who reaches what: each negative probe succeeds first with the rule absent, in the same test."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab import fault
from lab.host import Host
from settings.reserved import CONTAINER_PORTS
from tests.lab.client import Client
from tests.lab.deployment import Pair
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

TABLE = "ha-registry-firewall"


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


@contextmanager
def without_table(node: Host) -> Iterator[None]:
    """The firewall's table is not there as long as the block lasts."""
    node.output(["nft", "delete", "table", "inet", TABLE])
    try:
        yield
    finally:
        node.output(["systemctl", "restart", f"{TABLE}.service"])


def answer(pair: Pair, asking: str, address: str, port: int = 443) -> str:
    """HTTP status that a host of the lab gets there, `000` where its packets are dropped or refused."""
    argv = ["curl", "-sk", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}", f"https://{address}:{port}/"]
    return pair.host(asking).exec(argv).stdout


def assert_kept_out(pair: Pair, address: str) -> None:
    """The outsider reaches none of the published ports there, push53 reaches all."""
    for port in pair.system.ports:
        assert (answer(pair, "outsider", address, port), answer(pair, "push53", address, port)) == ("000", "200"), port


def assert_served_and_kept_out(pair: Pair, node: Host) -> None:
    """SSH gets in; push53 gets answers again; the outsider still none."""
    assert pair.ssh(node.name, ["true"]).returncode == 0
    eventually(lambda: answer(pair, "push53", str(node.address)), lambda seen: seen == "200", what=f"{node.name} serves", within_s=90)
    assert_kept_out(pair, str(node.address))


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
    stranger = deployed.host("push53")
    rules = ["add table inet seen", "add chain inet seen input { type filter hook input priority 0; }"]
    rules.append(f"add rule inet seen input ip saddr {stranger.address} meta l4proto vrrp counter")
    node.output(["nft", "-f", "-"], "\n".join(rules) + "\n")
    try:
        with without_table(node):
            send_vrrp(stranger, node)
            assert "counter packets 1 " in node.output(["nft", "list", "table", "inet", "seen"])
        send_vrrp(stranger, node)
        assert "counter packets 1 " in node.output(["nft", "list", "table", "inet", "seen"])
    finally:
        node.output(["nft", "delete", "table", "inet", "seen"])


def send_vrrp(stranger: Host, to: Host) -> None:
    """One packet of VRRP's protocol number, too short to be an advert."""
    program = "import socket, sys; socket.socket(socket.AF_INET, socket.SOCK_RAW, 112).sendto(b'none', (sys.argv[1], 0))"
    # the hosts have no Python: this machine's, in the host's network namespace
    argv = ["nsenter", f"--target={stranger.pid}", "--net", sys.executable, "-c", program, str(to.address)]
    subprocess.run(argv, check=True)
    time.sleep(0.2)


def test_only_listed_hosts_may_push(deployed: Pair, client: Client) -> None:
    """A host outside `access.push` gets 405 for a push where it can pull, a listed one opens the same upload."""
    digest = client.push("firewall/image:1")
    upload = ["-X", "POST"]
    assert client.status("/v2/firewall/image/blobs/uploads/", *upload) == "202"
    stranger = Client(deployed.host("outsider"), client.name, client.vip, client.user, client.password)
    assert stranger.status(f"/v2/firewall/image/manifests/{digest}", "-k") == "200"
    assert stranger.status("/v2/firewall/image/blobs/uploads/", "-k", *upload) == "405"
