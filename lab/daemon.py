"""The Docker daemon and the programs that the lab needs on this machine."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from lab import cache, docker, footprint
from lab.command import LabError, run

PACKAGES = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "iptables": "iptables",
    "nft": "nftables",
    "nsenter": "util-linux",
    "skopeo": "skopeo",
    "ssh-keygen": "openssh-client",
}
"""Program -> Debian or Ubuntu package that brings it."""

START_S = 60
STOP_S = 30
HOSTS_SHARES = "20480"
"""Of the CPU, where 1024 is one process."""
RUNTIME_PIDS = {"docker.pid": "dockerd", "docker/containerd/containerd.pid": "containerd"}
"""Pid files below /var/run, and the program that must be behind each."""


def install_programs() -> list[str]:
    """Packages that were missing and are installed now; says so before, since it takes a while and is seen outside the lab."""
    if os.geteuid() != 0:
        raise LabError("starting lab hosts: containers with their own networks need root; run the same command as root (sudo -E)")
    missing = sorted({package for program, package in PACKAGES.items() if shutil.which(program) is None})
    if not missing:
        return []
    print(f"installing on this machine (they stay after `lab down`): {' '.join(missing)}", flush=True)
    if shutil.which("apt-get") is None:
        raise LabError(f"installing {' '.join(missing)}: this machine has no apt-get; install {', '.join(PACKAGES)} and run again")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-q"], "reading the package lists of this machine", env=quiet)
    run(["apt-get", "install", "-qy", "--no-install-recommends", *missing], f"installing {' '.join(missing)}", env=quiet)
    return missing


def _pid_file() -> Path:
    return cache.root() / "dockerd.pid"


def is_ours() -> bool:
    """Whether the running daemon was started by the lab."""
    return _running(_pid_file(), "dockerd") is not None


def _running(pid_file: Path, program: str) -> int | None:
    """The process that a pid file names, unless the file outlived it: pids are used again."""
    try:
        pid = int(pid_file.read_text())
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError):
        return None
    return pid if name == program else None


def ensure() -> bool:
    """Whether the daemon had to be started; a daemon answers afterwards. Raises LabError with the end of its log otherwise."""
    if docker.answers():
        return False
    for name, program in RUNTIME_PIDS.items():
        stale = Path("/var/run") / name
        if stale.exists() and _running(stale, program) is None:
            stale.unlink()
    log = cache.root() / "dockerd.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    if not _pid_file().exists():
        # a pid file is left of a daemon that was killed: this machine is as that one left it
        footprint.remember()
    with log.open("ab") as out:
        # a session of its own: the daemon outlives this command and the terminal it was typed in
        daemon = subprocess.Popen(["dockerd"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd="/")
    _pid_file().write_text(f"{daemon.pid}\n")
    deadline = time.monotonic() + START_S
    while not docker.answers():
        if daemon.poll() is not None or time.monotonic() > deadline:
            end = "\n  ".join(log.read_text(errors="replace").splitlines()[-5:])
            raise LabError(f"starting the Docker daemon: no answer; the end of {log}:\n  {end}")
        time.sleep(0.2)
    return True


def favour_hosts() -> None:
    """Gives all lab hosts together more than the one share of a single process (control groups of version 1).

    Otherwise a test program on this machine starves them: at load 20 keepalived missed three adverts in a row.
    """
    shares = Path("/sys/fs/cgroup/cpu/docker/cpu.shares")
    if is_ours() and shares.exists():
        shares.write_text(HOSTS_SHARES)


def stop() -> bool:
    """Whether a daemon was stopped: only the one that the lab started, with the rules it left on this machine."""
    pid = _running(_pid_file(), "dockerd")
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    while _running(_pid_file(), "dockerd") is not None:
        if time.monotonic() > deadline:
            raise LabError(f"stopping the Docker daemon: process {pid} still runs after {STOP_S} s; see {cache.root() / 'dockerd.log'}")
        time.sleep(0.1)
    _pid_file().unlink()
    footprint.erase()
    return True
