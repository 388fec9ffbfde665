"""What can go wrong while the engine is found or built."""

from __future__ import annotations

from pathlib import Path


class EngineError(Exception):
    """One failure: what was being done, what happened, what to do now, and the log where there is one."""

    def __init__(self, doing: str, happened: str, remedy: str, log: Path | None = None) -> None:
        super().__init__(f"engine: {doing}: {happened}; {remedy}" + (f"\nlog: {log}" if log else ""))
