"""Certificates of a stack's nodes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

NAME = "registry01.dev.com"
HOUR = timedelta(hours=1)


class Issuer:
    """A CA that issues leaves for registry01.dev.com."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.pem = self._signed("CA", self._key, 10, x509.BasicConstraints(ca=True, path_length=None)).public_bytes(Encoding.PEM).decode()

    def leaf(self, path: Path, addresses: Sequence[str], *, days: int = 100) -> Path:
        """Writes certificate and key for the name and `addresses`, with `days` and a bit left."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(NAME), *(x509.IPAddress(IPv4Address(address)) for address in addresses)]
        certificate = self._signed(NAME, key, days, x509.SubjectAlternativeName(names))
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(certificate.public_bytes(Encoding.PEM) + own)
        return path

    def _signed(self, name: str, key: ec.EllipticCurvePrivateKey, days: int, extension: x509.ExtensionType) -> x509.Certificate:
        now = datetime.now(UTC)
        named, issuer = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in (name, "CA"))
        builder = x509.CertificateBuilder().subject_name(named).issuer_name(issuer).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - HOUR)
        return (
            builder.not_valid_after(now + timedelta(days=days) + HOUR)
            .add_extension(extension, critical=False)
            .sign(self._key, hashes.SHA256())
        )
