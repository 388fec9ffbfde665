"""Hosts that a stack's state names: pretended ones, entered through a real sshd."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ops.deployed import SECRET
from tests.scripts.conftest import complete, prepared, scripts, serving
from tests.scripts.sandbox import Sandbox
from tests.sshd import Sshd

__all__ = ["complete", "prepared", "scripts", "serving"]

ROOT = Path(__file__).parents[3]
LIMIT_S = 60


def secret(value: object) -> dict[str, str]:
    """A value as the exported state marks it."""
    return {SECRET: "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps(value)}


@dataclass
class Ops:
    """`python -m ops` with a state of our making, and a stand-in for `pulumi` that shows it."""

    folder: Path
    sshd: Sshd
    outputs: dict[str, object] = field(default_factory=lambda: {"registryUrl": "https://registry01.dev.com", "vipAddress": "192.168.23.50"})
    resources: list[dict[str, Any]] = field(default_factory=list)

    @property
    def way(self) -> dict[str, object]:
        """The connection to the real sshd, as the state has it."""
        way = {"host": "127.0.0.1", "port": float(self.sshd.port), "user": self.sshd.user}
        return way | {"privateKey": self.sshd.private_key, "hostKey": self.sshd.host_key}

    def script(self, name: str, concern: str, text: str, /, *, shell: str = "bash", **connection: object) -> None:
        """Puts a script into the state; `connection` differs from the way to the real sshd."""
        self.resources.append(
            {
                "urn": f"urn:pulumi:x::ha-registry::command:remote:Command::{name}-{concern}",
                "type": "command:remote:Command",
                "inputs": {"connection": secret(self.way | connection), "stdin": secret(text), "create": f"{shell} -s -- apply"},
            }
        )

    def host(self, name: str, sandbox: Sandbox, texts: Mapping[str, str]) -> None:
        """Puts a pretended host into the state, with the scripts of its concerns."""
        variables = [f"{key}={value}" for key, value in sandbox.environment.items()]
        for concern, text in texts.items():
            self.script(name, concern, text, shell=shlex.join(["env", "-i", *variables, "bash"]))

    def __call__(self, *arguments: str, expect: int = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """What a verb says; asserts how it ended."""
        stack = {"type": "pulumi:pulumi:Stack", "urn": "urn:pulumi:x::ha-registry::pulumi:pulumi:Stack::x", "outputs": self.outputs}
        (self.folder / "state.json").write_text(json.dumps({"deployment": {"resources": [stack, *self.resources]}}))
        program = self.folder / "pulumi"
        program.write_text(
            "#!/bin/sh\n"
            f'[ "$1 $2" != "config get" ] || exec cat {shlex.quote(str(self.folder / "secret"))}\n'
            '[ "$1 $2" = "stack export" ] || { echo "not taught: $*" >&2; exit 1; }\n'
            f'case "$*" in *--show-secrets*) exec cat {shlex.quote(str(self.folder / "state.json"))} ;; esac\n'
        )
        program.chmod(0o755)
        environment = os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}", "COLUMNS": "80"}
        command: Sequence[str] = [sys.executable, "-m", "ops", *arguments, "--stack", "x"]
        done = subprocess.run(command, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        assert done.returncode == expect, f"ended with {done.returncode} instead of {expect}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture
def ops(tmp_path: Path, sshd: Sshd) -> Ops:
    """No host is deployed yet."""
    folder = tmp_path / "ops"
    folder.mkdir()
    return Ops(folder, sshd)
