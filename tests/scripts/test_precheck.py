"""precheck: refuses in the words of the settings what would go wrong later, and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from settings import Pair
from tests.golden.cases import adopted
from tests.scripts.concerns import Concerns
from tests.scripts.sandbox import Sandbox
from tests.scripts.snapshot import leftovers

Prepare = Callable[[Sandbox], object]
WORDING = re.compile(r"refused [\w.]+: [^:]+.*: .+; .+")


def _keepalived(vrid: int) -> Prepare:
    return lambda host: host.file("/etc/keepalived/keepalived.conf", f"vrrp_instance a {{\n  virtual_router_id {vrid}\n}}\n")


def _container(data: str) -> Prepare:
    def prepare(host: Sandbox) -> None:
        host.brought("docker", "dockerd", package="docker-ce")
        host.container("images", publish="443", data=data)
        host.set("listening/443", "docker-proxy")

    return prepare


def _held_elsewhere(host: Sandbox) -> None:
    host.set("answering", "192.168.23.50\n192.168.23.52\n")
    host.set("neighbours", "192.168.23.50 aa:aa:aa:aa:aa:aa\n192.168.23.52 bb:bb:bb:bb:bb:bb\n")


def _serving_with_another_vrid(host: Sandbox) -> None:
    _keepalived(9)(host)
    host.file("/var/lib/ha-registry/ledger/vip", "file /etc/keepalived/keepalived.conf\n")


REFUSALS: dict[str, tuple[dict[str, Any], Prepare, str]] = {
    "prefix": (
        {},
        lambda host: host.set("addresses", "ens192 192.168.23.51/24\n"),
        "refused vip.address: 192.168.23.50/20: ens192 of registry01 is 192.168.23.51/24; write 192.168.23.50/24, or no prefix (then /32)",
    ),
    "interface": (
        {},
        lambda host: host.set("addresses", "lo 127.0.0.1/8\neth0 192.168.23.51/20\n"),
        "refused vip.interface: ens192: registry01 has no such interface with an IPv4 address; write one of: eth0",
    ),
    "address": (
        {},
        lambda host: host.set("addresses", "ens192 192.168.23.77/20\n"),
        "refused registries.registry01.address: 192.168.23.51: ens192 of registry01 has 192.168.23.77/20; "
        "write the interface that carries 192.168.23.51",
    ),
    "vip answers": (
        {},
        _held_elsewhere,
        "refused vip.address: 192.168.23.50: it answers already, from aa:aa:aa:aa:aa:aa, and not from a host of this stack; "
        "choose a free address, or adopt: true where a hand-made pair holds it",
    ),
    "disk": (
        {},
        lambda host: host.set("free", str(100 << 20)),
        "refused storage.local.reserve: 1Gi: 100 Mi are free at /data/registry on registry01; free space there, or write a smaller reserve",
    ),
    "image source": (
        {},
        lambda host: host.set("reachable", ""),
        "refused registry.image: docker.io/library/registry:3.1.1: registry01 does not reach registry-1.docker.io port 443; "
        "open the way, or name a mirror, registry.source.proxy or registry.source.archive",
    ),
    "archive": (
        {"registry": {"source": {"archive": "/srv/registry.tar"}}},
        lambda host: None,
        "refused registry.source.archive: /srv/registry.tar: registry01 has no such file; "
        "copy the archive made by docker save to registry01",
    ),
    "foreign keepalived": (
        {},
        _keepalived(7),
        "refused adopt: false: registry01 has a keepalived of its own: /etc/keepalived/keepalived.conf, VRID 7; "
        "write adopt: true to take it over, or remove it",
    ),
    "vrid of the adopted": (
        adopted(),
        _keepalived(7),
        "refused vip.vrid: 55: the keepalived found on registry01 has 7, and so has its peer; write vrid: 7",
    ),
    "vrid while serving": (
        {},
        _serving_with_another_vrid,
        "refused vip.vrid: 55: registry01 serves with 9: two groups would hold the VIP at once; "
        "keep 9, or pulumi destroy and up in a maintenance window",
    ),
    "port": (
        {},
        lambda host: host.set("listening/443", "nginx"),
        "refused ports: 443: nginx listens there on registry01; stop it, or write another port",
    ),
    "port of a slot": (
        {},
        lambda host: host.set("listening/15443", "java"),
        "refused ports: 15443: java listens there on registry01; stop it, or write another port",
    ),
    "foreign registry": (
        {},
        _container("/data/registry"),
        "refused adopt: false: container images serves port 443 on registry01, with docker-proxy; its images: /data/registry; "
        "write adopt: true to take it over, or remove it",
    ),
    "data of the adopted": (
        adopted(),
        _container("/srv/images"),
        "refused storage.local.path: /data/registry: container images on registry01 keeps its images in /srv/images; "
        "write path: /srv/images",
    ),
    "name": (
        {"hostsEntries": False},
        lambda host: host.set("names", "registry01.dev.com 10.9.9.9\n"),
        "refused name: registry01.dev.com: on registry01 it means 10.9.9.9, not the VIP 192.168.23.50; "
        "add the DNS record, or write hostsEntries: true",
    ),
    "name unknown": (
        {"hostsEntries": False},
        lambda host: None,
        "refused name: registry01.dev.com: on registry01 it means nothing, not the VIP 192.168.23.50; "
        "add the DNS record, or write hostsEntries: true",
    ),
    "family": (
        {},
        lambda host: host.file("/etc/os-release", "ID=alpine\nVERSION_ID=3.20\n"),
        "refused registries.registry01: alpine 3.20: hosts are Debian, Ubuntu, Rocky or RHEL; choose another host",
    ),
    "rocky without docker": (
        {},
        lambda host: host.file("/etc/os-release", 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n'),
        "refused registries.registry01: rocky 9.4: this family has no Docker of its own; install docker-ce on it, then run pulumi up again",
    ),
    "systemd": (
        {},
        lambda host: (host.root / "run/systemd/system").rmdir(),
        "refused registries.registry01: debian 12: systemd must run there; choose another host",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_precheck_refuses_in_the_words_of_the_settings(
    case: str, host: Sandbox, system_mapping: dict[str, Any], load_system: Callable[[dict[str, Any]], Pair]
) -> None:
    """What is wrong on the host ends with 65 and names path, value, rule and remedy; nothing is changed."""
    more, prepare, words = REFUSALS[case]
    prepare(host)
    before, host_before = host.tree(), host.host()
    ran = host.run(Concerns(load_system(system_mapping | more))["precheck"], "apply", expect=65)
    assert ran.err.splitlines() == [words] or ran.err.strip() == words
    assert WORDING.fullmatch(ran.err.strip())
    assert ran.out == ""
    assert leftovers(before, host.tree()) == []
    assert leftovers(host_before, host.host()) == []


def test_precheck_of_a_good_host_says_nothing(scripts: Concerns, host: Sandbox) -> None:
    """A host on which everything fits: no word, exit 0, nothing changed, by apply, verify and remove alike."""
    before = host.tree()
    for verb in ("apply", "verify", "remove"):
        assert host.run(scripts["precheck"], verb).out == ""
    assert leftovers(before, host.tree()) == []


def test_precheck_names_everything_at_once(scripts: Concerns, host: Sandbox) -> None:
    """Several faults are all printed, not only the first."""
    host.set("free", "0")
    host.set("addresses", "ens192 192.168.23.51/24\n")
    host.set("listening/80", "nginx")
    ran = host.run(scripts["precheck"], "apply", expect=65)
    assert [line.split(":")[0] for line in ran.err.splitlines()] == [
        "refused vip.address",
        "refused storage.local.reserve",
        "refused ports",
    ]


def test_precheck_clock_that_is_years_behind(scripts: Concerns, host: Sandbox) -> None:
    """A host that still lives in 1970 would find every certificate not yet valid."""
    host.set("clock", "86400")
    ran = host.run(scripts["precheck"], "apply", expect=65)
    assert "refused registries.registry01: 1970-01-02T00:00:00Z: the clock is years behind; set the clock of registry01" in ran.err


def test_precheck_of_a_client_asks_only_what_concerns_it(system: Pair, host: Sandbox) -> None:
    """A client has no VIP, port or disk to check, and is named under clients."""
    script = Concerns(system, system.clients[0])["precheck"]
    host.set("addresses", "eth0 192.168.23.53/24\n")
    host.set("listening/443", "nginx")
    host.set("free", "0")
    host.run(script, "apply")
    host.file("/etc/os-release", "ID=alpine\nVERSION_ID=3.20\n")
    assert "refused clients.push01: alpine 3.20" in host.run(script, "apply", expect=65).err


def test_precheck_accepts_the_vip_on_a_peer_of_this_stack(scripts: Concerns, host: Sandbox) -> None:
    """A VIP that answers from the hardware address of a peer is ours: a host may be replaced while its peer serves."""
    host.set("answering", "192.168.23.50\n192.168.23.52\n")
    host.set("neighbours", "192.168.23.50 bb:bb:bb:bb:bb:bb\n192.168.23.52 bb:bb:bb:bb:bb:bb\n")
    host.run(scripts["precheck"], "apply")


def test_precheck_of_a_serving_host_is_silent(scripts: Concerns, serving: Sandbox) -> None:
    """Our own keepalived, ports, containers and VIP are nothing to refuse."""
    for port in ("443", "80", "15443", "15445"):
        serving.set(f"listening/{port}", "docker-proxy")
    ran = serving.run(scripts["precheck"], "apply")
    assert ran.out + ran.err == ""


def test_precheck_takes_an_archive_or_an_image_that_is_there(
    host: Sandbox, system_mapping: dict[str, Any], load_system: Callable[[dict[str, Any]], Pair]
) -> None:
    """Without a way out of the network, an archive on the host is enough."""
    host.set("reachable", "")
    host.file("/srv/registry.tar", "docker.io/library/registry:3.1.1")
    more = {"registry": {"source": {"archive": "/srv/registry.tar"}}}
    host.run(Concerns(load_system(system_mapping | more))["precheck"], "apply")
