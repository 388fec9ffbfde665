"""The stack under measurement: applied, previewed and read through the commands that a user types."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.system import BenchError
from lab.command import run
from settings import StackFile

PROJECT = Path(__file__).parent.parent
STACK = "bench"
SHOWN = 800
"""Characters of a failed command's words."""


class Stack:
    """The stack `bench` with a stack file and a file backend of its own."""

    def __init__(self, file: Path, plugins: Sequence[str] = ()) -> None:
        """`file` is changed by `toggle`, `add` and `take_out`; the backend lies beside it; `plugins` that not every stack needs."""
        self.file = file
        self._engine = [word for plugin in plugins for word in ("--with", plugin)]
        self._backend = file.parent / "state"
        self._backend.mkdir(parents=True, exist_ok=True)

    @cached_property
    def environment(self) -> dict[str, str]:
        """Of every command. Raises LabError where the engine is not built."""
        doing = f"asking for the engine (built by: {' '.join(['python -m engine build', *self._engine])})"
        lines = run([sys.executable, "-m", "engine", "env", *self._engine], doing, cwd=PROJECT)
        engine = dict(shlex.split(line)[1].split("=", 1) for line in lines.splitlines())
        # Python keeps what it has compiled, as it does wherever nobody told it not to
        user = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        # the state is thrown away with the lab, so its passphrase is no secret
        return {**user, **engine, "PULUMI_BACKEND_URL": f"file://{self._backend}", "PULUMI_CONFIG_PASSPHRASE": "lab"}

    def up(self) -> None:
        """`python -m ops up`; raises BenchError with its last words."""
        self._run([sys.executable, "-m", "ops", "up", "--stack", STACK, "--config-file", str(self.file)], "applying")

    def destroy(self) -> None:
        """`python -m ops destroy`; raises BenchError with its last words."""
        self._run([sys.executable, "-m", "ops", "destroy", "--stack", STACK, "--config-file", str(self.file)], "destroying")

    def preview_s(self) -> float:
        """Seconds that `pulumi preview` takes where nothing is to be changed; raises BenchError where something is."""
        started = time.monotonic()
        argv = ["pulumi", "preview", "--stack", STACK, "--config-file", str(self.file), "--expect-no-changes", "--non-interactive"]
        self._run(argv, "previewing")
        return time.monotonic() - started

    def toggle(self, path: str, one: object, other: object) -> None:
        """Sets a value of the stack file to `one`, or to `other` where it is `one` already."""
        stack = StackFile(self.file)
        *above, key = path.split(".")
        holder: Mapping[str, Any] = stack.system
        for part in above:
            holder = holder.get(part) or {}
        stack.set(path, other if holder.get(key) == one else one)
        stack.write()

    def add(self, group: str, host: str, address: str) -> bool:
        """Puts a host into a group of the stack file; whether it was not there."""
        stack = StackFile(self.file)
        if host in stack.system[group]:
            return False
        stack.add(group, host, address)
        stack.write()
        return True

    def take_out(self, group: str, host: str) -> None:
        """Takes a host out of a group of the stack file, unless it is out already."""
        stack = StackFile(self.file)
        if host in stack.system[group]:
            stack.remove(group, host)
            stack.write()

    def resources(self) -> list[dict[str, Any]]:
        """What the state holds."""
        exported = self._run(["pulumi", "stack", "export", "--stack", STACK], "reading the state of")
        return json.loads(exported)["deployment"]["resources"]

    def outputs(self) -> dict[str, Any]:
        """What the stack exports, passwords included."""
        return json.loads(self._run(["pulumi", "stack", "output", "--stack", STACK, "--json", "--show-secrets"], "reading the outputs of"))

    def script(self, host: str, concern: str) -> str:
        """The text of a host script as it was deployed."""
        found = [one for one in self.resources() if one["urn"].endswith(f"::{host}-{concern}")]
        if len(found) != 1:
            raise BenchError(f"looking for {host}-{concern}: the state of stack {STACK} has {len(found)} of them")
        return found[0]["inputs"]["stdin"]

    def _run(self, argv: list[str], doing: str) -> str:
        done = subprocess.run(argv, cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"{doing} stack {STACK}: it ended with {done.returncode}: {(done.stdout + done.stderr).strip()[-SHOWN:]}")
        return done.stdout


def is_command(resource: dict[str, Any]) -> bool:
    """Whether a resource of the state runs a script on a host."""
    return resource["type"] == "command:remote:Command"
