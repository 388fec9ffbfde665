"""Two fronts before any number of registries: rules that this topology adds or reads in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from settings import Fronted
from settings.given import Rule
from settings.rules import certificate, front, network, storage
from tests.unit.settings.authority import Authority, pem
from tests.unit.settings.valid import ABSENT, Stack

Case = tuple[Rule, dict[str, Any], str, str, str]
NFS = {"nfs": {"server": "nas.example.com", "export": "/images"}}
HOSTS: list[Case] = [
    (front.fronts_are_two, {"fronts": {"front1": "10.20.0.11"}}, "fronts", "exactly 2 hosts that share the VIP, not 1", "name two"),
    (front.fronts_are_two, {"fronts": {}}, "fronts", "not 0", "name two"),
    (
        front.fronts_are_two,
        {"fronts": {"a": "10.20.0.11", "b": "10.20.0.12", "c": "10.20.0.31"}, "clients": {}},
        "fronts",
        "not 3",
        "name two",
    ),
    (front.registries_are_some, {"registries": {}}, "registries", "at least one host", "name the hosts"),
    (
        network.hosts_have_names_of_their_own,
        {"fronts": {"front1": "10.20.0.11", "replica1": "10.20.0.12"}},
        "fronts.replica1",
        "is also registries.replica1",
        "both take `ports`",
    ),
    (
        network.hosts_have_names_of_their_own,
        {"clients": {"front1": "10.20.0.31"}},
        "clients.front1",
        "is also fronts.front1",
        "fronts trust",
    ),
    (
        network.hosts_have_addresses_of_their_own,
        {"fronts/front2": "10.20.0.21"},
        "fronts.front2.address",
        "is also registries.replica1.address",
        "a machine of its own: haproxy and a registry both take `ports`",
    ),
    (
        network.hosts_have_addresses_of_their_own,
        {"fronts/front2": "10.20.0.11"},
        "fronts.front2.address",
        "is also fronts.front1.address",
        "own address",
    ),
    (network.vip_is_no_host, {"vip/address": "10.20.0.12/24"}, "vip.address", "own address of fronts.front2", "network of fronts"),
    (
        network.vip_is_in_the_network_of_its_members,
        {"vip/address": "10.20.0.10/31", "fronts/front2": "10.20.0.31", "clients": {}},
        "vip.address",
        "fronts.front2 (10.20.0.31) is outside its network 10.20.0.10/31",
        "no prefix (then /32)",
    ),
    (
        network.hosts_have_addresses_of_hosts,
        {"vip/address": "10.20.0.10/29", "fronts": {"front1": "10.20.0.11", "front2": "10.20.0.12"}, "clients/push01": "10.20.0.15"},
        "clients.push01.address",
        "broadcast address of 10.20.0.8/29",
        "a host in it",
    ),
    (
        network.bastion_is_no_host,
        {"ssh/bastion": {"address": "10.20.0.11"}},
        "ssh.bastion.address",
        "address of fronts.front1",
        "own address",
    ),
]
HAPROXY: list[Case] = [
    (front.ports_of_fronts_are_apart, {"haproxy/stats/port": 443}, "haproxy.stats.port", "is one of ports", "another port"),
    (front.ports_of_fronts_are_apart, {"haproxy/stats/port": 22}, "haproxy.stats.port", "where SSH listens", "another port"),
    (front.ports_of_fronts_are_apart, {"haproxy/metricsPort": 1158}, "haproxy.metricsPort", "also haproxy.stats.port", "another port"),
    (front.ports_of_fronts_are_apart, {"haproxy/metricsPort": 15447}, "haproxy.metricsPort", "agent-check", "another port"),
    (
        front.ports_of_fronts_are_apart,
        {"haproxy/mode": "tcp", "haproxy/healthPort": 8405},
        "haproxy.healthPort",
        "also haproxy.metricsPort",
        "another port",
    ),
    (front.ports_of_fronts_are_apart, {"haproxy/mode": "tcp", "ports": [443, 8480]}, "haproxy.healthPort", "one of ports", "another port"),
    (front.health_port_has_an_effect, {"haproxy/healthPort": 8481}, "haproxy.healthPort", "no effect in mode http", "haproxy.mode: tcp"),
    (front.checks_come_in_time, {"haproxy/check/interval": "99ms"}, "haproxy.check.interval", "must be 100ms to 1m", "500ms"),
    (front.checks_come_in_time, {"haproxy/check/interval": "61s"}, "haproxy.check.interval", "must be 100ms to 1m", "500ms"),
    (front.refresh_is_what_browsers_count, {"haproxy/stats/refresh": "2h"}, "haproxy.stats.refresh", "must be 1s to 1h", "10s"),
    (front.refresh_is_what_browsers_count, {"haproxy/stats/refresh": "1500ms"}, "haproxy.stats.refresh", "whole seconds", "10s"),
    (
        front.pushers_are_told_apart,
        {"haproxy/mode": "tcp", "access/push": ["10.20.0.31", "10.30.0.0/16"]},
        "access.push",
        "haproxy passes encrypted bytes on",
        "haproxy.mode: http",
    ),
    (
        front.uploads_on_nfs_stay_on_one_registry,
        {"storage": NFS, "haproxy/balance": "leastconn"},
        "haproxy.balance",
        "on NFS a registry sees late what another wrote",
        "write source",
    ),
    (front.uploads_on_nfs_stay_on_one_registry, {"storage": NFS, "haproxy/balance": "roundrobin"}, "haproxy.balance", "NFS", "storage.s3"),
]
STORAGE: list[Case] = [
    (
        storage.replicas_share_their_storage,
        {"storage": {"local": {}}},
        "storage",
        "what is pushed through one of the 3 would be missing in the others",
        "s3, nfs, cephfs or mounted",
    ),
    (storage.storage_is_one_kind, {"storage/nfs": NFS["nfs"]}, "storage", "exactly one kind", "keep the one"),
    (storage.storage_is_one_kind, {"storage": {}}, "storage", "exactly one kind", "local, s3, nfs, cephfs, mounted"),
    (
        storage.data_path_is_a_plain_folder,
        {"storage": {"mounted": {"path": "srv/images"}}},
        "storage.mounted.path",
        "is relative",
        "write /srv/images",
    ),
    (storage.data_path_is_a_plain_folder, {"storage": NFS, "storage/nfs/path": "/a b"}, "storage.nfs.path", "must be plain", "/data"),
    (storage.data_path_is_free, {"storage": NFS, "storage/nfs/path": "/mnt"}, "storage.nfs.path", "lies in /mnt", "of their own"),
    (storage.data_path_is_free, {"storage": {"mounted": {"path": "/usr/x"}}}, "storage.mounted.path", "lies in /usr", "of their own"),
    (
        storage.data_path_is_free,
        {"storage": {"mounted": {"path": "/var/lib/ha-registry/images"}}},
        "storage.mounted.path",
        "lies in /var/lib/ha-registry",
        "of their own",
    ),
    (
        storage.data_path_is_free,
        {"storage": NFS, "storage/nfs/path": "/var/lib/ha-registry/data"},
        "storage.nfs.path",
        "lies in /var/lib/ha-registry",
        "of their own",
    ),
    (
        storage.bucket_can_be_in_a_host_name,
        {"storage/s3": {"bucket": "b.c"}},
        "storage.s3.bucket",
        "no wildcard certificate",
        "forcePathStyle: true",
    ),
    (
        storage.bucket_can_be_in_a_host_name,
        {"storage/s3/endpoint": "https://10.20.0.40", "storage/s3/forcePathStyle": False},
        "storage.s3.forcePathStyle",
        "makes no host name",
        "write true",
    ),
    (
        storage.nfs_options_stand_once,
        {"storage": {"nfs": {**NFS["nfs"], "options": ["rsize=1048576", "rsize=65536"]}}},
        "storage.nfs.options",
        "twice",
        "once",
    ),
    (
        storage.shared_images_outlive_their_hosts,
        {"registry/deleteDataOnDestroy": True},
        "registry.deleteDataOnDestroy",
        "images of all registries",
        "on the storage itself",
    ),
]
CEPHFS: list[Case] = [
    (
        storage.monitors_are_some,
        {"storage": {"cephfs": {"monitors": []}}},
        "storage.cephfs.monitors",
        "is empty",
        "`ceph mon dump`",
    ),
    (
        storage.monitors_are_some,
        {"storage": {"cephfs": {"monitors": ["10.0.0.1", "10.0.0.1"]}}},
        "storage.cephfs.monitors",
        "stands there twice",
        "each monitor once",
    ),
]
CASES = HOSTS + HAPROXY + STORAGE + CEPHFS


@pytest.mark.parametrize(
    ("rule", "changes", "path", "says", "remedy"), CASES, ids=[f"{case[0].check.__name__}-{n}" for n, case in enumerate(CASES)]
)
def test_rule_refuses(fronted: Stack, rule: Rule, changes: dict[str, Any], path: str, says: str, remedy: str) -> None:
    """A broken rule is one fault of that rule alone: path, rule, remedy; and `load` finds no other."""
    fronted.change(**changes)
    fronted.pin("10.20.0.15")
    fronted.secrets = keys(fronted.system)
    faults = tuple(rule.faults(fronted.given()))
    assert [fault.path for fault in faults] == [path]
    assert says in faults[0].rule
    assert remedy in faults[0].remedy
    assert fronted.faults() == faults


def keys(system: Mapping[str, Any]) -> set[str]:
    """The secrets that the storage takes."""
    return {name for kind in system["storage"] for name in {"s3": ("s3AccessKey", "s3SecretKey"), "cephfs": ("cephKey",)}.get(kind, ())}


VALUES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"fronts": ABSENT}, "fronts", "is required: Hosts that run haproxy", "fronts: {front01:"),
    ({"fronts/front1": "fd00::11"}, "fronts.front1.address", "IPv6 is not supported", "IPv4"),
    ({"haproxy/check/intervall": "1s"}, "haproxy.check.intervall", "is not a setting", "did you mean haproxy.check.interval?"),
    ({"stats": {"port": 1}}, "stats", "is not a setting", "did you mean haproxy.stats?"),
    ({"haproxy/mode": "tls"}, "haproxy.mode", "must be http or tcp", "write one of them"),
    ({"haproxy/balance": "uri"}, "haproxy.balance", "must be leastconn or roundrobin or source", "write one of them"),
    ({"haproxy/check/fall": 0}, "haproxy.check.fall", "from 1 to 10", "without quotes"),
    ({"haproxy/check/rise": 11}, "haproxy.check.rise", "from 1 to 10", "without quotes"),
    ({"haproxy/check/interval": 500}, "haproxy.check.interval", "with its unit", "100ms"),
    ({"haproxy/stats/path": "haproxy"}, "haproxy.stats.path", "must be a path", "/haproxy"),
    ({"haproxy/stats/path": "/"}, "haproxy.stats.path", "must be a path", "/haproxy"),
    ({"haproxy/stats/path": "/a b"}, "haproxy.stats.path", "must be a path", "/haproxy"),
    ({"haproxy/stats/path": "/../x"}, "haproxy.stats.path", "must be a path", "/haproxy"),
    ({"haproxy/stats/user": "a:b"}, "haproxy.stats.user", "a user's name alone", "write the name"),
    ({"haproxy/stats/password": "x"}, "haproxy.stats.password", "is not a setting", "--secret statsPassword"),
    ({"cluster": {}}, "cluster", "is not a setting", "topology: kubernetes"),
    *[
        ({"storage/s3/endpoint": value}, "storage.s3.endpoint", rule, remedy)
        for value, rule, remedy in (
            ("http://rgw.example.com", "plain http", "storage.s3.ca"),
            ("rgw.example.com", "no https://", "https://HOST"),
            ("https://rgw.example.com/registry", "has a path", "storage.s3.bucket"),
            ("https://a:b@rgw.example.com", "credentials", "s3SecretKey"),
            ("https://[fd00::1]:8443", "IPv6 is not supported", "IPv4"),
            ("https://rgw.example.com:70000", "port up to 65535", "https://HOST"),
            ("https://RGW.example.com", "in lower case", "https://HOST"),
            ("", "URL of the store", "https://HOST"),
            (5, "URL of the store", "https://HOST"),
        )
    ],
    *[
        ({"storage/s3/bucket": value}, "storage.s3.bucket", rule, "as the store lists it")
        for value, rule in (
            ("Re", "3 to 63 lower-case"),
            ("Registry", "lower-case"),
            ("-registry", "first and last"),
            ("r..y", "two dots"),
            ("10.0.0.1", "IP address"),
            ("xn--registry", "prefix"),
            ("registry-s3alias", "suffix"),
            (5, "3 to 63"),
        )
    ],
    ({"storage/s3/region": "eu central"}, "storage.s3.region", "name of a region", "eu-central-1"),
    ({"storage/s3/folder": "/x"}, "storage.s3.folder", "a folder in the bucket", "registry/prod"),
    ({"storage/s3/folder": "../x"}, "storage.s3.folder", "a folder in the bucket", "registry/prod"),
    ({"storage/s3/redirect": "no"}, "storage.s3.redirect", "true or false", "without quotes"),
    ({"storage/s3/accessKey": "x"}, "storage.s3.accessKey", "is not a setting", "s3AccessKey"),
    *[
        ({"storage": {"nfs": {**NFS["nfs"], **change}}}, path, rule, remedy)
        for change, path, rule, remedy in (
            ({"server": "nas:/images"}, "storage.nfs.server", "alone", "nas.example.com"),
            ({"server": "fd00::1"}, "storage.nfs.server", "IPv6 is not supported", "IPv4"),
            ({"server": 5}, "storage.nfs.server", "alone", "nas.example.com"),
            ({"export": "images"}, "storage.nfs.export", "absolute path of the export", "/images"),
            ({"export": "/a b"}, "storage.nfs.export", "absolute path of the export", "/images"),
            ({"export": "/a/../b"}, "storage.nfs.export", "absolute path of the export", "/images"),
            ({"options": "soft"}, "storage.nfs.options", "must be a list", "[ONE, TWO]"),
            ({"options": ["soft"]}, "storage.nfs.options[0]", "is lost", "remove it"),
            ({"options": ["softerr"]}, "storage.nfs.options[0]", "is lost", "remove it"),
            ({"options": ["nconnect=4", "nolock"]}, "storage.nfs.options[1]", "locks nothing", "remove it"),
            ({"options": ["async"]}, "storage.nfs.options[0]", "not on its disk", "remove it"),
            ({"options": ["nocto"]}, "storage.nfs.options[0]", "misses what another wrote", "remove it"),
            ({"options": ["ro"]}, "storage.nfs.options[0]", "no push succeeds", "remove it"),
            ({"options": ["vers=3"]}, "storage.nfs.options[0]", "decided by us", "remove it"),
            ({"options": ["hard"]}, "storage.nfs.options[0]", "decided by us", "remove it"),
            ({"options": ["soft,bg"]}, "storage.nfs.options[0]", "one mount option", "without commas"),
            ({"options": ["context=x"]}, "storage.nfs.options[0]", "known to be safe", "nconnect=4"),
        )
    ],
    *[
        ({"storage": {"cephfs": {"monitors": ["10.0.0.1"], **change}}}, path, rule, remedy)
        for change, path, rule, remedy in (
            ({"monitors": "10.0.0.1"}, "storage.cephfs.monitors", "must be a list", "[ONE, TWO]"),
            ({"monitors": ["10.0.0.1:70000"]}, "storage.cephfs.monitors[0]", "port outside", "10.0.0.1:6789"),
            ({"monitors": ["10.0.0.1:x"]}, "storage.cephfs.monitors[0]", "port outside", "10.0.0.1:6789"),
            ({"monitors": ["[fd00::1]:6789"]}, "storage.cephfs.monitors[0]", "IPv6 is not supported", "IPv4"),
            ({"monitors": ["v2:10.0.0.1"]}, "storage.cephfs.monitors[0]", "port outside", "10.0.0.1:6789"),
            ({"monitors": ["10.0.0.1,10.0.0.2"]}, "storage.cephfs.monitors[0]", "HOST or HOST:PORT", "10.0.0.1"),
            ({"user": "client.registry"}, "storage.cephfs.user", "without `client.`", "cephKey"),
            ({"filesystem": "a b"}, "storage.cephfs.filesystem", "CephFS file system", "cephfs"),
            ({"folder": "x"}, "storage.cephfs.folder", "absolute path of a folder", "/registry"),
        )
    ],
    ({"storage": {"mounted": {}}}, "storage.mounted.path", "is required: Where it is mounted", "/srv/images"),
]


@pytest.mark.parametrize(
    ("changes", "path", "rule", "remedy"), VALUES, ids=[f"{case[1]}-{case[2][:24]}-{n}" for n, case in enumerate(VALUES)]
)
def test_value_refused(fronted: Stack, changes: dict[str, Any], path: str, rule: str, remedy: str) -> None:
    """A bad value is one fault: at its path, naming the rule it breaks and what to do now."""
    fronted.change(**changes)
    fronted.secrets = keys(fronted.system)
    faults = fronted.faults()
    assert [fault.path for fault in faults] == [path]
    assert rule in faults[0].rule
    assert remedy in faults[0].remedy


@pytest.mark.parametrize(
    "changes",
    [
        {"registries": {"only": "10.20.0.21"}, "storage": {"local": {}}},
        {"vip/address": "10.20.0.10"},
        {"haproxy": ABSENT, "clients": ABSENT},
        {"haproxy": {"mode": "tcp", "healthPort": 9000}},
        {"access/push": ["10.20.0.31"]},
        {"ports": [443, 8480]},
        {"storage": NFS, "haproxy/balance": "source"},
        {"storage": {"nfs": {**NFS["nfs"], "options": ["noac", "nconnect=4", "sec=krb5p", "actimeo=0", "lookupcache=none"]}}},
        {"storage": {"mounted": {"path": "/srv/images"}}, "haproxy/balance": "roundrobin"},
        {"storage": {"cephfs": {"monitors": ["mon1", "10.0.0.2:6789"], "filesystem": "images", "fuse": True, "folder": "/a/b"}}},
        {"storage": {"s3": {"bucket": "my.bucket", "endpoint": "https://10.20.0.40:8443/"}}},
        {"storage": {"s3": {"bucket": "company-images", "region": "eu-central-1"}}},
        {"storage/s3/forcePathStyle": False},
    ],
    ids=str,
)
def test_value_accepted(fronted: Stack, changes: dict[str, Any]) -> None:
    """What people may write is not refused."""
    fronted.change(**changes)
    fronted.secrets = keys(fronted.system)
    assert fronted.faults() == ()


def loaded(stack: Stack) -> Fronted:
    stack.secrets = keys(stack.system)
    system = stack.load()
    assert isinstance(system, Fronted)
    return system


def test_roles_of_hosts(fronted: Stack) -> None:
    """Every host is listed once, fronts after registries; the fronts hold the VIP, and end TLS unless they pass it on."""
    system = loaded(fronted)
    assert [host.name for host in system.hosts] == ["replica1", "replica2", "replica3", "front1", "front2", "push01"]
    assert (system.members, system.endpoints) == (system.fronts, system.fronts)
    system = loaded(fronted.change(**{"haproxy/mode": "tcp"}))
    assert (system.members, system.endpoints) == (system.fronts, system.registries)


@pytest.mark.parametrize(
    ("kind", "balance"), [(NFS, "source"), ({"mounted": {"path": "/srv/images"}}, "source"), ({"s3": {"bucket": "images"}}, "leastconn")]
)
def test_balance_follows_the_storage(fronted: Stack, kind: dict[str, Any], balance: str) -> None:
    """One client's requests stay on one registry where the others may see late what it wrote; else the idlest serves."""
    assert loaded(fronted.change(storage=kind)).balance == balance
    assert loaded(fronted.change(**{"haproxy/balance": "source"})).balance == "source"


def test_files_come_back_absolute(fronted: Stack) -> None:
    """The CA of the store is found from anywhere."""
    s3 = loaded(fronted).storage.s3
    assert s3 is not None
    assert (s3.ca, s3.is_path_style) == (str(fronted.base / "rgw-ca.pem"), True)


@pytest.mark.parametrize(("content", "says"), [(None, "does not exist"), (b"no PEM", "no PEM certificate")])
def test_store_ca_unusable(fronted: Stack, content: bytes | None, says: str) -> None:
    """A CA that is not there, or none, is found before any host is touched."""
    path = fronted.base / "rgw-ca.pem"
    path.unlink()
    if content:
        path.write_bytes(content)
    (fault,) = fronted.faults()
    assert (fault.path, fault.value) == ("storage.s3.ca", "rgw-ca.pem")
    assert says in fault.rule
    assert list(certificate.store_ca_is_a_certificate.faults(fronted.given())) == [fault]


@pytest.mark.parametrize(
    ("mode", "lacks"),
    [
        ("http", ["fronts.front1 10.20.0.11", "fronts.front2 10.20.0.12"]),
        ("tcp", ["registries.replica1 10.20.0.21", "registries.replica2 10.20.0.22", "registries.replica3 10.20.0.23"]),
    ],
)
def test_own_certificate_names_who_ends_tls(fronted: Stack, mode: str, lacks: list[str]) -> None:
    """Clients meet the certificate on fronts, or on registries where fronts pass TLS on."""
    authority = Authority()
    (fronted.base / "leaf.pem").write_bytes(pem(authority.issue(("registry.example.com", "10.20.0.10"))))
    (fronted.base / "ca.pem").write_bytes(pem(authority.certificate))
    fronted.secrets = {*fronted.secrets, "tlsKey"}
    fronted.change(**{"tls": {"files": {"certificate": "leaf.pem", "ca": "ca.pem"}}, "haproxy/mode": mode})
    assert [fault.rule.removeprefix("does not name ").split(",")[0] for fault in fronted.faults()] == lacks


@pytest.mark.parametrize(("raw", "paths"), [({}, ["topology"]), ({"topology": "front"}, ["topology"])])
def test_faults_are_those_of_the_topology_that_is_meant(fronted: Stack, raw: dict[str, Any], paths: list[str]) -> None:
    """Where the topology is missing or misspelt, fronts are no further fault."""
    del fronted.system["topology"]
    fronted.system |= raw
    assert [fault.path for fault in fronted.faults()] == paths
