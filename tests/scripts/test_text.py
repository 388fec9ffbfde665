"""The text of the scripts: checked by shellcheck, free of known traps."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import render
from render import script as rendering
from settings import Fronted
from tests.golden.cases import fronted_tcp
from tests.scripts.concerns import FRONT_ORDER, ORDER, Concerns
from tests.scripts.sandbox import STUBS

RENDER = Path(render.__file__).parent
PROGRAMS = ("registry/switch.j2", "registry/prober.j2", "front/prober.j2", "replication/replicator.j2", "replication/receiver")
SHELL = sorted([*RENDER.rglob("*.sh"), *(RENDER / program for program in PROGRAMS)])
SHELLCHECK = Path(sys.executable).parent / "shellcheck"


INCLUDES = re.compile(r'^if \[\[ ! -r .*?^\. "\$\{HA_REGISTRY_ROOT-\}\$LIB/host.sh"$|^\. <\(content host.sh\)$', re.DOTALL | re.MULTILINE)
SHARED = "SC2034,SC2329,SC2317"
"""Facts and functions that this concern happens not to use: every script gets all of them."""


def shellcheck(text: str) -> str:
    """What shellcheck finds; empty is good."""
    assert SHELLCHECK.exists(), "shellcheck is missing: pip install -r requirements-dev.txt"
    command = [SHELLCHECK, "--shell=bash", f"--exclude={SHARED}", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("concern", ["precheck", *ORDER, "proof"])
def test_whole_script_passes_shellcheck(concern: str, scripts: Concerns) -> None:
    """Facts, files, library and concern together are clean: an unknown fact or an unquoted word shows only there."""
    text = INCLUDES.sub(lambda _: rendering.library(), scripts[concern].text)
    assert text.count("undo_unwanted()") >= 1
    assert shellcheck(text) == ""


@pytest.mark.parametrize("concern", ["precheck", *FRONT_ORDER, "proof"])
def test_whole_script_of_a_front_passes_shellcheck(concern: str, load_system: Callable[[dict[str, Any]], Fronted]) -> None:
    """The same on a front, whose facts are others."""
    system = load_system(fronted_tcp())
    text = INCLUDES.sub(lambda _: rendering.library(), Concerns(system, system.fronts[0])[concern].text)
    assert shellcheck(text) == ""


@pytest.mark.parametrize("path", sorted((RENDER / "kubernetes").glob("*.sh")), ids=lambda path: path.name)
def test_scripts_of_pods_are_plain_sh(path: Path) -> None:
    """They run in images with whatever shell there is: nothing of bash, and nothing that shellcheck finds."""
    found = subprocess.run([SHELLCHECK, "--shell=sh", path], capture_output=True, text=True, check=False)
    assert found.stdout == ""


def test_stubs_pass_shellcheck() -> None:
    """The stubs are programs like any other."""
    found = subprocess.run(
        [SHELLCHECK, "-x", "-P", str(STUBS), *map(str, sorted(STUBS.iterdir()))], capture_output=True, text=True, check=False
    )
    assert found.stdout == ""


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_no_reader_ends_before_its_writer(path: Path) -> None:
    """Under pipefail `... | grep -q` and `... | head` end with 141 now and then: the writer gets SIGPIPE after the first match."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    early = [line for line in lines if re.search(r"\|\s*(grep\s+-\w*q|head\b)", line) and "|| true" not in line]
    assert early == []
