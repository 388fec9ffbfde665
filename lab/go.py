"""Go programs of the lab's machines, built from source: nothing here downloads prebuilt ones."""

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.command import run

PROJECT = Path(__file__).parent.parent
NEEDED = (1, 25)
"""What the go.mod files of the lab ask for, at most."""


def build(source: Path, package: str, out: Path, *, ldflags: str = "-s -w", tags: Sequence[str] = ()) -> None:
    """Makes the program `out` of a package of the module in `source`, without libraries of this machine.

    Raises LabError where Go is missing or the build fails.
    """
    options = ["-trimpath", "-tags", ",".join(tags), "-ldflags", ldflags]
    argv = [_program(), "build", "-C", str(source), *options, "-o", str(out), package]
    run(argv, f"building {package}", env={"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"})


def _program() -> str:
    """The user's Go if it is new enough, else the one that the engine is built with, which gets it where it is missing."""
    on_path = shutil.which("go")
    if on_path is not None:
        version = re.match(r"go(\d+)\.(\d+)", run([on_path, "env", "GOVERSION"], "asking Go for its version"))
        if version is not None and (int(version[1]), int(version[2])) >= NEEDED:
            return on_path
    return run([sys.executable, "-m", "engine", "go"], "looking for Go 1.25 or newer (install it and put it on PATH)", cwd=PROJECT).strip()
