"""Rules over several settings: each has a case here, or in the files and secrets beside."""

from __future__ import annotations

from typing import Any

import pytest

from settings.given import Rule
from settings.rules import network, registry, replication, storage
from tests.unit.settings.valid import Stack

Case = tuple[Rule, dict[str, Any], str, str, str]
USERS = [f"user{n}" for n in range(51)]
NETWORK: list[Case] = [
    (network.pair_has_two_registries, {"registries": {"r1": "192.168.23.51"}}, "registries", "exactly 2 registries, not 1", "two hosts"),
    (network.pair_has_two_registries, {"registries": {}}, "registries", "not 0", "two hosts"),
    (
        network.pair_has_two_registries,
        {"registries": {"r1": "192.168.23.51", "r2": "192.168.23.52", "r3": "192.168.23.53"}, "clients": {}},
        "registries",
        "not 3",
        "two hosts",
    ),
    (
        network.hosts_have_names_of_their_own,
        {"clients": {"registry01": "192.168.23.53"}},
        "clients.registry01",
        "is also registries.registry01",
        "registries trust the CA anyway",
    ),
    (
        network.hosts_have_addresses_of_their_own,
        {"registries/registry02": "192.168.23.51"},
        "registries.registry02.address",
        "is also registries.registry01.address",
        "each host's own address",
    ),
    (
        network.hosts_have_addresses_of_their_own,
        {"clients/push01": "192.168.23.51"},
        "clients.push01.address",
        "is also registries.registry01.address",
        "registries trust the CA anyway",
    ),
    (network.vip_is_no_host, {"vip/address": "192.168.23.51/20"}, "vip.address", "own address of registries.registry01", "a free address"),
    (network.vip_is_no_host, {"vip/address": "192.168.23.53"}, "vip.address", "own address of clients.push01", "a free address"),
    (
        network.vip_is_in_the_network_of_its_members,
        {"vip/address": "192.168.24.50/24", "registries/registry02": "192.168.24.52", "clients/push01": "192.168.23.52"},
        "vip.address",
        "registries.registry01 (192.168.23.51) is outside its network 192.168.24.0/24",
        "no prefix (then /32)",
    ),
    (network.vip_is_an_address_of_a_host, {"vip/address": "192.168.16.0/20"}, "vip.address", "is the network address", "a host in it"),
    (network.vip_is_an_address_of_a_host, {"vip/address": "192.168.31.255/20"}, "vip.address", "is the broadcast address", "a host in it"),
    (
        network.hosts_have_addresses_of_hosts,
        {"vip/address": "192.168.23.50/29", "registries": {"r1": "192.168.23.51", "r2": "192.168.23.55"}},
        "registries.r2.address",
        "is the broadcast address of 192.168.23.48/29",
        "a host in it",
    ),
    (network.advert_is_what_vrrp_can_say, {"vip/advert": "5ms"}, "vip.advert", "steps of 10ms", "100ms"),
    (network.advert_is_what_vrrp_can_say, {"vip/advert": "15ms"}, "vip.advert", "steps of 10ms", "100ms"),
    (network.advert_is_what_vrrp_can_say, {"vip/advert": "2s"}, "vip.advert", "10ms to 1s", "100ms"),
    (network.ports_are_some, {"ports": []}, "ports", "is empty", "[443]"),
    (network.ports_are_some, {"ports": [443, 80, 443]}, "ports", "stands there twice", "each port once"),
    (network.ports_are_some, {"ports": list(range(5000, 5009))}, "ports", "more than 8", "that clients write"),
    (
        network.ports_are_not_ours,
        {"ports": [443, 15443]},
        "ports",
        "taken on every registry host by us: registry, slot a",
        "another",
    ),
    (network.ports_are_not_ours, {"ports": [15447]}, "ports", "agent-check", "another port"),
    (network.ports_are_not_ours, {"ports": [15446]}, "ports", "read-only registry, slot b", "another port"),
    (network.ports_leave_ssh_alone, {"ports": [22]}, "ports", "where SSH listens", "another port"),
    (
        network.ssh_port_is_not_ours,
        {"ssh/port": 15444, "ssh/knownHosts": "at-15444"},
        "ssh.port",
        "registry, slot b",
        "elsewhere",
    ),
    (network.name_is_no_host, {"name": "push01"}, "name", "hostsEntries maps it to the VIP", "rename the host"),
    (
        network.pushers_may_pull,
        {"access/pull": ["10.0.0.0/8"]},
        "access.push",
        "not inside access.pull (10.0.0.0/8)",
        "add it to access.pull",
    ),
    (
        network.bastion_is_no_host,
        {"ssh/bastion": {"address": "192.168.23.53"}},
        "ssh.bastion.address",
        "address of clients.push01",
        "own address",
    ),
]
REGISTRY: list[Case] = [
    (storage.storage_is_one_kind, {"storage": {}}, "storage", "exactly one kind", "{local:"),
    (storage.storage_is_one_kind, {"storage": {"local": None}}, "storage", "exactly one kind", "{local:"),
    (
        storage.data_path_is_a_plain_folder,
        {"storage/local/path": "data/registry"},
        "storage.local.path",
        "is relative",
        "write /data/registry",
    ),
    (storage.data_path_is_a_plain_folder, {"storage/local/path": "/data/../etc"}, "storage.local.path", "must be plain", "/data/registry"),
    (storage.data_path_is_a_plain_folder, {"storage/local/path": "/data/a b"}, "storage.local.path", "must be plain", "/data/registry"),
    (storage.data_path_is_a_plain_folder, {"storage/local/path": "/data/$(x)"}, "storage.local.path", "must be plain", "/data/registry"),
    (storage.data_path_is_a_plain_folder, {"storage/local/path": "/data//x"}, "storage.local.path", "must be plain", "/data/registry"),
    (storage.data_path_is_free, {"storage/local/path": "/etc"}, "storage.local.path", "lies in /etc", "a folder of their own"),
    (storage.data_path_is_free, {"storage/local/path": "/etc/registry"}, "storage.local.path", "lies in /etc", "a folder of their own"),
    (
        storage.data_path_is_free,
        {"storage/local/path": "/var/lib/docker"},
        "storage.local.path",
        "lies in /var/lib/docker",
        "of their own",
    ),
    (storage.data_path_is_free, {"storage/local/path": "/var/lib"}, "storage.local.path", "lies in /var/lib", "of their own"),
    (
        storage.data_path_is_free,
        {"storage/local/path": "/var/lib/ha-registry"},
        "storage.local.path",
        "lies in /var/lib/ha-registry",
        "own",
    ),
    (
        storage.data_path_is_free,
        {"storage/local/path": "/var/lib/ha-registry/ledger"},
        "storage.local.path",
        "lies in /var/lib/ha-",
        "own",
    ),
    (storage.data_path_is_free, {"storage/local/path": "/run/ha-registry"}, "storage.local.path", "lies in /run", "own"),
    (
        registry.archive_path_is_a_plain_file,
        {"registry/source/archive": "image.tar"},
        "registry.source.archive",
        "absolute path",
        "/srv/images",
    ),
    (registry.archive_path_is_a_plain_file, {"registry/source/archive": "/srv/a b"}, "registry.source.archive", "plain characters", "/srv"),
    (
        registry.archive_is_the_only_source,
        {"registry/source": {"archive": "/srv/i.tar", "proxy": "http://p.example:3128"}},
        "registry.source.proxy",
        "has no effect",
        "or the archive",
    ),
    (registry.proxy_has_a_port, {"registry/source/proxy": "http://p.example:70000"}, "registry.source.proxy", "port outside", "3128"),
    (registry.proxy_has_a_port, {"registry/source/proxy": "http://p.example:0"}, "registry.source.proxy", "port outside", "3128"),
    (registry.memory_is_enough, {"registry/memory": "63Mi"}, "registry.memory", "less than the 64Mi", "1Gi"),
    (registry.users_are_some, {"users": []}, "users", "is empty", "[admin]"),
    (registry.users_are_some, {"users": ["a", "b", "a"]}, "users", "stands there twice", "each user once"),
    (registry.users_are_some, {"users": USERS}, "users", "more than 50", "one user together"),
    *[
        (registry.config_leaves_ours_alone, {f"registry/config/{path}": value}, f"registry.config.{path.replace('/', '.')}", rule, remedy)
        for path, value, rule, remedy in (
            ("http/addr", ":5000", "http.addr of config.yml is ours", "`ports`"),
            ("http/secret", "hunter2", "http.secret of config.yml is ours", "0600"),
            ("storage/filesystem", {"rootdirectory": "/x"}, "storage.filesystem of config.yml is ours", "`storage`"),
            ("storage/s3", {"bucket": "x"}, "storage.s3 of config.yml is ours", "`storage`"),
            ("storage/delete", {"enabled": False}, "is ours", "registry.delete"),
            ("storage/redirect", {"disable": False}, "is ours", "storage.s3.redirect"),
            ("storage/cache", {"blobdescriptor": "inmemory"}, "is ours", "memory"),
            ("storage/maintenance/readonly", {"enabled": True}, "is ours", "access.push"),
            ("auth", None, "auth of config.yml is ours", "`users`"),
            ("log/level", "debug", "is ours", "registry.log.level"),
            ("log/formatter", "json", "is ours", "registry.log.format"),
            ("health", {}, "is ours", "switch"),
            ("version", 0.1, "is ours", "one version"),
            ("proxy", {"remoteurl": "x"}, "is ours", "pushes"),
            ("http", None, "would overwrite http.addr", "single keys"),
            ("storage", "filesystem", "would overwrite storage.filesystem", "single keys"),
        )
    ],
    (registry.config_leaves_ours_alone, {"registry/config": {"http": {5: 1}}}, "registry.config.http.5", "not text", "in quotes"),
    (
        registry.config_leaves_ours_alone,
        {"registry/config": {"http": {"tls": {"key": "x"}}}},
        "registry.config.http.tls",
        "is ours",
        "`tls`",
    ),
]
REPLICATION: list[Case] = [
    (
        replication.shared_images_are_not_copied,
        {"storage": {"mounted": {"path": "/srv/images"}}, "replication": {"interval": "1m"}},
        "replication",
        "the same images at once on storage.mounted",
        "storage.local",
    ),
    (
        replication.copying_is_not_told_how_where_it_is_off,
        {"replication": {"enabled": False, "interval": "1m"}},
        "replication.interval",
        "replication.enabled is false",
        "remove this one",
    ),
    *(
        (replication.interval_is_neither_a_load_nor_never, {"replication/interval": text}, "replication.interval", "from 10s to 1d", "5m")
        for text in ("9s", "2d", "10500ms")
    ),
    (
        replication.there_are_deletions_to_copy,
        {"replication/deletes": True, "registry/delete": False},
        "replication.deletes",
        "registry.delete is false",
        "registry.delete: true",
    ),
    *(
        (
            replication.own_notifications_stand_beside_ours,
            {"registry/config/notifications": written},
            "registry.config.notifications",
            says,
            "remove it",
        )
        for written, says in (
            ("all", "a list of endpoints"),
            ({"endpoints": None}, "a list of endpoints"),
            ({"endpoints": [{"name": "ha-registry"}]}, "the name of our own endpoint"),
        )
    ),
]
CASES = NETWORK + REGISTRY + REPLICATION


@pytest.mark.parametrize(
    ("rule", "changes", "path", "says", "remedy"), CASES, ids=[f"{case[0].check.__name__}-{n}" for n, case in enumerate(CASES)]
)
def test_rule_refuses(stack: Stack, rule: Rule, changes: dict[str, Any], path: str, says: str, remedy: str) -> None:
    """A broken rule is one fault of that rule alone: path, rule, remedy; and `load` finds no other."""
    stack.change(**changes)
    stack.pin("192.168.23.55", "192.168.24.52")
    stack.pin(*(f"[192.168.23.{last}]:15444" for last in (51, 52, 53)), file="at-15444")
    faults = tuple(rule.faults(stack.given()))
    assert [fault.path for fault in faults] == [path]
    assert says in faults[0].rule
    assert remedy in faults[0].remedy
    assert stack.faults() == faults
