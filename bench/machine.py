"""The machine that figures were measured on, in words that name no host."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def description() -> str:
    """Processors, memory, kernel and distribution."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal:"))
    parts = [
        f"{os.cpu_count()} processors ({_model()})",
        f"{int(memory.split()[1]) / 2**20:.0f} GiB memory",
        f"Linux {'.'.join(platform.release().split('-')[0].split('.')[:2])}",
        release.get("PRETTY_NAME", "").strip('"'),
    ]
    return ", ".join(parts)


def _model() -> str:
    names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()
