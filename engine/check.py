"""Whether every part of the engine answers as what it should be."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import cast

from engine.cache import Home
from engine.extras import EXTRAS
from engine.parts import CLI_VERSION, PARTS, PLUGINS, Part

ANSWER_S = 60
VERSIONS = PLUGINS | dict.fromkeys(EXTRAS)
"""What schemas tell; the one in Kubernetes' module tells none, its release adds it."""


def faults(home: Home, variables: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each part with what is wrong with it, "" where nothing is. A plugin is started and asked for its schema."""
    for part in (*PARTS, *filter(home.has, EXTRAS.values())):
        yield part.name, _answer(part, home, os.environ | variables)


def _answer(part: Part, home: Home, environment: dict[str, str]) -> str:
    program = str(home.programs / "pulumi")
    if part.name == "cli":
        answer = _ask([program, "version"], environment)
        return "" if answer == f"v{CLI_VERSION}" else f"says {answer[:200]}, not v{CLI_VERSION}"
    if part.name not in VERSIONS:
        return ""
    answer = _ask([program, "package", "get-schema", part.name], environment)
    try:
        schema = cast(dict[str, object], json.loads(answer))
    except ValueError:
        return f"gives no schema: {answer[:200]}"
    wanted = {"name": part.name, "version": VERSIONS[part.name]}
    got = {key: schema.get(key) for key in wanted}
    return "" if got == wanted else f"is {got}, not {wanted}"


def _ask(command: list[str], environment: dict[str, str]) -> str:
    try:
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=ANSWER_S, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return answer.stdout.strip() if answer.returncode == 0 else answer.stderr.strip()
