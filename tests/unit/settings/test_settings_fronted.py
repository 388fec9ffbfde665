"""Two fronts before any number of registries: rules that this topology adds or reads in its own way."""

from __future__ import annotations

from typing import Any

import pytest

from settings import Fronted
from settings.given import Rule
from settings.rules import certificate, front, network, storage
from tests.unit.settings.authority import Authority, pem
from tests.unit.settings.valid import Stack, storage_keys

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
        network.interfaces_carry_the_vip,
        {"registries": {"replica1": {"address": "10.20.0.21", "interface": "eth1"}, "replica2": "10.20.0.22", "replica3": "10.20.0.23"}},
        "registries.replica1.interface",
        "the VIP is never on this host",
        "beneath fronts",
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
    fronted.secrets = storage_keys(fronted.system)
    faults = tuple(rule.faults(fronted.given()))
    assert [fault.path for fault in faults] == [path]
    assert says in faults[0].rule
    assert remedy in faults[0].remedy
    assert fronted.faults() == faults


def loaded(stack: Stack) -> Fronted:
    stack.secrets = storage_keys(stack.system)
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
