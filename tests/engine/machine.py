"""A machine whose Go is a stub, for tests of what `python -m engine` builds, keeps and says."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine import cache
from tests.engine.stack import end

STUBS = Path(__file__).parent / "stubs"


@dataclass(frozen=True)
class Machine:
    """A machine with a stub Go, an empty cache whose name needs quoting, and no Pulumi."""

    stub: Path
    environment: dict[str, str]

    @property
    def home(self) -> cache.Home:
        """Where the engine of these sources goes."""
        return cache.Home(Path(self.environment["HA_REGISTRY_CACHE"]) / f"engine-{cache.fingerprint(cache.SOURCES)}")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "engine", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def engine(self, *arguments: str, code: int = 0) -> str:
        """What `python -m engine ARGUMENTS` prints; asserts its exit code and that it is never a traceback."""
        process = self.start(*arguments)
        try:
            printed = process.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running after 60 s: {end(process, signal.SIGINT)}")
        assert process.returncode == code, printed
        assert "Traceback" not in printed
        return printed

    def builds(self) -> list[str]:
        """Packages that Go was asked to build, in order."""
        path = self.stub / "builds"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def behave(self, how: str, package: str, text: str = "") -> Path:
        """Lets Go `hang` or `fail` on a package."""
        path = self.stub / how / package
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def shell(self, script: str) -> str:
        return subprocess.run(["sh", "-euc", script], env=self.environment, capture_output=True, text=True, check=True).stdout

    def install(self, *programs: str) -> None:
        """Puts stub programs on PATH."""
        for program in programs:
            shutil.copy(STUBS / program, self.stub / "bin" / program)


def made(tmp_path: Path) -> Machine:
    """It has nothing built, and no Pulumi."""
    stub = tmp_path / "stub"
    (stub / "bin").mkdir(parents=True)
    executor = stub / "module" / "python" / "cmd" / "pulumi-language-python-exec"
    executor.parent.mkdir(parents=True)
    executor.write_text("executor")
    (stub / "go-version").write_text("1.26.0")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "GO", "PIP_"))}
    machine = Machine(
        stub,
        kept | {"HA_REGISTRY_CACHE": str(tmp_path / "the cache's $HOME"), "STUB": str(stub), "PATH": f"{stub}/bin:/usr/bin:/bin"},
    )
    machine.install("go")
    return machine


def install_stock(machine: Machine, *, version: str, plugins: str = "", registry: str = "yes") -> None:
    """A Pulumi of that version with these plugins; it can get others where `registry` says yes."""
    machine.install("pulumi")
    (machine.stub / "bin/pulumi-language-python").write_text("")
    (machine.stub / "bin/pulumi-language-python").chmod(0o755)
    for name, text in {"pulumi-version": version, "plugins": plugins, "registry": registry}.items():
        (machine.stub / name).write_text(text)
