"""`python -m ops` at a terminal: what it asks and shows, and what somebody types."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Sequence

from tests.unit.ops.conftest import ROOT
from tests.unit.ops.engine import STACK, Engine


def typed(engine: Engine, arguments: Sequence[str], *dialogue: tuple[str, str]) -> tuple[int, str]:
    """How the verb ended, and all that the terminal showed; `dialogue` is what is waited for, and then typed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ops", *arguments, "--stack", STACK]
    environment = engine.environment | {"COLUMNS": "200"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = b""
        for question, answer in dialogue:
            while question.encode() not in shown:
                shown += _read(ours) or b"(the terminal was left)"
                assert b"(the terminal was left)" not in shown, shown
            os.write(ours, f"{answer}\n".encode())
        while more := _read(ours):
            shown += more
    os.close(ours)
    return process.returncode, shown.decode()


def _read(terminal: int) -> bytes:
    """Nothing where nobody has the other side any more."""
    try:
        return os.read(terminal, 1024)
    except OSError:
        return b""
