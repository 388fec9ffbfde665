"""Builds the parts that are missing, each to a temporary name that is renamed when it is whole."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from engine import cache, toolchain
from engine.cache import Home
from engine.diagnosis import diagnose
from engine.errors import EngineError
from engine.extras import Extra
from engine.parts import PARTS, ModuleFile, Part, Program
from engine.progress import Step, step

SPACE_BYTES = 2 * 1024**3
"""Least free space to begin with; a first build takes about 7 GB, most of it in Go's own caches."""
POLL_S = 0.2
STOP_S = 5.0
NEWLINE = b"\n"


def build(console: Console, extras: Sequence[Extra] = ()) -> Home:
    """The complete engine of these sources with `extras`; what is finished is kept, so an interrupted build goes on where it was.

    Raises EngineError with the part, the reason and the remedy.
    """
    home = cache.home()
    if not home.missing(extras):
        return home
    other = Step(console, "engine", None, at_once=True)
    try:
        with cache.lock(cache.root() / "engine.lock", lambda holder: other.tick(f"waiting for the build of process {holder}")):
            _build_missing(home, console, extras)
    except OSError as error:
        remedy = "make room there, or set HA_REGISTRY_CACHE to another directory"
        raise EngineError("write the cache", f"{error.filename}: {error.strerror}", remedy) from None
    return home


def _build_missing(home: Home, console: Console, extras: Sequence[Extra]) -> None:
    missing, wanted = home.missing(extras), [*PARTS, *extras]
    if not missing:  # another process built them meanwhile
        return
    _require_space(home.path.parent)
    go = toolchain.find(cache.root(), console)
    for part in missing:
        hint = f"usually {part.usually} on 2 cores" if isinstance(part, Program) else ""
        with step(console, f"engine {wanted.index(part) + 1}/{len(wanted)} {part.name}", hint) as shown:
            _build(part, home, go, shown)
            shown.done("built")


def _build(part: Part, home: Home, go: Path, shown: Step) -> None:
    target, log = home.target(part), home.log(part)
    unfinished = target.with_name(f".{target.name}.tmp")
    for path in (target, log):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if isinstance(part, Program):
            flags = ["-buildvcs=false", *(_overlay(part, go, log, shown) if isinstance(part, Extra) else [])]
            command = ["build", "-v", *flags, "-ldflags", part.ldflags, "-o", str(unfinished), part.package]
            _go(part, [str(go), *command], log, shown)
        elif isinstance(part, ModuleFile):
            shutil.copyfile(_module(part, part.module, go, log, shown) / part.path, unfinished)
        unfinished.chmod(0o755)
        if isinstance(part, Extra):
            target.unlink(missing_ok=True)
            home.mark(part)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _go(part: Part, command: list[str], log: Path, shown: Step) -> None:
    """Runs one Go command; it does not outlive this process's interest in it."""
    environment = toolchain.environment(Path(command[0]))
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cache.SOURCES / part.folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        while process.poll() is None:
            shown.tick(f"{log.read_bytes().count(NEWLINE)} lines in {log.name}")
            time.sleep(POLL_S)
    finally:
        _stop(process)
    if process.returncode:
        raise EngineError(f"build {part.name}", *diagnose(log.read_text(errors="replace")), log)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a Go command that still runs, with the compilers it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue


def _overlay(part: Extra, go: Path, log: Path, shown: Step) -> list[str]:
    """Flags by which Go finds the embedded files of the module in the folder of the program, which stays as it is."""
    module, folder = _module(part, part.module, go, log, shown), cache.SOURCES / part.folder
    file = log.with_suffix(".overlay.json")
    file.write_text(json.dumps({"Replace": {str(folder / Path(path).name): str(module / path) for path in part.embedded}}))
    return ["-overlay", str(file)]


def _module(part: Part, module: str, go: Path, log: Path, shown: Step) -> Path:
    """Where `go mod download` says the module lies; lines before its JSON are messages."""
    _go(part, [str(go), "mod", "download", "-json", module], log, shown)
    text = log.read_text()
    try:
        return Path(json.loads(text[text.index("{") :])["Dir"])
    except (ValueError, KeyError):
        raise EngineError(f"build {part.name}", *diagnose(text), log) from None


def _require_space(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for path in (directory, Path.home()):
        free = shutil.disk_usage(path).free
        if free < SPACE_BYTES:
            happened = f"{path} has {free / 1024**3:.1f} GiB free, less than {SPACE_BYTES / 1024**3:.0f}"
            raise EngineError("build", happened, "a first build takes about 7 GB there; make room, then run this again")
