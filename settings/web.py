"""Single values of haproxy's settings: numbers and paths."""

from __future__ import annotations

from typing import Annotated

from settings.value import text, whole

Times = Annotated[int, whole(1, 10, "how many checks in a row")]
StatsPath = Annotated[
    str,
    text(
        r"^(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}){1,8}$",
        "must be a path: '/' and letters, digits, '.', '_', '-', without '/' at its end",
        "write for example /haproxy",
    ),
]
