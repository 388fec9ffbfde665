"""Sealed files: what they hold is read by who has the passphrase, and by nobody who altered them.

ha-registry backup, version 1                      what it is
{"kdf": "scrypt", "n": 131072, .., "bytes": 4711}  how the keys come from the passphrase, how long the content is
32 bytes                                           HMAC-SHA256 of the lines above, so that a wrong passphrase is told from damage
content                                            AES-256-GCM, which authenticates all that stands before it too
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

KIND, VERSION = "ha-registry backup", 1
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**17, 8, 1
"""128 MiB and about half a second for each guess: what OWASP's Password Storage Cheat Sheet asks for."""
SALT_BYTES, NONCE_BYTES, KEY_BYTES, MAC_BYTES, TAG_BYTES = 16, 12, 32, 32, 16
PARAMETERS = {"kdf": "scrypt", "n": SCRYPT_N, "r": SCRYPT_R, "p": SCRYPT_P, "cipher": "aes-256-gcm"}
"""Version 1 has no others, so that no altered file makes its reader compute for hours."""


class SealedError(Exception):
    """A sealed file that is not read, or not written: which, why, and what to do now. Never holds the passphrase."""


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A whole sealed file, not opened yet."""

    name: str
    head: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    content: bytes = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Sealed:
        """The file at `path`; needs no passphrase.

        Raises:
            SealedError: it cannot be read, is no backup, of another version, truncated, or damaged where that can be seen.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SealedError(f"{path}: cannot be read: {error.strerror}; name the file that `python -m ops backup` wrote") from error
        kind, _, rest = data.partition(b"\n")
        found = re.fullmatch(rf"{KIND}, version (\d{{1,9}})", kind.decode("ascii", "replace"))
        if not found:
            raise SealedError(f"{path}: is no backup of ha-registry; name the file that `python -m ops backup` wrote")
        if int(found[1]) != VERSION:
            reads = f"is of version {found[1]}, and this program reads version {VERSION}"
            raise SealedError(f"{path}: {reads}; use the version of the program that wrote it")
        written, end, body = rest.partition(b"\n")
        if not end:
            raise SealedError(f"{path}: is truncated within its first lines; take another copy of it")
        header = _header(path, written)
        missing = MAC_BYTES + header["bytes"] - len(body)
        if missing:
            how = f"is truncated: the last {missing} bytes are missing" if missing > 0 else f"has {-missing} bytes too many at its end"
            raise SealedError(f"{path}: {how}; take another copy of it")
        head = b"%s\n%s\n" % (kind, written)
        return cls(name=str(path), head=head, salt=header["salt"], nonce=header["nonce"], mac=body[:MAC_BYTES], content=body[MAC_BYTES:])

    def opened(self, passphrase: str) -> bytes:
        """What is in it.

        Raises:
            SealedError: the passphrase is another, or the file was altered.
        """
        head_key, content_key = _keys(passphrase, self.salt)
        if not hmac.compare_digest(hmac.digest(head_key, self.head, "sha256"), self.mac):
            raise SealedError(f"{self.name}: the passphrase is wrong, or the first lines were altered; nothing was changed")
        try:
            return AESGCM(content_key).decrypt(self.nonce, self.content, self.head + self.mac)
        except InvalidTag as error:
            raise SealedError(f"{self.name}: was altered or damaged after it was written; take another copy of it") from error


def sealed(content: bytes, passphrase: str) -> bytes:
    """A whole file that holds `content`; another one each time."""
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    header = {
        **PARAMETERS,
        "salt": base64.b64encode(salt).decode(),
        "nonce": base64.b64encode(nonce).decode(),
        "bytes": len(content) + TAG_BYTES,
    }
    head = f"{KIND}, version {VERSION}\n{json.dumps(header)}\n".encode()
    head_key, content_key = _keys(passphrase, salt)
    mac = hmac.digest(head_key, head, "sha256")
    return head + mac + AESGCM(content_key).encrypt(nonce, content, head + mac)


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raises SealedError where `path` may not be written: a file is there and `force` is not given, or its folder is missing."""
    if not path.parent.is_dir():
        raise SealedError(f"{path}: {path.parent} is no folder; make it, or choose another place")
    if path.is_dir():
        raise SealedError(f"{path}: is a folder; name a file in it")
    if path.exists() and not force:
        raise SealedError(f"{path}: is there already; choose another name, or overwrite it with --force")


def write(path: Path, data: bytes, *, force: bool) -> None:
    """Writes the file in one step, for its owner alone (0600). Raises SealedError as `refuse_existing`, or where it cannot be written."""
    refuse_existing(path, force=force)
    try:
        # Made with mode 0600
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as candidate:
                candidate.write(data)
                candidate.flush()
                os.fsync(candidate.fileno())
            if force:
                Path(name).replace(path)
            else:
                # Unlike a rename it never replaces a file that came meanwhile
                path.hardlink_to(name)
        finally:
            Path(name).unlink(missing_ok=True)
    except FileExistsError as error:
        raise SealedError(f"{path}: is there already; choose another name, or overwrite it with --force") from error
    except OSError as error:
        raise SealedError(f"{path}: cannot be written: {error.strerror}; choose another place") from error


def _keys(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    """Of the head, and of the content."""
    both = Scrypt(salt=salt, length=2 * KEY_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(passphrase.encode())
    return both[:KEY_BYTES], both[KEY_BYTES:]


def _header(path: Path, written: bytes) -> dict[str, Any]:
    """The second line, with salt and nonce as bytes."""
    try:
        header = cast("dict[str, Any]", json.loads(written))
        salt, nonce = (base64.b64decode(header[name], validate=True) for name in ("salt", "nonce"))
        known = all(header[name] == value for name, value in PARAMETERS.items())
        is_whole = known and (len(salt), len(nonce)) == (SALT_BYTES, NONCE_BYTES) and isinstance(header["bytes"], int)
    except (ValueError, TypeError, KeyError) as error:
        raise SealedError(f"{path}: its second line is damaged; take another copy of it") from error
    if not is_whole or header["bytes"] < TAG_BYTES:
        raise SealedError(f"{path}: its second line was altered; take another copy of it")
    return header | {"salt": salt, "nonce": nonce}
