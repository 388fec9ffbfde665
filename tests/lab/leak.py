"""Looking for secrets where they must not be."""

from __future__ import annotations

from collections.abc import Mapping

from lab.host import Host
from tests.lab.deployment import STACK, Deployment

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


def assert_not_read_by_anybody(deployment: Deployment, secrets: Mapping[str, str], planted: str) -> None:
    """An account without rights finds none in any file of any host; `planted`, one of them, is found where it is put."""
    search = f'runuser -u nobody -- grep -rslFf "$patterns" --exclude="tmp.*" {" ".join(READ_BY_ANYBODY)}'
    for host in deployment.hosts.values():
        host.output(["sh", "-c", "umask 022; cat >/usr/local/planted"], planted)
        assert found_on(host, secrets, search) == ["/usr/local/planted"], host.name
        host.output(["rm", "/usr/local/planted"])


def assert_not_in_outputs_or_state(deployment: Deployment, secrets: Mapping[str, str]) -> None:
    """Plain outputs, every file of the state and the stack file in use show none; outputs in clear do."""
    assert set(seen(deployment.pulumi("stack", "output", "--json", "--show-secrets", "--stack", STACK), secrets))
    assert seen(deployment.pulumi("stack", "output", "--json", "--stack", STACK), secrets) == []
    assert seen(deployment.pulumi("stack", "export", "--stack", STACK), secrets) == []
    files = [file for file in [*deployment.backend.rglob("*"), deployment.config_file] if file.is_file()]
    assert any('"checkpoint"' in file.read_text(errors="replace") for file in files)
    assert [(file.name, shown) for file in files if (shown := seen(file.read_text(errors="replace"), secrets))] == []
