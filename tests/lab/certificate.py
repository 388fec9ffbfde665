"""What a TLS server shows to a client that asks for one name."""

from __future__ import annotations

import socket
import ssl
import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa


@dataclass(frozen=True)
class Certificate:
    """The leaf that a server showed after a handshake that checked chain and name."""

    names: frozenset[str]
    """Subject alternative names, addresses included."""
    serial: int
    key: str
    """`ECDSA-secp256r1`, `RSA-4096`, ..."""


def shown(address: str, *, asked: str, ca: Path, port: int = 443) -> Certificate:
    """Raises ssl.SSLError where `ca` did not sign the chain or the certificate is not valid for `asked`."""
    context = ssl.create_default_context(cafile=str(ca))
    with socket.create_connection((address, port), timeout=5) as plain, context.wrap_socket(plain, server_hostname=asked) as secure:
        leaf = x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    every = {*names.get_values_for_type(x509.DNSName), *(str(each) for each in names.get_values_for_type(x509.IPAddress))}
    return Certificate(frozenset(every), leaf.serial_number, _kind(leaf.public_key()))


def _kind(key: object) -> str:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA-{key.curve.name}"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA-{key.key_size}"
    return type(key).__name__


def handshake_fault(address: str, version: ssl.TLSVersion, *, port: int = 443) -> str:
    """Why no handshake of exactly `version` succeeds there; empty where it does. Says nothing about certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # this client's own library would refuse old versions before the server is asked
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    try:
        with socket.create_connection((address, port), timeout=5) as plain, context.wrap_socket(plain):
            return ""
    except (ssl.SSLError, ConnectionResetError) as fault:
        return str(fault)
