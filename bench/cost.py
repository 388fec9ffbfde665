"""What the program itself costs: time of a preview, Commands and state of a host."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping

from bench.engine import is_command
from bench.ours import Ours
from bench.steal import Steal
from bench.system import PROJECT, BenchError

REST_S = 5
"""Before a preview: people do not type one after the other, and the machine slows down where much was computed just before."""
STEAL_PERCENT, TRIES = 10.0, 6
"""A preview that lost more of its processor time to other machines is measured again, this often in all; the last one counts anyhow."""


def preview(system: Ours) -> Mapping[str, float]:
    """Seconds of one preview, and percent of the processor time meanwhile that the machine did not get."""
    took_s, lost_percent = _preview(system)
    for _ in range(TRIES - 1):
        if lost_percent <= STEAL_PERCENT:
            break
        took_s, lost_percent = _preview(system)
    return {f"{system.topology}.seconds.preview": round(took_s, 2), f"{system.topology}.steal.preview": lost_percent}


def _preview(system: Ours) -> tuple[float, float]:
    time.sleep(REST_S)
    with Steal() as steal:
        took_s = system.stack.preview_s()
    return took_s, steal.percent


def state(system: Ours) -> Mapping[str, float]:
    """Of the host that has most; what belongs to no host is shared out evenly."""
    commands, sizes, shared = Counter[str](), Counter[str](), 0
    for resource in system.stack.resources():
        size = len(json.dumps(resource))
        if is_command(resource):
            host = resource["urn"].rsplit("::", 1)[1].rsplit("-", 1)[0]
            commands[host] += 1
            sizes[host] += size
        else:
            shared += size
    most = max(sizes.values()) + shared / len(sizes)
    prefix = system.topology
    return {f"{prefix}.commands-per-host": float(max(commands.values())), f"{prefix}.state-bytes-per-host": float(round(most))}


def render(system: Ours) -> Mapping[str, float]:
    """In a process of its own: mocks of Pulumi hold for a whole process."""
    argv = [sys.executable, "-m", "bench.program", str(system.stack.file)]
    done = subprocess.run(argv, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"running the program with 50 pairs: {done.stderr.strip()[-400:]}")
    return {"pair.ms-per-resource.render": float(done.stdout)}
