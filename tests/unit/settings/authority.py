"""A CA for tests, and certificates issued by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv4Address
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.unit.settings.valid import NOW

NAMES = ("registry.example.com", "192.168.23.50", "192.168.23.51", "192.168.23.52")
YEAR = timedelta(days=365)


def named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """A CA, itself issued by another one or by itself."""

    def __init__(self, common: str = "ca", above: Authority | None = None) -> None:
        self.name, self.key = named(common), ec.generate_private_key(ec.SECP256R1())
        issuer = above or self
        builder = self._builder(self.name, issuer.name, self.key.public_key(), NOW - YEAR, NOW + 9 * YEAR)
        self.certificate = builder.add_extension(x509.BasicConstraints(True, None), critical=True).sign(issuer.key, hashes.SHA256())

    def issue(
        self, names: Sequence[str] = NAMES, *, first: Any = NOW - YEAR / 2, last: Any = NOW + YEAR / 2, rsa_bits: int = 0
    ) -> x509.Certificate:
        key: Any = rsa.generate_private_key(65537, rsa_bits) if rsa_bits else ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(named("leaf"), self.name, key.public_key(), first, last)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    @staticmethod
    def _builder(subject: x509.Name, issuer: x509.Name, key: Any, first: Any, last: Any) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
        return builder.serial_number(x509.random_serial_number()).not_valid_before(first).not_valid_after(last)


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(IPv4Address(name)) if name.replace(".", "").isdigit() else x509.DNSName(name)


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
