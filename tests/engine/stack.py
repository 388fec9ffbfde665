"""A Pulumi stack that is thrown away, and what tests wait with."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

RUN_S = 120


@dataclass
class Stack:
    """One Pulumi stack in a directory and a file backend of its own."""

    directory: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str, ok: bool = True) -> str:
        """What `pulumi ARGUMENTS` prints; asserts that it succeeds, or fails where `ok` is False."""
        command = ["pulumi", "--color=never", "--non-interactive", *arguments]
        answer = subprocess.run(
            command, cwd=self.directory, env=self.environment, capture_output=True, text=True, timeout=RUN_S, check=False
        )
        assert (answer.returncode == 0) is ok, answer.stdout + answer.stderr
        return answer.stdout + answer.stderr

    def set(self, **values: str) -> None:
        """Sets keys of the stack's configuration."""
        self("config", "set-all", *(word for name, value in values.items() for word in ("--plaintext", f"{name}={value}")))


def wait(what: str, holds: Callable[[], bool], limit_s: float = 10) -> None:
    """Waits until `holds`, or fails saying `what` was not reached."""
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, f"not reached in {limit_s} s: {what}"
        time.sleep(0.05)


def end(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Sends a signal to the process group of `process` and returns what it printed until it ended."""
    os.killpg(process.pid, number)
    return process.communicate(timeout=30)[0]
