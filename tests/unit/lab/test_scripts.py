"""The shell of lab machines."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LAB = Path(__file__).parents[3] / "lab"
NODE = LAB / "kubernetes-image" / "node"
SCRIPTS = [LAB / "host-image" / "lab-init", LAB / "ceph-image" / "lab-ceph", NODE / "lab-node", NODE / "kubectl"]
SHELLCHECK = shutil.which("shellcheck", path=str(Path(sys.executable).parent)) or "shellcheck"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_has_no_known_mistake(script: Path) -> None:
    """shellcheck finds nothing in a script that runs in a lab machine."""
    done = subprocess.run([SHELLCHECK, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
