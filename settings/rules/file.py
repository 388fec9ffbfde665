"""Files that settings name: read once for the rules that look into them."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from settings.fault import Fault, SettingsError, shown
from settings.given import AnyGiven

MAX_BYTES = 2**20
"""No key, certificate or known_hosts is larger; whatever is was named by mistake."""


def content(given: AnyGiven, setting: str, written: str) -> bytes:
    """What is in the file that the setting names.

    Raises:
        SettingsError: it is missing, no file, too large, or cannot be read.
    """
    path = given.file(written)
    try:
        if not path.is_file():
            rule_ = "is no file" if path.exists() else "does not exist"
            raise SettingsError([Fault(setting, shown(written), f"{rule_} (looked for {path})", "write the path of the file, or make it")])
        if path.stat().st_size > MAX_BYTES:
            raise SettingsError([Fault(setting, shown(written), f"is larger than {MAX_BYTES} bytes", "write the path of the right file")])
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or "unreadable"
        raise SettingsError([Fault(setting, shown(written), f"cannot be read: {why}", "let the user who runs pulumi read it")]) from error


def certificates(given: AnyGiven, setting: str, written: str) -> list[x509.Certificate]:
    """The certificates in the PEM file that the setting names, at least one.

    Raises:
        SettingsError: the file cannot be read, or holds something else.
    """
    data = content(given, setting, written)
    try:
        found = x509.load_pem_x509_certificates(data)
        for certificate in found:
            certificate.public_key()
            list(certificate.extensions)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        rule_ = "holds no PEM certificate that can be read"
        remedy = "write the path of a file with -----BEGIN CERTIFICATE----- in it"
        raise SettingsError([Fault(setting, shown(written), rule_, remedy)]) from error
    return found
