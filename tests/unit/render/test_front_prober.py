"""The prober of a front, asked about a real haproxy."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from settings import Fronted
from tests.golden.cases import CASES
from tests.unit.render.front_process import Pool, pool, until

Load = Callable[[Mapping[str, Any]], Fronted]


@pytest.fixture
def front(load_system: Load) -> Iterator[Pool]:
    """A front without any replica, and its prober."""
    with pool(load_system(CASES["fronted-http"]()), ()) as made:
        program, notify = made.folder / "prober", made.folder / "bin/systemd-notify"
        program.write_text(made.placed("prober"))
        notify.parent.mkdir()
        notify.write_text("#!/bin/sh\n")
        for path in (program, notify):
            path.chmod(0o755)
        with (made.folder / "prober.log").open("wb") as log:
            made.run(str(program), stderr=log, env={**os.environ, "PATH": f"{notify.parent}:{os.environ['PATH']}:/usr/sbin"})
        _says(made, "0")
        yield made
        assert (made.folder / "prober.log").read_text() == ""


def _down(made: Pool) -> Path:
    return made.folder / "probe.down"


def _says(made: Pool, value: str) -> float:
    return until(f"probe.down says {value}", lambda: _down(made).exists() and _down(made).read_text() == f"{value}\n")


def test_prober_asks_haproxy_and_not_the_pool(front: Pool) -> None:
    """No replica serves, on any front: that is no reason to move the VIP."""
    front.wait_for(r1="down", r2="down", r3="down")
    time.sleep(1)  # some rounds of it
    assert _down(front).read_text() == "0\n"


def test_prober_notices_death_at_once_and_a_new_one(front: Pool) -> None:
    """kill -9: said before the next question would be; the next haproxy is found again."""
    start = time.monotonic()
    os.killpg(front.process.pid, signal.SIGKILL)
    _says(front, "1")
    assert time.monotonic() - start < 1, "much later than the 0.2 s between two questions"
    front.process.wait()
    front.start()
    _says(front, "0")


def test_prober_finds_a_hung_haproxy(front: Pool) -> None:
    """SIGSTOP: its socket is open and nobody answers; it is believed when it answers again."""
    os.killpg(front.process.pid, signal.SIGSTOP)
    _says(front, "1")
    os.killpg(front.process.pid, signal.SIGCONT)
    _says(front, "0")


def test_prober_says_nothing_of_a_reload(front: Pool) -> None:
    """Reloads, and the ends of the old processes, are not noticed: the VIP stays; nor does the prober keep them alive."""
    before = _down(front).stat().st_mtime_ns
    for _ in range(3):
        front.process.send_signal(signal.SIGUSR2)
        time.sleep(1)  # a reload has no end that can be waited for here
    assert _down(front).stat().st_mtime_ns == before
    until("one worker is left", lambda: len(_children(front.process.pid)) == 1)


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
