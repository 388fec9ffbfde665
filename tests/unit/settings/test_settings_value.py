"""Single values: each bad one is refused alone, at its path, with its rule and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.valid import ABSENT, Stack

LONG_LABEL = "a" * 64
DIGEST = "sha256:" + "ab" * 32

CASES: list[tuple[dict[str, Any], str, str, str]] = [
    # changes by path, path of the fault, part of its rule, part of its remedy
    ({"topology": "pear"}, "topology", "must be pair or fronted or kubernetes", "write one of them"),
    ({"topology": ABSENT}, "topology", "is required: The shape of the system", "topology: pair"),
    ({"topology": ["pair"]}, "topology", "must be pair or fronted or kubernetes", "write one of them"),
    ({"name": ABSENT}, "name", "is required: DNS name of the registry", "name: registry.example.com"),
    ({"vip": ABSENT}, "vip", "is required: The virtual IP", "vip: {address:"),
    ({"registries": ABSENT}, "registries", "is required: Hosts that run a registry", "registries: {registry01:"),
    ({"storage": ABSENT}, "storage", "is required: Where images are kept", "storage: {local:"),
    ({"vip/interface": ABSENT}, "vip.interface", "is required: The interface", "interface: ens192"),
    ({"vip/vrid": ABSENT}, "vip.vrid", "is required: Virtual router id", "vrid: 55"),
    ({"registries/registry01": {"interface": "e0"}}, "registries.registry01.address", "is required: The host's own", "192.168.23.51"),
    # unknown keys
    ({"vip/vird": 55}, "vip.vird", "is not a setting", "did you mean vip.vrid?"),
    ({"hostEntries": True}, "hostEntries", "is not a setting", "did you mean hostsEntries?"),
    ({"hosts_entries": True}, "hosts_entries", "is not a setting", "did you mean hostsEntries?"),
    ({"vrid": 55}, "vrid", "is not a setting", "did you mean vip.vrid?"),
    ({"vip/zzz": 55}, "vip.zzz", "is not a setting", "known here: address, advert"),
    (
        {"registries/registry02/adress": "x"},
        "registries.registry02.adress",
        "is not a setting",
        "did you mean registries.registry02.address?",
    ),
    ({"registries/registry02/name": "x"}, "registries.registry02.name", "is not a setting", "the key of the entry is the host's name"),
    ({"fronts": {"f": "192.168.23.60"}}, "fronts", "is not a setting", "topology: fronted"),
    ({"haproxy": {}}, "haproxy", "is not a setting", "topology: fronted"),
    ({"cluster": {}}, "cluster", "is not a setting", "topology: kubernetes"),
    ({"nodes": {}}, "nodes", "is not a setting", "topology: kubernetes"),
    ({"ui": {"port": 5001}}, "ui", "is not a setting", "in topology kubernetes only"),
    ({"storage/rados": {"pool": "x"}}, "storage.rados", "is not a setting", "endpoint of Ceph's RGW"),
    ({"storage/rbd": {"pool": "x"}}, "storage.rbd", "is not a setting", "one writer"),
    ({"storage/gcs": {"bucket": "x"}}, "storage.gcs", "is not a setting", "local, s3, nfs, cephfs and mounted"),
    ({"ssh/privateKey": "x"}, "ssh.privateKey", "is not a setting", "--secret sshKey"),
    ({"tls/certificate": "x"}, "tls.certificate", "is not a setting", "tls.files.certificate"),
    ({"push": ["192.168.23.53"]}, "push", "is not a setting", "access.push"),
    ({"port": 443}, "port", "is not a setting", "ports: [443]"),
    ({"5": 1}, "5", "is not a setting", "remove it; known here"),
    # wrong types
    ({"vip": ["192.168.23.50"]}, "vip", "must be a mapping of settings", "key: value"),
    ({"vip": None}, "vip", "must be a mapping of settings", "key: value"),
    ({"registries": ["192.168.23.51"]}, "registries", "must be a mapping", "name: value"),
    ({"clients": None}, "clients", "must be a mapping", "name: value"),
    ({"ports": 443}, "ports", "must be a list", "[ONE, TWO]"),
    ({"users": {"admin": "hunter2"}}, "users", "must be a list", "--secret password-NAME"),
    ({"registry/config": {5: 1}}, "registry.config.5", "must be text", "in quotes"),
    ({"registry/config": ["x"]}, "registry.config", "must be a mapping", "name: value"),
    ({"name": None}, "name", "must be a DNS name", "registry.example.com"),
    ({"name": True}, "name", "must be a DNS name", "registry.example.com"),
    ({"hostsEntries": "on"}, "hostsEntries", "must be true or false", "without quotes"),
    ({"vip/preempt": 1}, "vip.preempt", "must be true or false", "without quotes"),
    ({"registry/log": "json"}, "registry.log", "must be a mapping of settings", "key: value"),
    ({"registry/log/level": "loud"}, "registry.log.level", "must be error or warn or info or debug", "write one of them"),
    # numbers
    ({"vip/vrid": 0}, "vip.vrid", "from 1 to 255", "without quotes"),
    ({"vip/vrid": 256}, "vip.vrid", "from 1 to 255", "without quotes"),
    ({"vip/vrid": "55"}, "vip.vrid", "from 1 to 255", "without quotes"),
    ({"vip/vrid": True}, "vip.vrid", "from 1 to 255", "without quotes"),
    ({"vip/vrid": 55.5}, "vip.vrid", "from 1 to 255", "without quotes"),
    ({"ports": [443, 0]}, "ports[1]", "from 1 to 65535", "without quotes"),
    ({"ports": [70000]}, "ports[0]", "from 1 to 65535", "without quotes"),
    ({"ssh/port": 0}, "ssh.port", "from 1 to 65535", "without quotes"),
    # quantities
    ({"vip/advert": 100}, "vip.advert", "with its unit", "100ms"),
    ({"vip/advert": "0ms"}, "vip.advert", "with its unit", "100ms"),
    ({"tls/validity": "1y"}, "tls.validity", "with its unit", "365d"),
    ({"storage/local/reserve": "lots"}, "storage.local.reserve", "with its unit", "5Gi"),
    ({"storage/local/reserve": "5GB"}, "storage.local.reserve", "with its unit", "5Gi"),
    ({"registry/memory": "1.5Gi"}, "registry.memory", "with its unit", "512Mi"),
    # addresses
    ({"registries/registry01": "fd00::1"}, "registries.registry01.address", "IPv6 is not supported", "write the IPv4 address"),
    ({"vip/address": "fd00::50/64"}, "vip.address", "IPv6 is not supported", "write the IPv4 address"),
    ({"access/pull": ["fd00::/8"]}, "access.pull[0]", "IPv6 is not supported", "write the IPv4 address"),
    ({"clients/push01": "127.0.0.1"}, "clients.push01.address", "loopback", "host's own address"),
    ({"clients/push01": "224.0.0.18"}, "clients.push01.address", "multicast", "host's own address"),
    ({"clients/push01": "0.0.0.0"}, "clients.push01.address", "unspecified", "host's own address"),
    ({"clients/push01": "169.254.1.1"}, "clients.push01.address", "link-local", "host's own address"),
    ({"clients/push01": "255.255.255.255"}, "clients.push01.address", "reserved", "host's own address"),
    ({"clients/push01": "192.168.23.300"}, "clients.push01.address", "is not an IPv4 address", "from 0 to 255"),
    ({"clients/push01": "push01.example.com"}, "clients.push01.address", "must be an IPv4 address", "192.168.23.51"),
    ({"clients/push01": 3232241461}, "clients.push01.address", "must be an IPv4 address as text", "192.168.23.51"),
    ({"clients/push01": None}, "clients.push01.address", "must be an IPv4 address as text", "192.168.23.51"),
    ({"vip/address": "192.168.23.50/33"}, "vip.address", "is not an IPv4 address with prefix", "no prefix (then /32)"),
    ({"vip/address": "192.168.23.50/255.255.240.0"}, "vip.address", "must be an IPv4 address", "192.168.23.50/20"),
    ({"vip/address": "192.168.23.50/0"}, "vip.address", "prefix below /8", "the interface has"),
    ({"vip/address": "127.0.0.1"}, "vip.address", "loopback", "host's own address"),
    ({"access/push": ["192.168.23.53/24"]}, "access.push[0]", "the network is 192.168.23.0/24", "192.168.23.53 for that one machine"),
    ({"access/push": ["everybody"]}, "access.push[0]", "must be an IPv4 address", "192.168.23.0/24"),
    ({"access/push": ["192.168.23.0/40"]}, "access.push[0]", "is not an IPv4 network", "192.168.23.0/24"),
    ({"access/push": "192.168.23.53"}, "access.push", "must be a list", "[ONE, TWO]"),
    # names
    ({"name": ""}, "name", "must be a DNS name", "registry.example.com"),
    ({"name": "https://r.example"}, "name", "has a scheme", "the name alone"),
    ({"name": "r.example:5000"}, "name", "has a port", "the name alone"),
    ({"name": "r.example/images"}, "name", "has a path", "the name alone"),
    ({"name": "192.168.23.50"}, "name", "is an IP address", "the name alone"),
    ({"name": "fd00::1"}, "name", "is an IP address", "the name alone"),
    ({"name": "Registry.example"}, "name", "upper-case", "in lower case"),
    ({"name": "localhost"}, "name", "own loopback", "the name alone"),
    ({"name": "reg_istry.example"}, "name", "is not a DNS name", "the name alone"),
    ({"name": "registry.example."}, "name", "is not a DNS name", "the name alone"),
    ({"name": f"{LONG_LABEL}.example"}, "name", "is not a DNS name", "the name alone"),
    ({"name": "registry.5"}, "name", "ends in a number", "the name alone"),
    ({"clients": {"Push01": "192.168.23.53"}}, "clients.Push01", "one DNS label", "short name"),
    ({"clients": {"push.01": "192.168.23.53"}}, "clients.push.01", "one DNS label", "short name"),
    ({"clients": {LONG_LABEL: "192.168.23.53"}}, f"clients.{LONG_LABEL}", "one DNS label", "short name"),
    ({"clients": {"-x": "192.168.23.53"}}, "clients.-x", "one DNS label", "short name"),
    ({"clients": {5: "192.168.23.53"}}, "clients.5", "one DNS label", "short name"),
    ({"vip/interface": "a-very-long-name"}, "vip.interface", "at most 15", "ip -brief address"),
    ({"vip/interface": "eth 0"}, "vip.interface", "at most 15", "ip -brief address"),
    ({"vip/interface": "eth0/1"}, "vip.interface", "at most 15", "ip -brief address"),
    ({"vip/interface": "lo"}, "vip.interface", "not lo", "ip -brief address"),
    ({"registries/registry02/interface": "eth0:1"}, "registries.registry02.interface", "at most 15", "ip -brief address"),
    ({"users": ["admin:x"]}, "users[0]", "a user's name alone", "password-NAME"),
    ({"users": ["-admin"]}, "users[0]", "a user's name alone", "password-NAME"),
    ({"users": [False]}, "users[0]", "a user's name alone", "password-NAME"),
    ({"ssh/user": "Ops Team"}, "ssh.user", "a Unix user", "sudo without password"),
    ({"registry/source/user": "bob:pw"}, "registry.source.user", "a user's name alone", "imagePassword"),
    ({"registry/source/proxy": "proxy.example:3128"}, "registry.source.proxy", "must be http://HOST:PORT", "http://proxy.example:3128"),
    ({"registry/source/proxy": "http://proxy.example"}, "registry.source.proxy", "must be http://HOST:PORT", "http://proxy.example:3128"),
    ({"registry/source/proxy": "socks5://p.example:1080"}, "registry.source.proxy", "must be http://HOST:PORT", "http://proxy"),
    ({"registry/source/proxy": "http://u:p@p.example:1080"}, "registry.source.proxy", "without credentials", "http://proxy"),
    # image
    ({"registry/image": "registry:latest"}, "registry.image", "floating tag", "full version, 3.1.1 or newer, or a digest"),
    ({"registry/image": "registry:3"}, "registry.image", "floating tag", "full version, 3.1.1 or newer, or a digest"),
    ({"registry/image": "registry:3.1"}, "registry.image", "floating tag", "full version, 3.1.1 or newer, or a digest"),
    ({"registry/image": "registry"}, "registry.image", "neither tag nor digest", "registry:3.1.1"),
    ({"registry/image": "r.example:5000/registry"}, "registry.image", "neither tag nor digest", "registry:3.1.1"),
    ({"registry/image": "registry:2.8.3"}, "registry.image", "older than 3.1.1", "registry:3.1.1"),
    ({"registry/image": "registry:2"}, "registry.image", "older than 3.1.1", "registry:3.1.1"),
    ({"registry/image": "registry:3.1.0"}, "registry.image", "older than 3.1.1", "registry:3.1.1"),
    ({"registry/image": f"registry:3.0.0@{DIGEST}"}, "registry.image", "older than 3.1.1", "registry:3.1.1"),
    ({"registry/image": "registry:3.2.0-rc.1"}, "registry.image", "pre-release", "registry:3.1.1"),
    ({"registry/image": "registry@sha256:abc"}, "registry.image", "malformed digest", "copy the digest again"),
    ({"registry/image": f"registry@{DIGEST.upper()}"}, "registry.image", "malformed digest", "copy the digest again"),
    ({"registry/image": f"registry@@{DIGEST}"}, "registry.image", "malformed digest", "copy the digest again"),
    ({"registry/image": f"registry:-x@{DIGEST}"}, "registry.image", "malformed tag", "registry:3.1.1"),
    ({"registry/image": "docker.io/Library/registry:3.1.1"}, "registry.image", "upper-case", "registry:3.1.1"),
    ({"registry/image": "docker.io/library/reg istry:3.1.1"}, "registry.image", "is not an image reference", "registry:3.1.1"),
    ({"registry/image": "https://r.example/registry:3.1.1"}, "registry.image", "scheme or credentials", "registry:3.1.1"),
    ({"registry/image": "bob:pw@r.example/registry:3.1.1"}, "registry.image", "scheme or credentials", "registry.source.user"),
    ({"registry/image": 3.1}, "registry.image", "must be an image reference", "registry:3.1.1"),
    # keys
    ({"tls/key": "RSA-1024"}, "tls.key", "must be ECDSA-P256 or RSA-4096", "write one of them"),
    ({"ssh/key": ""}, "ssh.key", "must be the path of a file", "relative to the stack file"),
    ({"ssh/key": "a\0b"}, "ssh.key", "must be the path of a file", "relative to the stack file"),
]


@pytest.mark.parametrize(
    ("changes", "path", "rule", "remedy"), CASES, ids=[f"{case[1]}-{case[2][:24]}-{n}" for n, case in enumerate(CASES)]
)
def test_value_refused(stack: Stack, changes: dict[str, Any], path: str, rule: str, remedy: str) -> None:
    """A bad value is one fault: at its path, naming the rule it breaks and what to do now."""
    faults = stack.change(**changes).faults()
    assert [fault.path for fault in faults] == [path]
    assert rule in faults[0].rule
    assert remedy in faults[0].remedy


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "registry"},
        {"vip/address": "192.168.23.50"},
        {"users": ["a", "b.c", "D_e-f"]},
        {"users": ABSENT, "ports": ABSENT, "clients": ABSENT, "access": ABSENT, "tls": ABSENT, "registry": ABSENT},
        {"registry/image": f"registry@{DIGEST}"},
        {"registry/image": f"r.example:5000/a/registry:3@{DIGEST}"},
        {"registry/image": f"r.example/registry:company@{DIGEST}"},
        {"registry/image": "localhost/registry:3.1.1"},
        {"registry/image": "registry:v3.10.0-alpine"},
        {"registry/source/proxy": "https://p.example:3128/"},
        {"trust": {"docker": False, "containerd": False, "podman": False}},
        {"access/pull": ["0.0.0.0/0"]},
        {"vip/advert": "1s"},
        {"vip/advert": "10ms"},
        {"registry/config": {"http": {"headers": {"X-A": ["b"]}}, "storage": {"tag": {"concurrencylimit": 8}}}},
    ],
    ids=str,
)
def test_value_accepted(stack: Stack, changes: dict[str, Any]) -> None:
    """What people may write is not refused."""
    assert stack.change(**changes).faults() == ()
