"""What `ops show` says of a deployed stack, with a stand-in for the CLI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
HOSTS = {"registryUrl": "https://registry01.dev.com", "vipAddress": "192.168.23.50", "passwords": "[secret]"}
CLUSTER = {"registryUrl": "https://registry.c.example:30500", "passwords": "[secret]"}


def show(folder: Path, outputs: dict[str, Any]) -> str:
    program = folder / "pulumi"
    program.write_text(f"#!{sys.executable}\nprint({json.dumps(json.dumps(outputs))})\n")
    program.chmod(0o755)
    environment = os.environ | {"PATH": str(folder)}
    command = [sys.executable, "-m", "ops", "show", "--stack", "x"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_machines_are_shown_with_their_vip(tmp_path: Path) -> None:
    """Where clients connect, and that listed clients trust it."""
    shown = show(tmp_path, HOSTS)
    assert "registry   https://registry01.dev.com   VIP 192.168.23.50\n" in shown
    assert "listed clients trust it already" in shown


def test_cluster_is_shown_without_a_vip(tmp_path: Path) -> None:
    """A stack that has no VIP is shown all the same; the name to log in to has its port."""
    shown = show(tmp_path, CLUSTER)
    assert "registry   https://registry.c.example:30500\n" in shown
    assert "the nodes trust it already" in shown
    assert "docker login registry.c.example:30500, on a machine that trusts the CA" in shown
