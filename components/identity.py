"""Identity: the only place where secrets are born."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_random as random

from components.authority import Authority
from components.password import GENERATED_LENGTH, Password
from components.secrets import Secrets
from render import identity
from render.identity import PROBER, ForFront, ForRegistry, Material
from render.script import Script
from render.storage import keyring
from settings import CephFs, Fronted, Haproxy, Host, Source, Vms
from settings.secret import CEPH_KEY, IMAGE_PASSWORD, PASSWORD, S3_ACCESS_KEY, S3_SECRET_KEY, STATS_PASSWORD, TLS_KEY


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """Settings, and where the user's own secrets are."""

    system: Vms
    secrets: Secrets


class Identity(pulumi.ComponentResource):
    """CA, one key and leaf per host that serves, users, and the secrets that registries share; touches no host."""

    ca_bundle: pulumi.Output[str]
    """What clients must trust (PEM)."""
    passwords: Mapping[str, pulumi.Output[str]]
    """Of each user, secret."""
    stats: pulumi.Output[Mapping[str, Any]] | None = None
    """Where the statistics of each front are, and how to log in, secret; None where there are no fronts."""

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:identity:Identity", name, None, opts)
        self._args = args
        self._mine = pulumi.ResourceOptions(parent=self)
        system, secrets = args.system, args.secrets
        self._http_secret = random.RandomPassword(f"{name}-http-secret", length=64, special=False, opts=self._mine)
        self._users = {user: Password(f"{name}-{user}", secrets.get(f"{PASSWORD}{user}"), self._mine) for user in system.users}
        self.passwords = {user: password.text for user, password in self._users.items()}
        self._prober = Password(f"{name}-{PROBER}", None, self._mine) if system.storage.is_shared else None
        self._authority = None if system.tls.files else Authority(name, system, self._mine)
        self.ca_bundle = (
            self._authority.certificate if self._authority else pulumi.Output.from_input(_read(system.tls.files and system.tls.files.ca))
        )
        serving = [host for host in system.hosts if host not in system.clients]
        self._leaves = {host.name: self._leaf(name, host) for host in serving}
        if isinstance(system, Fronted):
            self._stats_password = secrets.get(STATS_PASSWORD) or self._generated(f"{name}-haproxy-stats")
            self.stats = self._stats_password.apply(lambda password: _stats(system, password))
        self.register_outputs({"caBundle": self.ca_bundle})

    def script(self, host: Host) -> pulumi.Output[Script]:
        """The concern `identity` of `host`; secret as a whole."""
        certificate, key = self._leaves[host.name]
        system = self._args.system
        role = self._for_front(system.haproxy) if isinstance(system, Fronted) and host in system.fronts else self._for_registry()
        known = pulumi.Output.all(ca=self.ca_bundle, certificate=certificate, key=key, role=role)
        return pulumi.Output.secret(
            known.apply(
                lambda plain: identity.script(
                    host,
                    Material(ca_bundle=plain["ca"], certificate=plain["certificate"], key=plain["key"], role=plain["role"]),
                )
            )
        )

    def _for_front(self, haproxy: Haproxy) -> pulumi.Output[ForFront]:
        return self._stats_password.apply(lambda password: ForFront(stats_user=haproxy.stats.user, stats_password=password))

    def _for_registry(self) -> pulumi.Output[ForRegistry]:
        system, secrets = self._args.system, self._args.secrets
        source, cephfs = system.registry.source, system.storage.cephfs
        users = self._users | ({PROBER: self._prober} if self._prober else {})
        known = pulumi.Output.all(
            http_secret=self._http_secret.result,
            hashes={user: password.hash for user, password in users.items()},
            pull=secrets.require(IMAGE_PASSWORD) if source.user else None,
            bucket=[secrets.require(S3_ACCESS_KEY), secrets.require(S3_SECRET_KEY)] if system.storage.s3 else None,
            ceph=secrets.require(CEPH_KEY) if cephfs else None,
            probe=self._prober.text if self._prober else "",
        )
        image = system.registry.image
        return known.apply(lambda plain: _registry_material(plain, image, source, cephfs))

    def _generated(self, name: str) -> pulumi.Output[str]:
        return random.RandomPassword(name, length=GENERATED_LENGTH, special=False, opts=self._mine).result

    def _leaf(self, name: str, host: Host) -> tuple[pulumi.Input[str], pulumi.Input[str]]:
        files = self._args.system.tls.files
        if self._authority is None and files:
            return _read(files.certificate), self._args.secrets.require(TLS_KEY)
        if self._authority is None:
            raise ValueError("tls: settings name files or let them be made")
        return self._authority.leaf(f"{name}-{host.name}", host)


def _registry_material(plain: Mapping[str, Any], image: str, source: Source, cephfs: CephFs | None) -> ForRegistry:
    return ForRegistry(
        http_secret=plain["http_secret"],
        hashes=plain["hashes"],
        pull=(image.split("/", 1)[0], source.user, plain["pull"]) if source.user else None,
        bucket=(plain["bucket"][0], plain["bucket"][1]) if plain["bucket"] else None,
        ceph_keyring=keyring(cephfs, plain["ceph"]) if cephfs else "",
        probe=plain["probe"],
    )


def _stats(system: Fronted, password: str) -> Mapping[str, Any]:
    page = system.haproxy.stats
    urls = {front.name: f"https://{front.address}:{page.port}{page.path}" for front in system.fronts}
    return {"urls": urls, "user": page.user, "password": password}


def _read(path: str | None) -> str:
    if path is None:
        raise ValueError("tls.files: settings name both files")
    return Path(path).read_text("utf-8")
