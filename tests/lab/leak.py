"""Looking for secrets where they must not be."""

from __future__ import annotations

from collections.abc import Mapping

from lab.host import Host

READ_BY_ANYBODY = ("/etc", "/usr/local", "/var", "/run", "/tmp", "/home", "/opt", "/srv", "/data", "/root")
"""Folders of a host in which any account may look around."""


def key_line(pem: str) -> str:
    """The last full line of a private key, which is random."""
    return [line for line in pem.splitlines() if line and not line.startswith("-")][-2]


def seen(text: str, secrets: Mapping[str, str]) -> list[str]:
    """Names of the secrets that stand in a text."""
    return [name for name, secret in secrets.items() if secret in text]


def found_on(host: Host, secrets: Mapping[str, str], command: str) -> list[str]:
    """Which secrets `command` prints on a host, given a file with all of them as $patterns; the secrets travel by stdin."""
    script = f'patterns=$(mktemp); chmod 644 "$patterns"; cat >"$patterns"; {command}; rm -f "$patterns"'
    return host.exec(["bash", "-c", script], "".join(f"{secret}\n" for secret in secrets.values())).stdout.splitlines()
