"""A valid stack to break: its settings, its files, and what `load` says of them."""

from __future__ import annotations

import base64
import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from settings import AnySystem, Fault, SettingsError, load
from settings.given import AnyGiven, Checked
from settings.parse import parse
from settings.topology import model_of

NOW = datetime(2030, 6, 1, tzinfo=UTC)
VALID: Mapping[str, Any] = {
    "topology": "pair",
    "name": "registry.example.com",
    "ports": [443, 80],
    "users": ["admin"],
    "vip": {"address": "192.168.23.50/20", "interface": "ens192", "vrid": 55, "advert": "100ms", "preempt": False},
    "registries": {"registry01": "192.168.23.51", "registry02": {"address": "192.168.23.52", "interface": "ens193"}},
    "clients": {"push01": "192.168.23.53"},
    "hostsEntries": True,
    "access": {"push": ["192.168.23.53"]},
    "storage": {"local": {"path": "/data/registry", "reserve": "2Gi"}},
    "registry": {"image": "docker.io/library/registry:3.1.1", "memory": "1Gi", "log": {"level": "info"}, "config": {}},
    "tls": {"validity": "365d", "renewal": "30d", "caValidity": "3650d"},
    "ssh": {"user": "ops", "port": 22, "key": "id_ed25519", "knownHosts": "known_hosts"},
}
FRONTED: Mapping[str, Any] = {
    "topology": "fronted",
    "name": "registry.example.com",
    "ports": [443],
    "vip": {"address": "10.20.0.10/24", "interface": "eth0", "vrid": 61},
    "fronts": {"front1": "10.20.0.11", "front2": "10.20.0.12"},
    "registries": {"replica1": "10.20.0.21", "replica2": "10.20.0.22", "replica3": "10.20.0.23"},
    "clients": {"push01": "10.20.0.31"},
    "haproxy": {"mode": "http", "check": {"interval": "500ms"}, "stats": {"port": 1158, "path": "/haproxy"}, "metricsPort": 8405},
    "storage": {"s3": {"endpoint": "https://rgw.example.com:8443", "bucket": "registry", "ca": "rgw-ca.pem"}},
    "ssh": {"key": "id_ed25519", "knownHosts": "known_hosts"},
}
KUBERNETES: Mapping[str, Any] = {
    "topology": "kubernetes",
    "name": "registry.example.com",
    "ports": [30500],
    "users": ["admin", "puller"],
    "cluster": {"context": "system-c", "namespace": "docker-registry", "expose": "nodePort"},
    "nodes": {"k8s-master": "192.168.44.25", "k8s-node1": "192.168.44.26", "k8s-node2": "192.168.44.27"},
    "storage": {"local": {"path": "/data/docker", "node": "k8s-node1", "size": "5Gi"}},
    "registry": {"requests": {"cpu": "100m", "memory": "200Mi"}},
    "pullSecrets": ["default", "build"],
}
KUBECONFIG = """\
apiVersion: v1
kind: Config
contexts: [{name: system-c, context: {cluster: c, user: u}}]
"""
BEFORE: Mapping[str, Any] = {
    "ports": [443],
    "cluster/nodePort": 30500,
    "fronts": {"front1": "192.168.44.11", "front2": "192.168.44.12"},
    "vip": {"address": "192.168.44.10/24", "interface": "ens192", "vrid": 61},
    "clients": {"push01": "192.168.44.31"},
    "ssh": {"key": "id_ed25519", "knownHosts": "known_hosts"},
}
"""Changes that put fronts before its node ports."""
FULL_KUBERNETES: Mapping[str, Any] = {
    "tls": {"files": {"certificate": "leaf.pem", "ca": "ca.pem"}},
    "cluster/kubeconfig": "kubeconfig",
    "cluster/annotations": {"example.com/pool": "registry"},
    "storage": {"nfs": {"server": "nas.example.com", "export": "/images", "size": "1Ti", "options": ["nconnect=4"]}},
    "registry": {
        "replicas": 2,
        "source": {"user": "robot"},
        "limits": {"cpu": 2, "memory": "2Gi"},
        "requests": {"cpu": "100m"},
        "priorityClass": "high",
    },
    "pullSecrets": ["default", "build"],
    "pullUser": "admin",
    "patchServiceAccounts": True,
    "trust": {"docker": True, "image": "docker.io/library/busybox:1.37.0"},
    "metrics": {"namespaces": ["monitoring"], "serviceMonitor": True},
    "ui": {"port": 30501, "delete": True},
}
"""Changes that make every optional section of it be there."""
STORE_KEYS = frozenset({"s3AccessKey", "s3SecretKey"})
HOST_KEY = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + b"k" * 32).decode()
ABSENT = object()
"""Stands for a key to take out."""


def changed(system: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with the values at dotted paths changed, or taken out where `ABSENT`."""
    made = copy.deepcopy(dict(system))
    for path, value in changes.items():
        *above, key = path.split("/")
        at = made
        for part in above:
            at = at.setdefault(part, {})
        if value is ABSENT:
            del at[key]
        else:
            at[key] = copy.deepcopy(value)
    return made


@dataclass
class Stack:
    """A folder with a valid stack in it."""

    base: Path
    system: dict[str, Any]
    secrets: Collection[str] = ()
    plain: Collection[str] = ()
    now: datetime = NOW
    name: str = "test"

    def change(self, **paths: Any) -> Stack:
        self.system = changed(self.system, paths)
        return self

    def load(self) -> AnySystem:
        return load(self.system, self.base, self.name, self.secrets, plain=self.plain, now=self.now)

    def faults(self) -> Sequence[Fault]:
        try:
            self.load()
        except SettingsError as error:
            return error.faults
        return ()

    def pin(self, *hosts: str, file: str = "known_hosts") -> None:
        with (self.base / file).open("a") as known:
            known.writelines(f"{host} {HOST_KEY}\n" for host in hosts)

    def given(self) -> AnyGiven:
        """What a rule is asked with: the draft where values are bad."""
        system, _ = parse(model_of(self.system), self.system)
        return Checked(
            system=system,
            base=self.base,
            stack=self.name,
            secrets=frozenset(self.secrets),
            plain=frozenset(self.plain),
            now=self.now,
        )


def storage_keys(system: Mapping[str, Any]) -> set[str]:
    """The secrets that the storage takes."""
    return {
        name
        for kind in system["storage"]
        for name in {"s3": ("s3AccessKey", "s3SecretKey"), "cephfs": ("cephKey",), "rbd": ("cephKey",)}.get(kind, ())
    }
