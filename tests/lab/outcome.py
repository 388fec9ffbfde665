"""How a command of the program ended, and what it left in the state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import cast

SECRET = "4dabf18193072939515e22adb298388d"
"""The engine's mark of a secret value."""


@dataclass(frozen=True)
class Run:
    """How a command of the program ended: exit code, and both streams as a terminal would show them."""

    code: int
    output: str

    def succeeded(self) -> Run:
        """Itself; raises AssertionError with the output where the exit code is not 0."""
        assert self.code == 0, self.output
        return self


def plain(value: object) -> object:
    """What the state holds behind the engine's mark of a secret, or the value itself."""
    if isinstance(value, dict) and SECRET in value:
        return json.loads(cast("str", value["plaintext"]))
    return cast("object", value)
