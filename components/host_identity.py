"""HostIdentity: what of the identity each machine gets, as its concern `identity`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.identity import Identity
from components.secrets import Secrets
from render import identity
from render.identity import PROBER, ForFront, ForRegistry, Material
from render.script import Script
from render.storage import keyring
from settings import Fronted, Haproxy, Host, Vms
from settings.secret import CEPH_KEY, IMAGE_PASSWORD, S3_ACCESS_KEY, S3_SECRET_KEY, STATS_PASSWORD


class HostIdentity:
    """One key and leaf per host that serves, and the logins that only machines have; children of `shared`."""

    ca_bundle: pulumi.Output[str]
    """What clients must trust (PEM)."""
    passwords: Mapping[str, pulumi.Output[str]]
    """Of each user, secret."""
    stats: pulumi.Output[Mapping[str, Any]] | None = None
    """Where the statistics of each front are, and how to log in, secret; None where there are no fronts."""

    def __init__(self, shared: Identity, system: Vms, secrets: Secrets) -> None:
        self._shared, self._system, self._secrets = shared, system, secrets
        self.ca_bundle, self.passwords = shared.ca_bundle, shared.passwords
        needs_prober = system.registries and (system.storage.is_shared or system.replicates)
        self._prober = shared.password(PROBER, None) if needs_prober else None
        serving = [host for host in system.hosts if host not in system.clients]
        # The VIP and this host alone: adding a host touches no other
        self._leaves = {host.name: shared.leaf(host.name, (system.vip.address.ip, host.address)) for host in serving}
        if isinstance(system, Fronted):
            self._stats_password = secrets.get(STATS_PASSWORD) or shared.generated("haproxy-stats")
            self.stats = self._stats_password.apply(lambda password: _stats(system, password))

    def script(self, host: Host) -> pulumi.Output[Script]:
        """The concern `identity` of `host`; secret as a whole."""
        certificate, key = self._leaves[host.name]
        system = self._system
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
        system, secrets = self._system, self._secrets
        source, cephfs = system.registry.source, system.storage.cephfs
        known = pulumi.Output.all(
            http_secret=self._shared.http_secret,
            hashes={**self._shared.hashes, **({PROBER: self._prober.hash} if self._prober else {})},
            pull=secrets.require(IMAGE_PASSWORD) if source.user else None,
            bucket=[secrets.require(S3_ACCESS_KEY), secrets.require(S3_SECRET_KEY)] if system.storage.s3 else None,
            ceph=secrets.require(CEPH_KEY) if cephfs else None,
            prober=self._prober.text if self._prober else "",
        )
        return known.apply(lambda plain: _registry_material(plain, system))


def _registry_material(plain: Mapping[str, Any], system: Vms) -> ForRegistry:
    source, cephfs = system.registry.source, system.storage.cephfs
    return ForRegistry(
        http_secret=plain["http_secret"],
        hashes=plain["hashes"],
        pull=(system.registry.image.split("/", 1)[0], source.user, plain["pull"]) if source.user else None,
        bucket=(plain["bucket"][0], plain["bucket"][1]) if plain["bucket"] else None,
        ceph_keyring=keyring(cephfs, plain["ceph"]) if cephfs else "",
        probe=plain["prober"] if system.storage.is_shared else "",
        copier=(plain["prober"], [f"{host.address}:{system.ports[0]}" for host in system.registries]) if system.replicates else None,
    )


def _stats(system: Fronted, password: str) -> Mapping[str, Any]:
    page = system.haproxy.stats
    urls = {front.name: f"https://{front.address}:{page.port}{page.path}" for front in system.fronts}
    return {"urls": urls, "user": page.user, "password": password}
