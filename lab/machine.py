"""Hosts as containers: with systemd, sshd and a Docker of their own."""

import hashlib
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab import docker, network
from lab.archive import Archive
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


@dataclass(frozen=True)
class Outfit:
    """What a machine has that others have not."""

    image: str
    data: tuple[str, ...] = ("/var/lib/docker",)
    """Where volumes of its own are mounted: on a disk of this machine instead of a layer of the container."""
    devices: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Text by path without the leading slash, put there with mode 0600 before the first boot."""


def outfit(plan: Plan, machine: Machine, images: Recipe) -> Outfit:
    """That of a host of the stack file. Registries of a lab with Ceph can mount CephFS in user space."""
    mounts = plan.ceph is not None and machine.role == "registry"
    return Outfit(images.client if machine.role == "client" else images.server, devices=("/dev/fuse",) if mounts else ())


def ensure(plan: Plan, machine: Machine, state: State, given: Outfit) -> str:
    """What was done to have `machine` running: `made`, `started`, `made anew`, or nothing."""
    name = container(plan.lab, machine.name)
    found = docker.inspect("container", name)
    if found is not None and docker.label_of(found, "container", KEYS_LABEL) != _keys_digest(state, machine):
        remove(name)
        _make(plan, machine, state, given)
        return "made anew"
    if found is None:
        _make(plan, machine, state, given)
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


def _make(plan: Plan, machine: Machine, state: State, given: Outfit) -> None:
    name = container(plan.lab, machine.name)
    label = f"{docker.LABEL}={plan.lab}"
    volumes = {f"{name}-{Path(path).name}": path for path in given.data}
    docker.docker("volume", "rm", "--force", *volumes, doing=f"removing what the former {machine.name} kept")
    docker.docker(
        *("create", "--name", name, "--hostname", machine.name),
        *("--label", label, "--label", f"{HOST_LABEL}={machine.name}", "--label", f"{KEYS_LABEL}={_keys_digest(state, machine)}"),
        *("--network", network.inside(plan.lab), "--ip", str(machine.address)),
        *(flag for capability in (*CAPABILITIES, *given.capabilities) for flag in ("--cap-add", capability)),
        *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
        *("--cgroupns", "private", "--tmpfs", "/run", "--tmpfs", "/run/lock"),
        *(
            word
            for volume, path in volumes.items()
            for word in ("--mount", f"type=volume,source={volume},target={path},volume-label={label}")
        ),
        *(flag for device in given.devices for flag in ("--device", device)),
        *("--stop-signal", "SIGRTMIN+3", "--sysctl", "net.ipv4.ip_forward=1"),
        *("--env", f"LAB_ROUTE={plan.outside} via {plan.router[0]}", "--env", f"LAB_NAMESERVERS={' '.join(nameservers())}"),
        given.image,
        doing=f"making {name}",
    )
    _put_files(name, machine, state, given.files)
    docker.docker("start", name, doing=f"starting {name}")


def nameservers() -> list[str]:
    """Resolvers of this machine that containers can reach; none where it only has one on its own loopback."""
    for path in (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")):
        lines = path.read_text().splitlines() if path.exists() else []
        servers = [line.split()[1] for line in lines if line.startswith("nameserver ")]
        if servers and not any(server.startswith("127.") for server in servers):
            return servers
    return []


def _put_files(name: str, machine: Machine, state: State, further: Mapping[str, str]) -> None:
    host_key = state.host_key(machine.name)
    archive = Archive()
    archive.file("etc/ssh/ssh_host_ed25519_key", host_key.read_text(), 0o600)
    archive.file("etc/ssh/ssh_host_ed25519_key.pub", state.public(host_key) + "\n", 0o644)
    archive.directory(f"home/{USER}/.ssh", 0o700, OPS_UID)
    archive.file(f"home/{USER}/.ssh/authorized_keys", state.public(state.key) + "\n", 0o600, OPS_UID)
    for path, text in further.items():
        archive.file(path, text, 0o600)
    docker.put(name, archive.packed())


def _keys_digest(state: State, machine: Machine) -> str:
    return hashlib.sha256((state.public(state.key) + state.public(state.host_key(machine.name))).encode()).hexdigest()[:12]
