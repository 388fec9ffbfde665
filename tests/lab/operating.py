"""`python -m ops` as an operator types it, against the stack of the lab."""

from __future__ import annotations

import sys

from lab.command import Completed
from tests.lab.deployment import STACK, Deployment


def ops(made: Deployment, *arguments: str, expect: int = 0, stdin: str | None = None) -> Completed:
    """What a verb says; asserts how it ended."""
    done = made.command([sys.executable, "-m", "ops", *arguments, "--stack", STACK], stdin)
    assert done.returncode == expect, f"{arguments} ended with {done.returncode} instead of {expect}\n{done.stdout}\n{done.stderr}"
    return done
