"""Programs of this machine: argument lists in, text out, faults in one sentence."""

import subprocess
from collections.abc import Mapping, Sequence
from os import environ
from pathlib import Path

Completed = subprocess.CompletedProcess[str]

SHOWN_LINES = 5
"""Of a failed program's stderr: the cause stands at its end."""


class LabError(Exception):
    """What was being done, what went wrong, and what to do now; shown to the user without a traceback."""


def run(
    argv: Sequence[str],
    doing: str,
    *,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_s: float | None = None,
) -> str:
    """Standard output of `argv`, which was run while `doing` something.

    Raises LabError where the program is missing, ends with another status than 0, or takes longer than `timeout_s`.
    """
    done = attempt(argv, doing, stdin=stdin, env=env, cwd=cwd, timeout_s=timeout_s)
    if done.returncode:
        said = "\n  ".join((done.stderr or done.stdout).strip().splitlines()[-SHOWN_LINES:])
        raise LabError(f"{doing}: `{' '.join(argv[:4])} ...` ended with {done.returncode}:\n  {said}")
    return done.stdout


def attempt(
    argv: Sequence[str],
    doing: str,
    *,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_s: float | None = None,
) -> Completed:
    """Like `run`, but any exit status is an answer."""
    try:
        whole = {**environ, **env} if env else None
        return subprocess.run(argv, input=stdin, env=whole, cwd=cwd, timeout=timeout_s, capture_output=True, text=True, check=False)
    except FileNotFoundError as fault:
        raise LabError(f"{doing}: {argv[0]} is not installed on this machine") from fault
    except subprocess.TimeoutExpired as fault:
        raise LabError(f"{doing}: `{' '.join(argv[:4])} ...` did not end within {timeout_s} s") from fault
