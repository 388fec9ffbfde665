"""Every program that runs on a host for a while, with its arguments and environment, as its kernel saw them."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from lab.host import Host

ATTACH_S = 20


class Trace:
    """`with Trace(host, file) as trace:` follows sshd and systemd of a host and all they start; `trace.text` is there after it."""

    text: str

    def __init__(self, host: Host, file: Path) -> None:
        """`file` takes the raw record."""
        self._host, self._file = host, file

    def __enter__(self) -> Trace:
        """Returns once it follows; raises AssertionError where it cannot."""
        followed = [str(pid) for pid in _machine_pids(self._host)]
        flags = ["-f", "-qq", "-v", "-s", "1000000", "-e", "trace=execve", "-e", "signal=none", "-o", str(self._file)]
        self._process = subprocess.Popen(
            ["strace", *flags, *(part for pid in followed for part in ("-p", pid))], stderr=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + ATTACH_S
        while not all(_tracer(pid) == self._process.pid for pid in followed):
            assert self._process.poll() is None, self._process.communicate()[1]
            assert time.monotonic() < deadline, f"not attached to {followed} within {ATTACH_S} s"
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        """Stops following."""
        self._process.terminate()
        self._process.communicate()
        self.text = self._file.read_text(errors="replace")


def _machine_pids(host: Host) -> list[int]:
    """systemd and the listening sshd of a host, as this machine numbers them."""
    children = Path(f"/proc/{host.pid}/task/{host.pid}/children").read_text().split()
    listening = [int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text().strip() == "sshd"]
    return [host.pid, *listening]


def _tracer(pid: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("TracerPid:"))
