"""Whether a busy machine makes the VIP move."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping

from bench.system import BenchError, VipSystem
from bench.watch import Watch
from lab.command import run
from lab.standstill import Standstill

HOGS_PER_CORE, FEWEST_HOGS = 2, 4
SAMPLE_S = 5.0


def ensure_program() -> None:
    """Installs stress-ng where it is missing, and says so. Raises LabError where that fails."""
    if shutil.which("stress-ng"):
        return
    print("installing on this machine (it stays): stress-ng", flush=True)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "install", "-qy", "--no-install-recommends", "stress-ng"], "installing stress-ng", env=quiet)


def measure(system: VipSystem, minutes: float) -> Mapping[str, float]:
    """Keeps all cores of the machine busy, and so those of all hosts on it; row id to value."""
    ensure_program()
    system.await_whole()
    hogs = max(FEWEST_HOGS, HOGS_PER_CORE * (os.cpu_count() or 1))
    argv = ["stress-ng", "--cpu", str(hogs), "--timeout", f"{round(minutes * 60)}s", "--quiet"]
    highest = 0.0
    with Watch(system.members, system.vip) as watch, Standstill() as standstill, subprocess.Popen(argv) as stress:
        while stress.poll() is None:
            highest = max(highest, os.getloadavg()[0])
            time.sleep(SAMPLE_S)
    if stress.returncode:
        raise BenchError(f"keeping the machine busy: stress-ng ended with {stress.returncode}")
    system.await_whole()
    return {
        "pair.moves.stress": float(watch.moves),
        "pair.load.stress": round(highest, 1),
        "pair.standstill.stress": standstill.longest_ms,
    }
