"""A Pulumi that the user already has, where it is recent enough and has, or can get, the plugins."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from engine import cache
from engine.extras import Extra
from engine.parts import CLI_VERSION, PLUGINS

ANSWER_S = 30
INSTALL_S = 180
"""A plugin is up to 60 MB; where its host cannot be reached, some firewalls say so by silence."""


@dataclass(frozen=True)
class Stock:
    """An installed Pulumi CLI that is recent enough and has the language host for Python."""

    program: Path

    def lacks(self, extras: Sequence[Extra] = ()) -> dict[str, str]:
        """Plugins, by name and version, that are not installed, of those that every stack needs and of `extras`."""
        wanted = PLUGINS | {extra.name: extra.version for extra in extras}
        answer = _run([str(self.program), "plugin", "ls", "--json"], ANSWER_S)
        try:
            listed = cast(Sequence[dict[str, object]], json.loads(answer or "[]"))
            have = {(plugin.get("name"), plugin.get("version")) for plugin in listed}
        except (ValueError, AttributeError):
            return wanted
        return {name: version for name, version in wanted.items() if (name, version) not in have}

    def get(self, extras: Sequence[Extra] = ()) -> bool:
        """Installs the plugins it lacks; False as soon as one cannot be had."""
        return all(
            _run([str(self.program), "plugin", "install", "resource", name, version], INSTALL_S) is not None
            for name, version in self.lacks(extras).items()
        )


def find() -> Stock | None:
    """The `pulumi` on PATH that is not ours, if it is at least the CLI that this project would build."""
    directories = [directory for directory in os.environ.get("PATH", "").split(":") if directory and not is_ours(directory)]
    path = ":".join(directories)
    program, host = shutil.which("pulumi", path=path), shutil.which("pulumi-language-python", path=path)
    if not program or not (host or Path(program).resolve().with_name("pulumi-language-python").exists()):
        return None
    version = re.match(r"v?(\d+)\.(\d+)\.(\d+)", _run([program, "version"], ANSWER_S) or "")
    enough = version and tuple(map(int, version.groups())) >= tuple(map(int, CLI_VERSION.split(".")))
    return Stock(Path(program)) if enough else None


def is_ours(directory: str) -> bool:
    """Whether a directory belongs to an engine that this project built, of whatever sources."""
    path = Path(directory)
    return any(each.parent == cache.root() and each.name.startswith("engine-") for each in (path, *path.parents))


def _run(command: list[str], limit_s: float) -> str | None:
    """Output of a command, None where it fails; what an earlier `env` of ours set does not reach it."""
    home = os.environ.get("PULUMI_HOME", "")
    dropped = {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", *(["PULUMI_HOME"] if is_ours(home) else [])}
    environment = {name: value for name, value in os.environ.items() if name not in dropped} | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit_s, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
