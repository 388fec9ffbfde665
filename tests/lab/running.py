"""An `up` while it runs: what it has done so far, and its end by kill -9."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.lab.deployment import Deployment
from tests.lab.wait import eventually

DONE = re.compile(r" (created|updated|replaced|deleted) \(")
"""How the engine's output ends the line of a resource that is done."""


class RunningUp:
    """An `up_in_background` whose output is read as it comes; what still runs at the end of its `with` block is killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """`process` leads a session of its own, so that everything it starts is found by it."""
        self._process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> RunningUp:
        """It runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of it is left."""
        self.kill()

    @property
    def done(self) -> int:
        """How many resources were made, changed or removed so far."""
        return sum(DONE.search(line) is not None for line in self.lines)

    @property
    def is_over(self) -> bool:
        """Whether it ended."""
        return self._process.poll() is not None

    def await_line(self, pattern: str, *, within_s: float = 300) -> None:
        """Returns once a line of output matches `pattern`; raises AssertionError where it ends before, or later than `within_s`."""
        wanted = re.compile(pattern)
        self._await(lambda: any(wanted.search(line) for line in list(self.lines)), pattern, within_s)

    def await_done(self, count: int, *, within_s: float = 600) -> None:
        """Returns once `count` resources are done, or everything is."""
        self._await(lambda: self.done >= count, f"{count} resources done", within_s)

    def kill(self) -> Sequence[int]:
        """Ends the program, the engine, language host and plugins with SIGKILL; returns the ids of the processes."""
        killed: list[int] = []
        while members := _session(self._process.pid):
            for each in members:
                os.kill(each, signal.SIGKILL)
            killed += members
            # the kernel takes a moment to bury them
            time.sleep(0.01)
        self._process.wait()
        self._reader.join()
        return sorted(set(killed))

    def ended(self, within_s: float = 600) -> tuple[int, str]:
        """Exit code and whole output, once it ended by itself."""
        code = self._process.wait(within_s)
        self._reader.join()
        return code, "".join(self.lines)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self.lines.append(line)

    def _await(self, seen: object, what: str, within_s: float) -> None:
        assert callable(seen)
        eventually(lambda: seen() or self.is_over, what=what, within_s=within_s, successes=1, every_s=0.02)
        self._reader.join(1 if self.is_over else 0)
        assert seen(), f"it ended before: {what}\n{''.join(self.lines)}"


def locks(deployment: Deployment) -> list[Path]:
    """Lock files of the stack in its file backend."""
    return sorted((deployment.backend / ".pulumi" / "locks").rglob("*.json"))


def _session(leader: int) -> list[int]:
    """Ids of the processes of a session that are not dead."""
    found: list[int] = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            # proc(5): after the name in brackets come state, parent, process group and session
            state, _, _, session = place.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(session) == leader and state not in "ZX":
            found.append(int(place.parent.name))
    return found
