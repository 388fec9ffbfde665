"""Load from a lab host for the length of a `with` block."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

from bench.client import Order, Tally
from bench.system import PROJECT, BenchError, System

RETRY_AFTER_S = 1.0
"""As crane waits before its first retry."""


class Loaded:
    """Clients on the client host of `system`; `tally` is there after the block."""

    tally: Tally

    def __init__(self, system: System, *, at_least: int = 0, retry: bool = False, holds: bool = False) -> None:
        """The defaults are of requests without client retry and without a long one."""
        target, (user, password) = system.target, system.login
        self._order = Order(
            address=target.address,
            port=target.port,
            name=target.name,
            ca=target.ca,
            user=user,
            password=password,
            at_least=at_least,
            retry_after_s=RETRY_AFTER_S if retry else None,
            holds=holds,
        )
        self._argv = ["nsenter", f"--target={system.client.pid}", "--net", sys.executable, "-m", "bench.client"]

    def __enter__(self) -> Loaded:
        """Returns once requests are under way."""
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._argv, cwd=PROJECT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        if self._process.stdin is None or self._process.stdout is None:
            raise BenchError("starting the load: no pipes")
        self._process.stdin.write(json.dumps(asdict(self._order)) + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != "ready\n":
            self._process.kill()
            raise BenchError(f"starting the load: {self._process.communicate()[1].strip()[-400:]}")
        return self

    def __exit__(self, *_: object) -> None:
        """Lets requests under way end."""
        out, err = self._process.communicate()
        if self._process.returncode:
            raise BenchError(f"reading what became of the load: {err.strip()[-400:]}")
        self.tally = Tally.read(out)
        if self.tally.causes:
            sys.stderr.write(f"of {self.tally.requests} requests: {json.dumps(self.tally.causes)}\n")
