"""What is being done and for how long, on a terminal and in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from rich.console import Console
from rich.status import Status

REPORT_EVERY_S = 30.0
"""In a log a step that takes longer says so this often; some CI systems end a job that is silent."""


class Step:
    """One thing that takes time."""

    def __init__(self, console: Console, title: str, status: Status | None, *, at_once: bool = False) -> None:
        self._console, self._title, self._status = console, title, status
        self._begin = time.monotonic()
        self._reported = self._begin - (REPORT_EVERY_S if at_once else 0)

    def tick(self, detail: str = "") -> None:
        """Tells that the step goes on."""
        text = f"{self._title}: {elapsed(self._begin)}" + (f", {detail}" if detail else "")
        if self._status:
            self._status.update(text)
        elif time.monotonic() - self._reported >= REPORT_EVERY_S:
            self._reported = time.monotonic()
            say(self._console, text)

    def done(self, words: str) -> None:
        """Tells how it ended."""
        say(self._console, f"{self._title}: {words} in {elapsed(self._begin)}")


@contextmanager
def step(console: Console, title: str, hint: str = "") -> Iterator[Step]:
    """Shows `title` with the time it takes: moving on a terminal, else a line now and then."""
    shown = console.status(title) if console.is_terminal else nullcontext()
    if not console.is_terminal:
        say(console, f"{title}: started" + (f", {hint}" if hint else ""))
    with shown as status:
        yield Step(console, title, status)


def say(console: Console, text: str) -> None:
    """Prints one line as it is: paths are neither coloured nor wrapped."""
    console.print(text, soft_wrap=True, highlight=False, markup=False)


def elapsed(begin: float) -> str:
    """Time since `begin` of the monotonic clock, as `2m05s`."""
    minutes, seconds = divmod(round(time.monotonic() - begin), 60)
    return f"{minutes}m{seconds:02d}s" if minutes else f"{seconds}s"
