"""Two fronts before any number of registries: single values that are refused, and those that are not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.valid import ABSENT, Stack, storage_keys

NFS = {"nfs": {"server": "nas.example.com", "export": "/images"}}
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
    fronted.secrets = storage_keys(fronted.system)
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
    fronted.secrets = storage_keys(fronted.system)
    assert fronted.faults() == ()
