"""CAs that live as long as one lab."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALIDITY = timedelta(days=365)
CLOCK_SKEW = timedelta(hours=1)


SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


class Authority:
    """Signs certificates; its own key is never written down."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        unsigned = _builder(self._name, self._name, self._key).add_extension(constraints, critical=True)
        self._certificate = unsigned.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> str:
        """What clients must trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, address: IPv4Address, path: Path) -> None:
        """Writes a certificate for `address` to `path`, and its key beside it as .key with mode 0600."""
        certificate, key = self.sign(str(address), names=[x509.IPAddress(address)])
        private = path.with_suffix(".key")
        private.touch(mode=0o600)
        private.write_text(key)
        path.write_text(certificate)

    def sign(
        self,
        common_name: str,
        *,
        organization: str = "",
        names: Sequence[x509.GeneralName] = (),
        usages: Sequence[x509.ObjectIdentifier] = (SERVER,),
    ) -> tuple[str, str]:
        """Certificate and key (PEM) for `names`, to be used as `usages` say."""
        key = ec.generate_private_key(ec.SECP256R1())
        organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
        subject = x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        builder = _builder(subject, self._name, key).add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode(), private_pem(key)


def private_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """The key as Go reads it wherever it reads one (SEC 1)."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + VALIDITY)
    )
