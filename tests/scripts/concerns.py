"""The scripts of one host, as its topology would send them."""

from __future__ import annotations

from dataclasses import replace

from render import base, firewall, front, identity, precheck, proof, registry, replication, storage, trust, vip
from render.identity import ForFront, ForRegistry, Material
from render.script import Script
from settings import Fronted, Host, Pair, Vms
from tests.scripts.sandbox import Sandbox

ORDER = ("base", "identity", "firewall", "registry", "replication", "vip", "trust")
"""In which they are applied on a host of a pair; removed in reverse."""
FRONT_ORDER = ("base", "identity", "firewall", "front", "vip", "trust")
"""The same on a front."""
NEEDS = {"registry": ("identity",), "front": ("identity",)}
"""On which others than `base` a concern stands."""
CA = "-----BEGIN CERTIFICATE-----\nQ0E=\n-----END CERTIFICATE-----\n"
SECRETS = ("PRIVATE-KEY-TEXT", "HTTP-SECRET-TEXT", "HASH-TEXT", "PULL-PASSWORD", "COPIER-PASSWORD")
"""Every secret of `material`, as it stands in files."""


def material(system: Vms, host: Host) -> Material:
    """What a host gets that serves."""
    is_front = isinstance(system, Fronted) and host in system.fronts
    return Material(
        ca_bundle=CA,
        certificate="-----BEGIN CERTIFICATE-----\nTEVBRg==\n-----END CERTIFICATE-----\n",
        key="PRIVATE-KEY-TEXT\n",
        role=ForFront(stats_user="admin", stats_password="STATS-PASSWORD") if is_front else _of_registry(system),
    )


def _of_registry(system: Vms) -> ForRegistry:
    cephfs = system.storage.cephfs
    return ForRegistry(
        http_secret="HTTP-SECRET-TEXT",
        hashes={"admin": "$2b$05$HASH-TEXT"},
        pull=("mirror.dev.com:5000", "puller", "PULL-PASSWORD"),
        bucket=("ACCESS-KEY", "SECRET-KEY-TEXT") if system.storage.s3 else None,
        ceph_keyring=storage.keyring(cephfs, "CEPH-KEY-TEXT") if cephfs else "",
        probe="PROBE-PASSWORD" if system.storage.is_shared else "",
        copier=("COPIER-PASSWORD", ["192.168.23.51:443", "192.168.23.52:443"]) if system.replicates else None,
    )


class Concerns:
    """Scripts of `host`, by concern."""

    def __init__(self, system: Vms, host: Host | None = None, *, image_ca: str = "") -> None:
        self.system, self.host, self._image_ca = system, host or system.registries[0], image_ca

    def __getitem__(self, concern: str) -> Script:
        """The script of one concern."""
        return {
            "precheck": lambda: precheck.script(self.system, self.host, "0123456789abcdef"),
            "base": lambda: base.script(self.system, self.host, self._image_ca),
            "identity": lambda: identity.script(self.host, material(self.system, self.host)),
            "firewall": lambda: firewall.script(self.system, self.host),
            "registry": lambda: registry.script(self.system, self.host),
            "replication": lambda: replication.script(self._pair, self.host),
            "front": lambda: front.script(self._fronted, self.host),
            "storage": lambda: storage.script(self.system, self.host),
            "vip": lambda: vip.script(self.system, self.host),
            "trust": lambda: trust.script(self.system, self.host, CA),
            "proof": lambda: proof.script(
                self.system, self.host, ca_bundle=CA, user="admin", password="secret", changes="0123456789abcdef"
            ),
        }[concern]()

    @property
    def order(self) -> tuple[str, ...]:
        """In which the concerns of this host are applied."""
        return FRONT_ORDER if isinstance(self.system, Fronted) and self.host in self.system.fronts else ORDER

    @property
    def _pair(self) -> Pair:
        assert isinstance(self.system, Pair)
        return self.system

    @property
    def _fronted(self) -> Fronted:
        assert isinstance(self.system, Fronted)
        return self.system

    def apply_below(self, concern: str, sandbox: Sandbox) -> None:
        """Applies all that `concern` stands on, where `base` was applied."""
        for earlier in NEEDS.get(concern, ()):
            sandbox.run(self[earlier], "apply")

    def apply_all(self, sandbox: Sandbox) -> None:
        """Applies every concern."""
        for concern in self.order:
            sandbox.run(self[concern], "apply")

    def remove_all(self, sandbox: Sandbox) -> None:
        """Removes every concern, newest first."""
        for concern in reversed(self.order):
            sandbox.run(self[concern], "remove")


def with_facts(script: Script, **facts: str | list[str]) -> Script:
    """The same script with other facts."""
    return replace(script, facts={**script.facts, **facts})


def with_file(script: Script, name: str, text: str) -> Script:
    """The same script with another content of one file."""
    return replace(script, files={**script.files, name: text})
