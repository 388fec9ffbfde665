"""A CA that lives as long as one lab."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALIDITY = timedelta(days=365)
CLOCK_SKEW = timedelta(hours=1)


class Authority:
    """Signs server certificates; its own key is never written down."""

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
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(address))])
        names = x509.SubjectAlternativeName([x509.IPAddress(address)])
        signed = _builder(subject, self._name, key).add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        private = path.with_suffix(".key")
        private.touch(mode=0o600)
        private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


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
