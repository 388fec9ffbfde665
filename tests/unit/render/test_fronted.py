"""What fronts and the registries behind them are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from render import firewall, front, identity, precheck, vip
from render.identity import ForFront, Material
from settings import Fronted, Host
from tests.golden.cases import CASES

Load = Callable[[Mapping[str, Any]], Fronted]


@pytest.fixture(scope="module", params=["fronted-http", "fronted-tcp"])
def fronted(request: pytest.FixtureRequest, load_system: Load) -> Fronted:
    """Systems B and E."""
    return load_system(CASES[request.param]())


def _rules(system: Fronted, host: Host) -> list[str]:
    return firewall.script(system, host).files["firewall.nft"].splitlines()


def _sets(line: str) -> list[list[str]]:
    return [text.split(", ") for text in re.findall(r"\{ ([^}]*) \}", line)]


def _allows(line: str, address: str) -> bool:
    return any(ip_address(address) in ip_network(network) for network in _sets(line)[-1])


# --- firewall


def test_registries_are_reached_from_this_stack_only(fronted: Fronted) -> None:
    """Fronts, the other registries and the clients that prove each replica; never by access.pull, which is for the VIP."""
    for registry in fronted.registries:
        (rule,) = [line for line in _rules(fronted, registry) if "the fronts, and the other hosts" in line]
        assert _sets(rule)[0] == [str(port) for port in sorted(fronted.ports)]
        for host in fronted.hosts:
            assert _allows(rule, str(host.address))
        for stranger in ("183.60.177.230", "10.20.0.99", "8.8.8.8", str(fronted.vip.address.ip)):
            assert not _allows(rule, stranger)


def test_agent_answers_fronts_and_other_registries_only(fronted: Fronted) -> None:
    """Whether a host wants requests is told to the fronts, and to registries before one of them is drained, and to nobody else."""
    for registry in fronted.registries:
        (rule,) = [line for line in _rules(fronted, registry) if "dport 15447 ip saddr" in line]
        assert _sets(rule) == [[str(host.address) for host in (*fronted.fronts, *fronted.registries)]]


def test_registries_behind_fronts_leave_vrrp_alone(fronted: Fronted) -> None:
    """They hold no VIP of ours, so whatever VRRP passes there is not ours to drop."""
    assert not [line for registry in fronted.registries for line in _rules(fronted, registry) if "vrrp" in line]


def test_fronts_know_vrrp_from_each_other_only(fronted: Fronted) -> None:
    """A front accepts adverts of the other front and of nobody else."""
    for host, peer in zip(fronted.fronts, reversed(fronted.fronts), strict=True):
        (rule,) = [line for line in _rules(fronted, host) if "vrrp ip saddr" in line]
        assert _sets(rule) == [[str(peer.address)]]


def test_pages_of_a_front_are_never_on_the_vip(fronted: Fronted) -> None:
    """Statistics and metrics are dropped for the VIP, besides nobody listening there."""
    pages = sorted({fronted.haproxy.stats.port, fronted.haproxy.metrics_port})
    for host in fronted.fronts:
        (rule,) = [line for line in _rules(fronted, host) if "ip daddr" in line]
        assert _sets(rule) == [[str(port) for port in pages]]
        assert f"ip daddr {fronted.vip.address.ip} drop" in rule


def test_access_pull_holds_for_every_port_of_a_front(load_system: Load) -> None:
    """Whoever may not pull sees no statistics either; without access.pull everybody reaches the ports."""
    system = load_system(CASES["fronted-http"]())
    (rule,) = [line for line in _rules(system, system.fronts[0]) if "access.pull" in line]
    assert _sets(rule)[0] == ["1158", "5000", "8405"]
    assert _allows(rule, "183.60.177.225")
    assert not _allows(rule, "8.8.8.8")
    open_to_all = load_system(CASES["fronted-tcp"]())
    assert not [line for line in _rules(open_to_all, open_to_all.fronts[0]) if "access.pull" in line]


def test_clients_have_no_firewall_of_ours(load_system: Load) -> None:
    """A client serves nothing."""
    system = load_system(CASES["fronted-tcp"]())
    with pytest.raises(ValueError, match="push31"):
        firewall.script(system, system.clients[0])


# --- front


def test_every_replica_is_a_server_by_name(fronted: Fronted) -> None:
    """On the first published port, where the redirect to the live slot is."""
    config = front.script(fronted, fronted.fronts[0]).files["haproxy.cfg"]
    servers = re.findall(r"^  server (\S+) (\S+)$", config, re.MULTILINE)
    assert servers == [(host.name, f"{host.address}:{fronted.ports[0]}") for host in fronted.registries]


def test_checks_follow_their_settings(load_system: Load) -> None:
    """haproxy.check and haproxy.stats are in the configuration as they are written."""
    config = _config(load_system, check={"interval": "5s", "fall": 4, "rise": 3}, stats={"port": 1159, "path": "/seen", "refresh": "30s"})
    assert "check inter 5s fastinter 100ms downinter 5s fall 4 rise 3\n" in config
    assert "bind 221.228.86.4:1159 ssl" in config
    assert "stats uri /seen\n" in config
    assert "stats refresh 30s\n" in config


def _config(load_system: Load, **haproxy: Any) -> str:
    system = load_system(CASES["fronted-http"]() | {"haproxy": haproxy})
    return front.script(system, system.fronts[0]).files["haproxy.cfg"]


def test_uploads_on_nfs_stay_on_one_replica(load_system: Load) -> None:
    """NFS: by source, and the same on both fronts, so that a moved VIP sends nobody elsewhere; a bucket: where there is least to do."""
    system = load_system(CASES["fronted-tcp"]())
    for host in system.fronts:
        config = front.script(system, host).files["haproxy.cfg"]
        assert "balance source\n" in config
        assert "hash-type consistent\n" in config
    assert "balance leastconn\n" in _config(load_system)
    assert "hash-type" not in _config(load_system)


def test_registries_see_the_front_by_its_own_address(fronted: Fronted) -> None:
    """Their firewalls know it by that one; the VIP moves."""
    for host in fronted.fronts:
        assert f"  source {host.address}\n" in front.script(fronted, host).files["haproxy.cfg"]


def test_stamp_follows_the_configuration(fronted: Fronted) -> None:
    """What haproxy says of itself is another for every other configuration, and the same for the same."""
    first, second = fronted.fronts
    stamps = [front.script(fronted, host).facts["STAMP"] for host in (first, second, first)]
    assert stamps[0] == stamps[2] != stamps[1]
    assert f"description ha-registry {stamps[0]}\n" in front.script(fronted, first).files["haproxy.cfg"]


def test_vip_is_held_by_the_fronts(fronted: Fronted) -> None:
    """Priorities in the order of the settings, each the peer of the other; a registry behind them is no member."""
    texts = [vip.script(fronted, host).files["keepalived.conf"] for host in fronted.fronts]
    assert [re.findall(r"^  priority (\d+)$", text, re.MULTILINE) for text in texts] == [["254"], ["250"]]
    with pytest.raises(ValueError, match="not in"):
        vip.script(fronted, fronted.registries[0])


# --- identity, precheck


def test_login_of_the_statistics_is_a_digest(fronted: Fronted) -> None:
    """haproxy compares SHA-256 of the whole header; the password is in no file."""
    role = ForFront(stats_user="admin", stats_password="s3cret")
    material = Material(ca_bundle="CA", certificate="LEAF", key="KEY", role=role)
    files = identity.script(fronted.fronts[0], material).files
    # printf 'Basic %s' "$(printf admin:s3cret | base64)" | sha256sum
    assert files["stats.login"] == "A8FE03A3A005B6A92067DFF00FD11C566A26A2E9F233D99AF818D4918D6220C5\n"
    assert files["front.pem"] == "LEAF\nKEY\n"
    assert "s3cret" not in "".join(files.values())
    assert "s3cret" not in repr(material)


@pytest.mark.parametrize(
    ("storage", "at"),
    [
        ({"s3": {"bucket": "registry", "endpoint": "https://rgw.b.example"}}, ["rgw.b.example 443"]),
        ({"s3": {"bucket": "registry", "endpoint": "https://rgw.b.example:8443"}}, ["rgw.b.example 8443"]),
        ({"s3": {"bucket": "registry"}}, []),
        ({"nfs": {"server": "nas.e.example", "export": "/images"}}, ["nas.e.example 2049"]),
        ({"cephfs": {"monitors": ["10.0.0.1", "10.0.0.2:3300"]}}, ["10.0.0.1 6789", "10.0.0.2 3300"]),
        ({"mounted": {"path": "/srv/images"}}, []),
    ],
)
def test_precheck_knows_where_the_storage_is(storage: dict[str, Any], at: list[str], load_system: Load) -> None:
    """Host and port of each way to it: a registry that cannot reach its images is refused before anything is changed."""
    system = load_system(CASES["fronted-http"]() | {"storage": storage})
    assert precheck.script(system, system.registries[0], "").facts["STORE_AT"] == at
