"""What the controls have in common: the registry and keepalived as people set them up by hand, on lab hosts."""

from __future__ import annotations

import subprocess
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from bench.system import BenchError, VipSystem
from lab import docker, registry_image
from lab.archive import Archive
from lab.certificate import Authority
from lab.host import Host
from lab.prober import Target

KEEPALIVED = """\
global_defs {{
  script_user root
}}
vrrp_script check {{
  script "/etc/keepalived/check"
  interval {vrrp.interval_s}
  weight {vrrp.weight}
}}
vrrp_instance registry {{
  state {state}
  interface eth0
  virtual_router_id {vrrp.vrid}
  priority {priority}
  advert_int 1
  authentication {{
    auth_type PASS
    auth_pass 1111
  }}
  virtual_ipaddress {{
    {vip}/24
  }}
  track_script {{
    check
  }}
}}
"""
MEND_REGISTRY = "docker start registry >/dev/null"
MEND_KEEPALIVED = "systemctl is-active --quiet keepalived || systemctl start keepalived"
"""A stopped keepalived stays stopped otherwise."""


@dataclass(frozen=True)
class Vrrp:
    """keepalived as somebody set it up by hand: VRRPv2 with a password, advert 1 s, preemption, and a check script."""

    vrid: int
    priorities: tuple[int, int]
    interval_s: int
    """Of the check script."""
    check: str
    """The script itself."""
    weight: int = 0
    """What a failing script takes off the priority; 0: it gives the VIP away."""

    def files(self, vip: IPv4Address, place: int) -> Mapping[str, tuple[str, int]]:
        """Text and mode by path, of the first host (`place` 0) or the second."""
        state = ("MASTER", "BACKUP")[place]
        text = KEEPALIVED.format(vrrp=self, state=state, priority=self.priorities[place], vip=vip)
        return {"etc/keepalived/keepalived.conf": (text, 0o644), "etc/keepalived/check": (self.check, 0o755)}


class HandMade(VipSystem):
    """Made by hand, that is: by the files and commands of its class."""

    def __init__(self) -> None:
        """Starts the lab where it does not run, and makes what is missing on its hosts."""
        self.boot()
        super().__init__()
        self._ca, self.certificate = self.folder / "registry-ca.pem", self.folder / "registry.crt"
        self._make()
        self.mend()
        self.await_whole()

    @abstractmethod
    def boot(self) -> None:
        """The hosts run afterwards."""

    @abstractmethod
    def is_made(self, host: Host) -> bool:
        """Whether `make` was here."""

    @abstractmethod
    def make(self, host: Host) -> None:
        """Does on one host what its operator does."""

    @property
    @abstractmethod
    def mending(self) -> Mapping[str, Sequence[Host]]:
        """By the commands with which an operator repairs hosts after any fault: the hosts."""

    @property
    def target(self) -> Target:
        """`/` of the registry at the VIP."""
        return Target(address=str(self.vip), name=str(self.vip), ca=str(self._ca))

    @property
    def key(self) -> Path:
        """Of the certificate."""
        return self.certificate.with_suffix(".key")

    def kill_registry(self, host: Host) -> None:
        """`docker kill` of its one container."""
        host.output(["docker", "kill", "registry"])

    def mend(self) -> None:
        """What an operator does by hand after each fault."""
        super().mend()
        for commands, hosts in self.mending.items():
            for host in hosts:
                host.output(["sh", "-c", commands])

    def _make(self) -> None:
        if all(map(self.is_made, self.nodes)):
            return
        authority = Authority("control")
        self._ca.write_text(authority.pem)
        authority.issue(self.vip, self.certificate)
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.make, self.nodes))


def has_registry(host: Host) -> bool:
    """Whether `run_registry` was here."""
    return host.exec(["docker", "inspect", "registry"]).returncode == 0


def run_registry(host: Host, options: str) -> None:
    """`docker run` of the registry that the lab builds, restarted always, with further options as a shell reads them."""
    release = registry_image.RELEASES[0]
    with registry_image.archive(release).open("rb") as file:
        argv = ["docker", "exec", "--interactive", host.container, "docker", "load", "--quiet"]
        done = subprocess.run(argv, stdin=file, capture_output=True, check=False)
    if done.returncode:
        raise BenchError(f"loading the registry image on {host.name} of lab {host.lab}: {done.stderr.decode().strip()}")
    run = f"docker run --detach --name registry --restart always {options} {registry_image.name(release)}"
    host.output(["sh", "-c", f"docker rm --force registry 2>/dev/null; {run}"])


def install(host: Host, packages: Sequence[str]) -> None:
    """From the distribution; the list of packages is fetched only where it is too old."""
    wanted = f"DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends {' '.join(packages)}"
    host.output(["sh", "-c", f"{wanted} || (apt-get update -q && {wanted})"], timeout_s=600)


def put(host: Host, files: Mapping[str, tuple[str, int]]) -> None:
    """Writes text with a mode, by path without the leading slash."""
    archive = Archive()
    for path, (text, mode) in files.items():
        archive.file(path, text, mode)
    docker.put(host.container, archive.packed())
