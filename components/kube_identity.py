"""KubeIdentity: what of the identity a cluster gets, as the contents of its Secrets."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.identity import Identity
from components.secrets import Secrets
from render.kubernetes import secret
from render.kubernetes.secret import Material
from settings import Kubernetes
from settings.secret import CEPH_KEY, IMAGE_PASSWORD, S3_ACCESS_KEY, S3_SECRET_KEY


class KubeIdentity:
    """One key and leaf for all pods, because any of them answers under any name; children of `shared`."""

    ca_bundle: pulumi.Output[str]
    """What clients and nodes must trust (PEM)."""
    started_with: pulumi.Output[str]
    """Changes with every secret that a registry reads only when it starts; says nothing about any."""
    proved_with: pulumi.Output[str]
    """Changes with that, and with every password."""

    def __init__(self, shared: Identity, system: Kubernetes, secrets: Secrets) -> None:
        self._system = system
        self.ca_bundle = shared.ca_bundle
        certificate, key = shared.leaf("registry", system.addresses)
        s3 = system.storage.s3
        bucket = [secrets.require(S3_ACCESS_KEY), secrets.require(S3_SECRET_KEY)] if s3 else []
        ceph = secrets.require(CEPH_KEY) if system.storage.cephfs or system.storage.rbd else ""
        known = pulumi.Output.all(
            ca=shared.ca_bundle,
            certificate=certificate,
            key=key,
            http_secret=shared.http_secret,
            hashes=shared.hashes,
            puller=shared.passwords[system.puller],
            pusher=shared.passwords[system.users[0]],
            pull=secrets.require(IMAGE_PASSWORD) if system.registry.source.user else "",
            bucket=bucket,
            ceph=ceph,
        )
        self._material = known.apply(
            lambda plain: Material(
                ca_bundle=plain["ca"],
                certificate=plain["certificate"],
                key=plain["key"],
                http_secret=plain["http_secret"],
                hashes=plain["hashes"],
                puller_password=plain["puller"],
                pusher_password=plain["pusher"],
                pull=plain["pull"],
                bucket=(plain["bucket"][0], plain["bucket"][1]) if plain["bucket"] else None,
                ceph_key=plain["ceph"],
            )
        )
        self.started_with = shared.generation("started-with", certificate, shared.http_secret, *bucket)
        self.proved_with = shared.generation("proved-with", self.started_with, *shared.passwords.values())

    def secret(self, name: str) -> pulumi.Output[Mapping[str, str]]:
        """What is in the Secret `name` of `render.kubernetes.secret.types`."""
        return pulumi.Output.secret(self._material.apply(lambda material: secret.data(self._system, name, material)))

    def pull_secret(self) -> pulumi.Output[Mapping[str, str]]:
        """What is in each pull secret."""
        return pulumi.Output.secret(self._material.apply(lambda material: secret.pull_secret(self._system, material)))
