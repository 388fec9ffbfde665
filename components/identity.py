"""Identity: the only place where secrets are born."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_random as random
import pulumi_tls as tls

from components.password import Password
from components.secrets import Secrets
from render import identity
from render.identity import Material
from render.script import Script
from settings import Host, Pair


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """Settings, and where the user's own secrets are."""

    system: Pair
    secrets: Secrets


class Identity(pulumi.ComponentResource):
    """CA, one key and leaf per registry, users and the http secret; touches no host."""

    ca_bundle: pulumi.Output[str]
    """What clients must trust (PEM)."""
    passwords: Mapping[str, pulumi.Output[str]]
    """Of each user, secret."""

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:identity:Identity", name, None, opts)
        self._args = args
        self._mine = pulumi.ResourceOptions(parent=self)
        system = args.system
        self._http_secret = random.RandomPassword(f"{name}-http-secret", length=64, special=False, opts=self._mine)
        self._users = {user: Password(f"{name}-{user}", args.secrets.get(f"password-{user}"), self._mine) for user in system.users}
        self.passwords = {user: password.text for user, password in self._users.items()}
        self._authority = None if system.tls.files else _Authority(name, system, self._mine)
        self.ca_bundle = (
            self._authority.certificate if self._authority else pulumi.Output.from_input(_read(system.tls.files and system.tls.files.ca))
        )
        self._leaves = {host.name: self._leaf(name, host) for host in system.registries}
        self.register_outputs({"caBundle": self.ca_bundle})

    def script(self, host: Host) -> pulumi.Output[Script]:
        """The concern `identity` of `host`; secret as a whole."""
        certificate, key = self._leaves[host.name]
        source = self._args.system.registry.source
        registry = self._args.system.registry.image.split("/", 1)[0]
        plain = pulumi.Output.all(
            ca=self.ca_bundle,
            certificate=certificate,
            key=key,
            http_secret=self._http_secret.result,
            hashes={user: password.hash for user, password in self._users.items()},
            pull=self._args.secrets.require("imagePassword") if source.user else None,
        )
        return pulumi.Output.secret(
            plain.apply(
                lambda known: identity.script(
                    host,
                    Material(
                        ca_bundle=known["ca"],
                        certificate=known["certificate"],
                        key=known["key"],
                        http_secret=known["http_secret"],
                        hashes=known["hashes"],
                        pull=(registry, source.user, known["pull"]) if source.user else None,
                    ),
                )
            )
        )

    def _leaf(self, name: str, host: Host) -> tuple[pulumi.Input[str], pulumi.Input[str]]:
        files = self._args.system.tls.files
        if self._authority is None and files:
            return _read(files.certificate), self._args.secrets.require("tlsKey")
        if self._authority is None:
            raise ValueError("tls: settings name files or let them be made")
        return self._authority.leaf(f"{name}-{host.name}", host)


class _Authority:
    """A CA of our own."""

    def __init__(self, name: str, system: Pair, mine: pulumi.ResourceOptions) -> None:
        self._system, self._mine = system, mine
        # Another kind of key for the leaves must not cut off clients that trust this CA
        kept = pulumi.ResourceOptions.merge(mine, pulumi.ResourceOptions(ignore_changes=["algorithm", "ecdsaCurve", "rsaBits"]))
        self._key = _private_key(f"{name}-ca", system, kept)
        self._self_signed = tls.SelfSignedCert(
            f"{name}-ca",
            private_key_pem=self._key.private_key_pem,
            is_ca_certificate=True,
            subject=tls.SelfSignedCertSubjectArgs(common_name=f"{system.name} CA"),
            validity_period_hours=system.tls.ca_validity.hours,
            early_renewal_hours=system.tls.validity.hours,
            allowed_uses=["cert_signing", "crl_signing"],
            set_subject_key_id=True,
            opts=mine,
        )
        self.certificate = self._self_signed.cert_pem

    def leaf(self, name: str, host: Host) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """Certificate and key of `host`: names are the registry's name, the VIP and this host, so adding a host touches no other."""
        system = self._system
        key = _private_key(name, system, self._mine)
        request = tls.CertRequest(
            name,
            private_key_pem=key.private_key_pem,
            subject=tls.CertRequestSubjectArgs(common_name=system.name[:64]),  # RFC 5280: 64 is its upper bound
            dns_names=[system.name],
            ip_addresses=[str(system.vip.address.ip), str(host.address)],
            opts=self._mine,
        )
        certificate = tls.LocallySignedCert(
            name,
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=self._key.private_key_pem,
            ca_cert_pem=self.certificate,
            validity_period_hours=system.tls.validity.hours,
            early_renewal_hours=system.tls.renewal.hours,
            allowed_uses=["digital_signature", "key_encipherment", "server_auth"],
            opts=self._mine,
        )
        return certificate.cert_pem, key.private_key_pem


def _private_key(name: str, system: Pair, mine: pulumi.ResourceOptions) -> tls.PrivateKey:
    if system.tls.key == "RSA-4096":
        return tls.PrivateKey(name, algorithm="RSA", rsa_bits=4096, opts=mine)
    return tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=mine)


def _read(path: str | None) -> str:
    if path is None:
        raise ValueError("tls.files: settings name both files")
    return Path(path).read_text("utf-8")
