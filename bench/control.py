"""The control: the hand-made pair that people run today, on the same kind of hosts in the same run.

A `docker run` registry that restarts always, and the distribution's keepalived: VRRPv2 with a password, advert 1 s, priority 100
and 95, preemption, and a check script every 5 s that stops keepalived after two failures.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.system import BenchError, System
from lab import docker, lifecycle, registry_image
from lab.certificate import Authority
from lab.host import Host
from lab.prober import Target

LAB = "control"
PROJECT = Path(__file__).parent.parent
PRIORITIES = (100, 95)
KEEPALIVED = """\
global_defs {{
  script_user root
}}
vrrp_script check_registry {{
  script "/etc/keepalived/check-registry"
  interval 5
  weight -60
}}
vrrp_instance registry {{
  state {state}
  interface eth0
  virtual_router_id 55
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
    check_registry
  }}
}}
"""
CHECK = """\
#!/bin/sh
# two failures in a row: this host gives the VIP away for good
failures=/run/check-registry.failures
if curl -fsk -m 3 -o /dev/null https://127.0.0.1/; then
  echo 0 >"$failures"
  exit 0
fi
count=$(($(cat "$failures" 2>/dev/null || echo 0) + 1))
echo "$count" >"$failures"
[ "$count" -lt 2 ] || systemctl stop keepalived
exit 1
"""
RUN = """\
docker run --detach --name registry --restart always --publish 443:5000 --publish 80:5000 \
  --volume /registry/certs:/certs:ro --volume /data/registry:/var/lib/registry \
  --env REGISTRY_HTTP_TLS_CERTIFICATE=/certs/tls.crt --env REGISTRY_HTTP_TLS_KEY=/certs/tls.key \
  --env REGISTRY_STORAGE_DELETE_ENABLED=true --env OTEL_TRACES_EXPORTER=none """
MEND = """\
docker start registry >/dev/null
echo 0 >/run/check-registry.failures
systemctl is-active --quiet keepalived || systemctl start keepalived"""


class Control(System):
    """Made by hand, that is: by what stands above."""

    phase_s = 5.0
    moves_within_s = 30

    def __init__(self) -> None:
        """Starts the lab where it does not run, and makes what is missing on its hosts."""
        lifecycle.up("pair", PROJECT / "Pulumi.dev.yaml", LAB)
        super().__init__(LAB)
        self._ca, self._certificate = self.folder / "registry-ca.pem", self.folder / "registry.crt"
        self._make()
        self.mend()
        self.await_whole()

    @property
    def target(self) -> Target:
        """`/` of the registry at the VIP."""
        return Target(address=str(self.vip), name=str(self.vip), ca=str(self._ca))

    def kill_registry(self, host: Host) -> None:
        """`docker kill` of its one container."""
        host.output(["docker", "kill", "registry"])

    def is_whole(self) -> bool:
        """Both run everything, and the first is back in its place."""
        well = "curl -fsk -m 1 -o /dev/null https://127.0.0.1/ && systemctl is-active --quiet keepalived"
        return self.nodes[0].holds(self.vip) and all(host.exec(["sh", "-c", well]).returncode == 0 for host in self.nodes)

    def mend(self) -> None:
        """What an operator does by hand after each fault: a stopped keepalived stays stopped otherwise."""
        super().mend()
        for host in self.nodes:
            host.output(["sh", "-c", MEND])

    def _make(self) -> None:
        missing = [host for host in self.nodes if host.exec(["docker", "inspect", "registry"]).returncode]
        if not missing:
            return
        authority = Authority("control")
        self._ca.write_text(authority.pem)
        authority.issue(self.vip, self._certificate)
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._make_host, self.nodes))

    def _make_host(self, host: Host) -> None:
        state, priority = ("MASTER", PRIORITIES[0]) if host.name == self.nodes[0].name else ("BACKUP", PRIORITIES[1])
        _install(host)
        docker.put(
            host.container,
            _archive(
                {
                    "registry/certs/tls.crt": ((self._certificate).read_text(), 0o644),
                    "registry/certs/tls.key": (self._certificate.with_suffix(".key").read_text(), 0o600),
                    "etc/keepalived/keepalived.conf": (KEEPALIVED.format(state=state, priority=priority, vip=self.vip), 0o644),
                    "etc/keepalived/check-registry": (CHECK, 0o755),
                }
            ),
        )
        image = registry_image.name(registry_image.RELEASES[0])
        _load(host, registry_image.archive(registry_image.RELEASES[0]))
        host.output(["sh", "-c", f"docker rm --force registry 2>/dev/null; {RUN} {image}"])
        host.output(["systemctl", "restart", "keepalived"])


def _install(host: Host) -> None:
    quiet = "DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends"
    host.output(
        ["sh", "-c", f"{quiet} docker.io keepalived curl || (apt-get update -q && {quiet} docker.io keepalived curl)"], timeout_s=600
    )


def _load(host: Host, archive: Path) -> None:
    with archive.open("rb") as file:
        done = subprocess.run(
            ["docker", "exec", "--interactive", host.container, "docker", "load", "--quiet"], stdin=file, capture_output=True, check=False
        )
    if done.returncode:
        raise BenchError(f"loading the registry image on {host.name} of lab {LAB}: {done.stderr.decode().strip()}")


def _archive(files: dict[str, tuple[str, int]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, (text, mode) in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(text.encode()), mode
            tar.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


def remove() -> None:
    """Takes the lab away."""
    lifecycle.down(LAB, keep=False)
