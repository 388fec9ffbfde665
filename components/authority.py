"""Authority: the CA that is made where the user brings none, and what it signs."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address

import pulumi
import pulumi_tls as tls

from settings import AnySystem


class Authority:
    """A CA of our own."""

    def __init__(self, name: str, system: AnySystem, mine: pulumi.ResourceOptions) -> None:
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

    def leaf(self, name: str, addresses: Iterable[IPv4Address]) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """Certificate and key for the registry's name and `addresses`."""
        system = self._system
        key = _private_key(name, system, self._mine)
        request = tls.CertRequest(
            name,
            private_key_pem=key.private_key_pem,
            subject=tls.CertRequestSubjectArgs(common_name=system.name[:64]),  # RFC 5280: 64 is its upper bound
            dns_names=[system.name],
            ip_addresses=[str(address) for address in addresses],
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


def _private_key(name: str, system: AnySystem, mine: pulumi.ResourceOptions) -> tls.PrivateKey:
    if system.tls.key == "RSA-4096":
        return tls.PrivateKey(name, algorithm="RSA", rsa_bits=4096, opts=mine)
    return tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=mine)
