"""`python -m ops` as an operator types it, against the stack of the lab."""

from __future__ import annotations

import subprocess
import sys

from lab.command import Completed
from tests.lab import engine
from tests.lab.deployment import STACK, UP_S, Deployment


def ops(made: Deployment, *arguments: str, expect: int = 0, stdin: str | None = None) -> Completed:
    """What a verb says; asserts how it ended."""
    done = subprocess.run(
        [sys.executable, "-m", "ops", *arguments, "--stack", STACK],
        cwd=engine.PROJECT,
        env=made.environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=UP_S,
        check=False,
    )
    assert done.returncode == expect, f"{arguments} ended with {done.returncode} instead of {expect}\n{done.stdout}\n{done.stderr}"
    return done
