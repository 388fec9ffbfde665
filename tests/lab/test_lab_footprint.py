"""What a Docker daemon of the lab leaves on this machine: nothing, checked in a network namespace that is thrown away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
DOCKER = """
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -N DOCKER-USER
iptables -I FORWARD -j DOCKER-USER
iptables -P FORWARD DROP
ip link add docker0 type bridge
"""
"""What a daemon does to a machine when it starts, in short."""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs network namespaces: root only")


def snapshots(tmp_path: Path, *, before: str = "", meanwhile: str = "") -> tuple[str, str]:
    """Rules and links before `remember` and after `erase`, with a daemon's traces made in between."""
    script = f"""
set -eu
snapshot() {{ nft list ruleset; ip -brief link; }}
{before}
snapshot >{tmp_path}/before
python -c 'from lab import footprint; footprint.remember()'
{DOCKER}
{meanwhile}
python -c 'from lab import footprint; footprint.erase()'
snapshot >{tmp_path}/after
"""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HA_REGISTRY_CACHE": str(tmp_path)}
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return (tmp_path / "before").read_text(), (tmp_path / "after").read_text()


def test_no_trace_of_daemon_is_left(tmp_path: Path) -> None:
    """Tables, rules, policy and bridge that a daemon made are gone after it."""
    before, after = snapshots(tmp_path)
    assert after == before


def test_rules_of_others_stay(tmp_path: Path) -> None:
    """Rules that were there before the daemon, or that others made meanwhile, outlive it, and so does their policy."""
    before, after = snapshots(
        tmp_path,
        before="iptables -P FORWARD DROP; iptables -A INPUT -p tcp --dport 9 -j DROP; iptables -P OUTPUT ACCEPT",
        meanwhile="iptables -A INPUT -p tcp --dport 10 -j DROP",
    )
    assert "dport 9" in before
    assert "dport 9" in after
    assert "dport 10" in after
    assert "policy drop" in after
    assert "docker" not in after.lower()
