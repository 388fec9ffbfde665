"""Who reaches what of fronts and registries: each negative probe succeeds first with the rule absent, in the same test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab import fault
from lab.host import Host
from settings.reserved import AGENT_PORT, CONTAINER_PORTS
from tests.lab.breaks import systemctl
from tests.lab.client import Client
from tests.lab.fronted import Fronted
from tests.lab.outside import answer, assert_kept_out, assert_served_and_kept_out, assert_vrrp_is_dropped, opens, without_table
from tests.lab.serving import await_standing

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]


@pytest.fixture
def replica(whole: Fronted) -> Host:
    """One of the registries."""
    return whole.registries[0]


def restarted_nftables(host: Host) -> None:
    for verb in ("start", "restart"):
        host.output(["systemctl", verb, "nftables.service"])


SHAKEN: dict[str, Callable[[Host], None]] = {
    "nftables-restarted": restarted_nftables,
    "docker-restarted": systemctl("restart", "docker.service"),
    "rebooted": fault.reboot,
}


def test_outsider_reaches_the_fronts_and_no_registry(whole: Fronted, replica: Host) -> None:
    """The outsider gets answers at the VIP and the fronts; at a registry only while its table is away; SSH gets in everywhere."""
    assert [answer(whole, "outsider", address) for address in whole.ways_in] == ["200"] * 3
    address = str(replica.address)
    with without_table(replica):
        assert answer(whole, "outsider", address) == "200"
    for host in whole.registries:
        assert_kept_out(whole, str(host.address))
    assert all(whole.ssh(name, ["true"]).returncode == 0 for name in whole.hosts)


@pytest.mark.parametrize("name", SHAKEN)
def test_outsider_stays_kept_out(whole: Fronted, replica: Host, name: str) -> None:
    """After nftables, Docker or the host itself restarted, a registry serves and still keeps the outsider out."""
    with without_table(replica):
        assert answer(whole, "outsider", str(replica.address)) == "200"
    SHAKEN[name](replica)
    assert_served_and_kept_out(whole, replica)
    whole.await_replicas()


def test_named_networks_reach_the_fronts(whole: Fronted) -> None:
    """With `access.pull` for other networks the outsider reaches no way in, without a front's table that front; the clients all."""
    standby = await_standing(whole)[1]
    whole.up({"access.pull": [f"{whole.vip.rpartition('.')[0]}.0/24"]}).succeeded()
    try:
        for address in whole.ways_in:
            assert_kept_out(whole, address)
        with without_table(standby):
            assert answer(whole, "outsider", str(standby.address)) == "200"
        for shake in (restarted_nftables, fault.reboot):
            shake(standby)
            assert_served_and_kept_out(whole, standby)
    finally:
        whole.up().succeeded()
    assert [answer(whole, "outsider", address) for address in whole.ways_in] == ["200"] * 3


def test_agent_answers_fronts_and_other_registries_only(whole: Fronted, replica: Host) -> None:
    """The port of the agent-check is open to fronts and registries, and to a client and the outsider only while the table is away."""
    asking = ["push53", "outsider"]
    address = str(replica.address)
    with without_table(replica):
        assert [opens(whole, name, address, AGENT_PORT) for name in asking] == [True, True]
    assert [opens(whole, name, address, AGENT_PORT) for name in asking] == [False, False]
    assert all(opens(whole, host.name, address, AGENT_PORT) for host in (*whole.fronts, *whole.registries))


def test_ports_of_containers_are_closed(whole: Fronted, replica: Host) -> None:
    """What listens behind the redirect is reached by nobody directly; without our table it would be."""
    address = str(replica.address)
    with without_table(replica):
        behind = [port for port in CONTAINER_PORTS if answer(whole, "push53", address, port) == "200"]
    assert behind
    for asking in ("push53", "outsider", whole.fronts[0].name):
        assert [port for port in behind if answer(whole, asking, address, port) != "000"] == []


def test_vrrp_of_strangers_is_dropped(whole: Fronted) -> None:
    """VRRP packets of a host that is no peer, even one of the registries, reach a front only without our table."""
    standby = await_standing(whole)[1]
    for stranger in (whole.host("push53"), whole.registries[0]):
        assert_vrrp_is_dropped(standby, stranger)


def test_only_listed_hosts_may_push(whole: Fronted, pusher: Client) -> None:
    """A host outside `access.push` gets 405 from a front for a push where it can pull; a listed one opens the same upload."""
    digest = pusher.push("firewall/image:1")
    upload = ["-X", "POST"]
    stranger = Client(whole.host("outsider"), pusher.name, pusher.vip, pusher.user, pusher.password)
    for address in whole.ways_in:
        assert pusher.status("/v2/firewall/image/blobs/uploads/", *upload, address=address) == "202"
        assert stranger.status(f"/v2/firewall/image/manifests/{digest}", "-k", address=address) == "200"
        assert stranger.status("/v2/firewall/image/blobs/uploads/", "-k", *upload, address=address) == "405"


def test_statistics_and_metrics_need_the_password_and_are_not_on_the_vip(whole: Fronted, pusher: Client) -> None:
    """Both pages say 401 to nobody, a wrong password and a registry user, 200 to the generated one, and nothing at the VIP."""
    haproxy = whole.system.haproxy
    login = whole.outputs()["stats"]
    pages = {haproxy.stats.port: haproxy.stats.path, haproxy.metrics_port: "/metrics"}
    right = Client(pusher.host, pusher.name, pusher.vip, login["user"], login["password"])
    assert len(login["password"]) >= 20
    for front in whole.fronts:
        address = str(front.address)
        for port, path in pages.items():
            asked = [right.status(path, address=address, port=port, password=password) for password in (None, "wrong", "admin", "")]
            assert asked == ["200", "401", "401", "401"], (front.name, port)
            assert pusher.status(path, address=address, port=port) == "401"
            assert right.status(path, port=port) == "000", "the VIP must not answer there"
    shown = right.curl(haproxy.stats.path, address=str(whole.fronts[0].address), port=haproxy.stats.port).stdout
    assert all(host.name in shown for host in whole.registries)
    assert "haproxy version" not in shown.lower()
    said = right.curl("/metrics", address=str(whole.fronts[0].address), port=haproxy.metrics_port).stdout
    assert "haproxy_server_status" in said
