"""Waiting for a condition: several successes in a row, and the last observation in the words of a failure."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")


def eventually(
    ask: Callable[[], Seen],
    wanted: Callable[[Seen], object] = bool,
    *,
    what: str,
    within_s: float = 30,
    successes: int = 3,
    every_s: float = 0.2,
) -> Seen:
    """The last of `successes` observations in a row that `wanted` accepted.

    Raises AssertionError after `within_s`, with `what` was waited for and what was seen last.
    """
    deadline, row = time.monotonic() + within_s, 0
    while True:
        seen = ask()
        row = row + 1 if wanted(seen) else 0
        if row == successes:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not {successes} times in a row within {within_s} s; last seen: {seen!r}")
        time.sleep(every_s)
