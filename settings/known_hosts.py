"""OpenSSH known_hosts files: the host key to pin for each address."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ALGORITHMS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
"""Preferred first. No RSA: a pinned key fixes the algorithm to its type, and for RSA that is ssh-rsa with SHA-1."""
DEFAULT_PORT = 22


@dataclass(frozen=True)
class Entry:
    """One line: which hosts have which key."""

    marker: str
    """`@revoked`, `@cert-authority` or nothing."""
    hosts: str
    algorithm: str
    key: str

    def is_for(self, host: str) -> bool:
        """Whether the line speaks of `host`, written as OpenSSH looks it up."""
        if self.hosts.startswith("|1|"):
            return _hash_matches(self.hosts, host)
        patterns = self.hosts.split(",")
        if any(pattern.startswith("!") and _matches(pattern[1:], host) for pattern in patterns):
            return False
        return any(_matches(pattern, host) for pattern in patterns)


def host_keys(path: Path, addresses: Iterable[object], port: int = DEFAULT_PORT) -> dict[str, str]:
    """The key to pin for each address that has one: `ssh-ed25519 AAAA...`, ed25519 before ECDSA.

    An address that is not in the result has no usable key there; after `settings.load` every host has one.

    Raises:
        OSError: the file cannot be read.
    """
    entries = _entries(path.read_text(encoding="utf-8", errors="replace"))
    found = {str(address): _key(entries, str(address), port) for address in addresses}
    return {address: key for address, key in found.items() if key}


def scan_command(path: Path, addresses: Iterable[object], port: int = DEFAULT_PORT) -> str:
    """The command that fetches the keys of `addresses` into the file."""
    option = "" if port == DEFAULT_PORT else f"-p {port} "
    return f"ssh-keyscan {option}-t ed25519,ecdsa {' '.join(map(str, addresses))} >> {shlex.quote(str(path))}"


def _key(entries: Sequence[Entry], address: str, port: int) -> str | None:
    names = [f"[{address}]:{port}", *([address] if port == DEFAULT_PORT else [])]
    ours = [entry for entry in entries if any(entry.is_for(name) for name in names)]
    revoked = {entry.key for entry in ours if entry.marker == "@revoked"}
    usable = [entry for entry in ours if not entry.marker and entry.algorithm in ALGORITHMS and entry.key not in revoked]
    best = min(usable, key=lambda entry: ALGORITHMS.index(entry.algorithm), default=None)
    return f"{best.algorithm} {best.key}" if best else None


def _entries(text: str) -> Sequence[Entry]:
    found: list[Entry] = []
    for line in text.splitlines():
        match = re.match(r"\s*(?:(@\S+)\s+)?([^\s#@]\S*)\s+(\S+)\s+(\S+)", line)
        if match and _is_whole(match[4], match[3]):
            found.append(Entry(match[1] or "", match[2], match[3], match[4]))
    return found


def _is_whole(key: str, algorithm: str) -> bool:
    """Whether the key is fields of their announced length, the first its algorithm (RFC 4253 6.6); a cut-off line is not."""
    try:
        blob = base64.b64decode(key, validate=True)
    except binascii.Error:
        return False
    fields: list[bytes] = []
    at = 0
    while at < len(blob):
        end = at + 4 + int.from_bytes(blob[at : at + 4], "big")
        fields.append(blob[at + 4 : end])
        at = end
    return at == len(blob) and len(fields) > 1 and fields[0] == algorithm.encode()


def _matches(pattern: str, host: str) -> bool:
    # fnmatch knows [...] too, which OpenSSH does not: there brackets stand around an address with a port
    return fnmatchcase(host.lower(), re.sub(r"\[", "[[]", pattern.lower()))


def _hash_matches(hosts: str, host: str) -> bool:
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in hosts.removeprefix("|1|").split("|"))
    except ValueError:
        return False
    # HMAC-SHA1 is what the file format says
    return hmac.compare_digest(hmac.new(salt, host.encode(), hashlib.sha1).digest(), digest)
