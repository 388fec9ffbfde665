"""Hosts as containers: with systemd, sshd and a Docker of their own."""

import hashlib
import io
import socket
import tarfile
import time
from pathlib import Path

from lab import docker, network
from lab.command import LabError
from lab.image import USER, Recipe
from lab.plan import Machine, Plan
from lab.state import State

HOST_LABEL = "ha-registry.host"
KEYS_LABEL = "ha-registry.keys"
"""Digest of the keys a container was made with: after the state directory was lost, nobody gets into it."""
BOOT_S = 60
CAPABILITIES = ["SYS_ADMIN", "SYS_NICE", "NET_ADMIN", "NET_RAW", "NET_BROADCAST", "SYS_PTRACE"]
OPS_UID = 1000


def container(lab: str, host: str) -> str:
    """Name of a host's container."""
    return f"{lab}-{host}"


def ensure(plan: Plan, machine: Machine, state: State, images: Recipe) -> str:
    """What was done to have `machine` running: `made`, `started`, `made anew`, or nothing."""
    name = container(plan.lab, machine.name)
    found = docker.inspect("container", name)
    if found is not None and docker.label_of(found, "container", KEYS_LABEL) != _keys_digest(state, machine):
        remove(name)
        _make(plan, machine, state, images)
        return "made anew"
    if found is None:
        _make(plan, machine, state, images)
        return "made"
    if not found["State"]["Running"]:
        docker.docker("start", name, doing=f"starting {name}")
        return "started"
    return ""


def remove(name: str) -> None:
    """Removes a container, running or not."""
    docker.docker("rm", "--force", "--volumes", name, doing=f"removing {name}")


def await_boot(machine: Machine) -> None:
    """Returns once sshd of `machine` has greeted; raises LabError after `BOOT_S`."""
    deadline = time.monotonic() + BOOT_S
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((str(machine.address), 22), timeout=1) as connection:
                connection.settimeout(1)
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            pass
        time.sleep(0.1)
    look = f"python -m lab exec {machine.name} journalctl --boot"
    raise LabError(f"booting {machine.name}: no sshd at {machine.address}:22 within {BOOT_S} s; look at: {look}")


def _make(plan: Plan, machine: Machine, state: State, images: Recipe) -> None:
    name = container(plan.lab, machine.name)
    label = f"{docker.LABEL}={plan.lab}"
    volume = f"{name}-docker"
    docker.docker("volume", "rm", "--force", volume, doing=f"removing what Docker on the former {machine.name} kept")
    docker.docker(
        *("create", "--name", name, "--hostname", machine.name),
        *("--label", label, "--label", f"{HOST_LABEL}={machine.name}", "--label", f"{KEYS_LABEL}={_keys_digest(state, machine)}"),
        *("--network", network.inside(plan.lab), "--ip", str(machine.address)),
        *(flag for capability in CAPABILITIES for flag in ("--cap-add", capability)),
        *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
        *(
            "--cgroupns",
            "private",
            "--tmpfs",
            "/run",
            "--tmpfs",
            "/run/lock",
            "--mount",
            f"type=volume,source={volume},target=/var/lib/docker,volume-label={label}",
        ),
        *("--stop-signal", "SIGRTMIN+3", "--sysctl", "net.ipv4.ip_forward=1"),
        *("--env", f"LAB_ROUTE={plan.outside} via {plan.router[0]}", "--env", f"LAB_NAMESERVERS={' '.join(nameservers())}"),
        images.client if machine.role == "client" else images.server,
        doing=f"making {name}",
    )
    _put_keys(name, machine, state)
    docker.docker("start", name, doing=f"starting {name}")


def nameservers() -> list[str]:
    """Resolvers of this machine that containers can reach; none where it only has one on its own loopback."""
    for path in (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")):
        lines = path.read_text().splitlines() if path.exists() else []
        servers = [line.split()[1] for line in lines if line.startswith("nameserver ")]
        if servers and not any(server.startswith("127.") for server in servers):
            return servers
    return []


def _put_keys(name: str, machine: Machine, state: State) -> None:
    host_key = state.host_key(machine.name)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        _add(tar, "etc/ssh/ssh_host_ed25519_key", host_key.read_text(), 0o600, 0)
        _add(tar, "etc/ssh/ssh_host_ed25519_key.pub", state.public(host_key) + "\n", 0o644, 0)
        directory = tarfile.TarInfo(f"home/{USER}/.ssh")
        directory.type, directory.mode, directory.uid, directory.gid = tarfile.DIRTYPE, 0o700, OPS_UID, OPS_UID
        tar.addfile(directory)
        _add(tar, f"home/{USER}/.ssh/authorized_keys", state.public(state.key) + "\n", 0o600, OPS_UID)
    docker.put(name, archive.getvalue())


def _add(tar: tarfile.TarFile, path: str, text: str, mode: int, owner: int) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode, entry.uid, entry.gid, entry.mtime = len(text.encode()), mode, owner, owner, int(time.time())
    tar.addfile(entry, io.BytesIO(text.encode()))


def _keys_digest(state: State, machine: Machine) -> str:
    return hashlib.sha256((state.public(state.key) + state.public(state.host_key(machine.name))).encode()).hexdigest()[:12]
