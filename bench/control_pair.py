"""The control of a pair: the hand-made pair that people run today, on the same kind of hosts in the same run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.handmade import MEND_KEEPALIVED, MEND_REGISTRY, HandMade, Vrrp, has_registry, install, put, run_registry
from bench.system import STACK_FILES
from lab import lifecycle
from lab.host import Host

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
VRRP = Vrrp(vrid=55, priorities=(100, 95), interval_s=5, check=CHECK, weight=-60)
RUN = (
    "--publish 443:5000 --publish 80:5000 --volume /registry/certs:/certs:ro --volume /data/registry:/var/lib/registry"
    " --env REGISTRY_HTTP_TLS_CERTIFICATE=/certs/tls.crt --env REGISTRY_HTTP_TLS_KEY=/certs/tls.key"
    " --env REGISTRY_STORAGE_DELETE_ENABLED=true --env OTEL_TRACES_EXPORTER=none"
)
WELL = "curl -fsk -m 1 -o /dev/null https://127.0.0.1/ && systemctl is-active --quiet keepalived"


class ControlPair(HandMade):
    """A `docker run` registry and the distribution's keepalived on both hosts."""

    topology, LAB = "pair", "control"
    phase_s = 5.0
    moves_within_s = 30

    def boot(self) -> None:
        """The hosts of the pair's own lab."""
        lifecycle.up(self.topology, STACK_FILES[self.topology], self.LAB)

    def is_whole(self) -> bool:
        """Both run everything, and the first is back in its place."""
        return self.members[0].holds(self.vip) and all(host.exec(["sh", "-c", WELL]).returncode == 0 for host in self.members)

    def is_made(self, host: Host) -> bool:
        """Whether its registry is there, the last thing but one."""
        return has_registry(host)

    def make(self, host: Host) -> None:
        """Packages, files, the registry, keepalived."""
        install(host, ["docker.io", "keepalived", "curl"])
        tls = {
            "registry/certs/tls.crt": (self.certificate.read_text(), 0o644),
            "registry/certs/tls.key": (self.key.read_text(), 0o600),
        }
        put(host, {**tls, **VRRP.files(self.vip, self.members.index(host))})
        run_registry(host, RUN)
        host.output(["systemctl", "restart", "keepalived"])

    @property
    def mending(self) -> Mapping[str, Sequence[Host]]:
        """The registry, the script's memory, keepalived: the same on both."""
        return {f"{MEND_REGISTRY}; echo 0 >/run/check-registry.failures; {MEND_KEEPALIVED}": self.members}
