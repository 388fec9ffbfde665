"""The environment in which `pulumi` runs for tests on lab hosts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def environment(backend: Path, *plugins: str) -> Mapping[str, str]:
    """As `make up` sets it, with a file backend of its own in the folder `backend`; `plugins` that not all stacks need."""
    engine, options = f"{sys.executable} -m engine", "".join(f" --with {plugin}" for plugin in plugins)
    script = f'{engine} build{options} >&2 && variables=$({engine} env{options}) && eval "$variables" && env -0'
    done = subprocess.run(["sh", "-c", script], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    known = dict(line.split("=", 1) for line in done.stdout.split("\0") if line)
    return known | {
        "PULUMI_BACKEND_URL": backend.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "lab",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
