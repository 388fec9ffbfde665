"""Standstill: how long the machine itself did not run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """\
import sys
from lab.standstill import Standstill
with Standstill() as standstill:
    print("watching", flush=True)
    sys.stdin.read()
print(standstill.longest_ms)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="real-time priority: root only")
def test_standstill_is_seen() -> None:
    """Time in which the watcher could not run, here stopped for half a second, is what it reports."""
    watcher = subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert watcher.stdout
    assert watcher.stdout.readline() == "watching\n"
    began = time.monotonic()
    watcher.send_signal(signal.SIGSTOP)
    time.sleep(0.5)
    watcher.send_signal(signal.SIGCONT)
    out, _ = watcher.communicate("")
    assert 490 <= float(out) <= (time.monotonic() - began) * 1000
