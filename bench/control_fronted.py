"""The control of fronts: the hand-made haproxy and keepalived pair that people run today, before plain registries.

What is balanced, checked and started again by a script is that of a set-up in use; timeouts and what is not said are the
defaults of a public role for haproxy (connect 5 s, client and server 50 s, nothing sent to another replica).
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.handmade import MEND_KEEPALIVED, MEND_REGISTRY, HandMade, Vrrp, has_registry, install, put, run_registry
from bench.system import STACK_FILES, BenchError, FrontedSystem
from lab import lifecycle
from lab.host import Host
from settings import StackFile

PORT = 5000
"""Of every registry."""
RUN = f"--publish {PORT}:5000 --volume /data/registry:/var/lib/registry --env REGISTRY_STORAGE_DELETE_ENABLED=true"
CERTIFICATE = "/etc/haproxy/registry.pem"
HAPROXY = """\
global
  log /dev/log local0
  stats socket /run/haproxy/admin.sock mode 660 level admin
  user haproxy
  group haproxy

defaults
  log global
  mode http
  option httplog
  option dontlognull
  timeout connect 5000
  timeout client 50000
  timeout server 50000

frontend registry
  bind :443 ssl crt {certificate}
  option forwardfor
  default_backend registries

backend registries
  balance source
  option httpchk GET /v2/
{servers}
"""
SERVER = "  server {name} {address}:{port} check inter 5000 fall 3"
NO_RESTART = """\
# A container without a restart policy: the check script is what starts it again
[Service]
Restart=no
"""
CHECK = """\
#!/bin/sh
# haproxy that ended is started; if that fails, this host gives the VIP away for good
pgrep -x haproxy >/dev/null && exit 0
systemctl start haproxy
pgrep -x haproxy >/dev/null || systemctl stop keepalived
"""
VRRP = Vrrp(vrid=51, priorities=(101, 100), interval_s=2, check=CHECK)
MEND_HAPROXY = "systemctl is-active --quiet haproxy || systemctl start haproxy"
WELL = "systemctl is-active --quiet haproxy && systemctl is-active --quiet keepalived"
STATISTICS = "echo 'show stat' | socat - UNIX-CONNECT:/run/haproxy/admin.sock"


class ControlFronted(HandMade, FrontedSystem):
    """haproxy and keepalived on two fronts, a `docker run` registry on three hosts."""

    LAB = "control-fronted"
    phase_s = 5.0
    moves_within_s = 30
    window_s = 25.0

    def boot(self) -> None:
        """The hosts of the topology's own lab; without its Ceph, which plain registries do not ask."""
        stack = StackFile(STACK_FILES[self.topology])
        stack.set("storage", {"local": {}})
        with tempfile.TemporaryDirectory() as place:
            file = Path(place) / "control.yaml"
            stack.write(file)
            lifecycle.up(self.topology, file, self.LAB)

    def is_whole(self) -> bool:
        """Both fronts run everything and find every registry well, and the first is back in its place."""
        return self.members[0].holds(self.vip) and all(map(self._is_well, self.members))

    def is_made(self, host: Host) -> bool:
        """Whether what comes last on a host of its role is there."""
        return host.exec(["test", "-e", CERTIFICATE]).returncode == 0 if host in self.members else has_registry(host)

    def make(self, host: Host) -> None:
        """haproxy and keepalived on a front; Docker and the registry on the others."""
        if host not in self.members:
            install(host, ["docker.io"])
            run_registry(host, RUN)
            return
        install(host, ["haproxy", "keepalived", "socat"])
        own = {
            "etc/haproxy/haproxy.cfg": (haproxy_configuration(self.registries), 0o644),
            "etc/systemd/system/haproxy.service.d/by-hand.conf": (NO_RESTART, 0o644),
            CERTIFICATE.lstrip("/"): (self.certificate.read_text() + self.key.read_text(), 0o600),
        }
        put(host, {**own, **VRRP.files(self.vip, self.members.index(host))})
        host.output(["sh", "-c", "systemctl daemon-reload && systemctl restart haproxy keepalived"])

    @property
    def mending(self) -> Mapping[str, Sequence[Host]]:
        """Registries first: haproxy serves as soon as it runs."""
        return {MEND_REGISTRY: self.registries, f"{MEND_HAPROXY}; {MEND_KEEPALIVED}": self.members}

    def victim(self) -> Host:
        """The one to which the source address of all our clients belongs: another would be nobody's loss."""
        used = last_used(self.holder().output(["sh", "-c", STATISTICS]))
        return next(host for host in self.registries if host.name == used)

    def _is_well(self, front: Host) -> bool:
        if front.exec(["sh", "-c", WELL]).returncode:
            return False
        asked = front.exec(["sh", "-c", STATISTICS])
        return asked.returncode == 0 and all(row["status"] == "UP" for row in servers(asked.stdout))


def haproxy_configuration(registries: Sequence[Host], certificate: str = CERTIFICATE) -> str:
    """The whole file."""
    lines = [SERVER.format(name=host.name, address=host.address, port=PORT) for host in registries]
    return HAPROXY.format(certificate=certificate, servers="\n".join(lines))


def servers(statistics: str) -> list[dict[str, str]]:
    """A row by column name for each server in what haproxy's `show stat` said."""
    rows = csv.DictReader(statistics.removeprefix("# ").splitlines())
    return [row for row in rows if row["svname"] not in {"FRONTEND", "BACKEND"}]


def last_used(statistics: str) -> str:
    """The server that got the latest session. Raises BenchError where none got any."""
    ages = {row["svname"]: int(row["lastsess"]) for row in servers(statistics) if row["lastsess"] not in {"", "-1"}}
    if not ages:
        raise BenchError("looking for the registry that clients use: haproxy has passed no request to any; is the load running?")
    return min(ages, key=lambda name: ages[name])
