"""Where the built engine lies, and who may write there."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.extras import EXTRAS, Extra
from engine.fingerprint import of
from engine.parts import PARTS, Part

SOURCES = Path(__file__).parent


def root() -> Path:
    """Cache of the project: `$HA_REGISTRY_CACHE`, else `~/.cache/ha-registry`."""
    given = os.environ.get("HA_REGISTRY_CACHE")
    return Path(given).absolute() if given else Path.home() / ".cache" / "ha-registry"


@dataclass(frozen=True)
class Home:
    """The directory of one engine: same sources, same directory."""

    path: Path

    @property
    def programs(self) -> Path:
        """Directory for PATH: the CLI and the language host."""
        return self.path / "bin"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME: the plugins, apart from the user's own `~/.pulumi`."""
        return self.path / "home"

    def target(self, part: Part) -> Path:
        """The finished file of a part."""
        return self.path / part.target

    def log(self, part: Part) -> Path:
        """What the last build of a part printed."""
        return self.path / "log" / f"{part.name}.log"

    def missing(self, extras: Iterable[Extra] = ()) -> list[Part]:
        """Parts not built yet, of those that belong to every engine and of `extras`. A part is there only once it is whole."""
        return [part for part in (*PARTS, *extras) if not self.has(part)]

    def has(self, part: Part) -> bool:
        """Whether it is built, whole: it is renamed into place. One of `EXTRAS` counts only when it is of these sources."""
        if isinstance(part, Extra) and not self._is_of_these_sources(part):
            return False
        return os.access(self.target(part), os.X_OK)

    def mark(self, extra: Extra) -> None:
        """Remembers of which sources one of `EXTRAS` is about to be built: the engine's own hash says nothing about it."""
        self._mark(extra).write_text(extra.fingerprint(SOURCES))

    def _is_of_these_sources(self, extra: Extra) -> bool:
        mark = self._mark(extra)
        return mark.exists() and mark.read_text() == extra.fingerprint(SOURCES)

    def _mark(self, extra: Extra) -> Path:
        return self.log(extra).with_suffix(".sources")


def home() -> Home:
    """The engine of these sources."""
    return Home(root() / f"engine-{fingerprint(SOURCES)}")


def fingerprint(sources: Path) -> str:
    """Short hash over all that decides what every engine has: Go sources without their tests, go.mod, go.sum and the parts."""
    extra = {sources / each.folder for each in EXTRAS.values()}
    files = [*sources.rglob("*.go"), *sources.rglob("go.mod"), *sources.rglob("go.sum"), sources / "parts.py"]
    return of((path for path in files if not path.name.endswith("_test.go") and path.parent not in extra), sources)


@contextmanager
def lock(path: Path, waiting: Callable[[str], None]) -> Iterator[None]:
    """Holds the file lock `path`; calls `waiting` with the holder's process id once a second until it is free."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                file.seek(0)
                waiting(file.read().strip() or "unknown")
                time.sleep(1)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
