"""A real Pulumi for the tests of the engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.machine import Machine, made
from tests.engine.stack import Stack

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a stub Go, an empty cache and no Pulumi."""
    return made(tmp_path)


@pytest.fixture(scope="session")
def engine_environment() -> dict[str, str]:
    """The environment after `python -m engine build` and `eval "$(python -m engine env)"`, without any other Pulumi."""
    engine = f"{sys.executable} -m engine"
    script = f'{engine} build >&2 && variables=$({engine} env) && eval "$variables" && env -0'
    path = ":".join(part for part in os.environ["PATH"].split(":") if not (Path(part) / "pulumi").exists())
    answer = subprocess.run(["sh", "-c", script], cwd=PROJECT, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return dict(line.split("=", 1) for line in answer.stdout.split("\0") if line)


@pytest.fixture
def stack(tmp_path: Path, engine_environment: dict[str, str]) -> Iterator[Callable[[str], Stack]]:
    """Makes a stack of a program in this folder; it is destroyed afterwards if a test left resources."""
    made: list[Stack] = []

    def make(program: str) -> Stack:
        directory, state = tmp_path / "program", tmp_path / "state"
        shutil.copytree(Path(__file__).parent / program, directory)
        state.mkdir()
        kept = {name: value for name, value in engine_environment.items() if name != "SSH_AUTH_SOCK"}
        variables = {"PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_CONFIG_PASSPHRASE": "x"}
        made.append(Stack(directory, kept | variables))
        made[-1]("stack", "init", "test")
        return made[-1]

    yield make
    for each in made:
        each("destroy", "--yes", "--skip-preview")
