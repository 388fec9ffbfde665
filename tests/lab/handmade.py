"""System A as people build it by hand on two machines: what `adopt` finds."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab import state as states
from lab.host import Host
from tests.lab.client import WORK
from tests.lab.deployment import Pair
from tests.lab.wait import eventually

CONTAINER, DATA, CERTS = "registry", "/data/registry", "/registry/certs"
VRID, PASSWORD = 55, "1111"
PRIORITIES = {"MASTER": 100, "BACKUP": 95}
INSTALL_S = 300
KEEPALIVED, CHECK = "/etc/keepalived/keepalived.conf", "/etc/keepalived/check_registry.sh"
CHECK_SCRIPT = """\
#!/bin/bash
curl -sk -o /dev/null -m 3 https://127.0.0.1/v2/ && exit 0
sleep 2
curl -sk -o /dev/null -m 3 https://127.0.0.1/v2/ && exit 0
systemctl stop keepalived
exit 1
"""
CONFIG = """\
! registry of the development department
global_defs {{
   router_id {name}
}}

vrrp_script check_registry {{
    script "{check}"
    interval 5
    weight -60
    user root
}}

vrrp_instance VI_1 {{
    state {state}
    interface eth0
    virtual_router_id {vrid}
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass {password}
    }}
    virtual_ipaddress {{
        {vip}/24
    }}
    track_script {{
        check_registry
    }}
}}
"""


@dataclass(frozen=True)
class HandMade:
    """What its makers know: the certificate that its clients trust, and the image that they pushed."""

    certificate: Path
    key: Path
    repository: str = ""
    digest: str = ""

    @property
    def settings(self) -> Mapping[str, object]:
        """What a stack file says to take it over."""
        files = {"certificate": str(self.certificate), "ca": str(self.certificate)}
        # It names the registry alone, and images are copied by certificates that name both hosts
        return {"adopt": True, "tls.files": files, "replication.enabled": False}

    @property
    def secrets(self) -> Mapping[str, str]:
        """Goes with `settings`."""
        return {"tlsKey": self.key.read_text()}


def certificate(pair: Pair, folder: Path) -> HandMade:
    """Self-signed, for the name alone."""
    made = HandMade(folder / "registry.crt", folder / "registry.key")
    subject = ["-subj", f"/CN={pair.name}", "-addext", f"subjectAltName=DNS:{pair.name}"]
    form = ["req", "-x509", "-newkey", "rsa:4096", "-nodes", "-sha256", "-days", "365"]
    subprocess.run(["openssl", *form, *subject, "-keyout", made.key, "-out", made.certificate], check=True, capture_output=True)
    return made


def build(pair: Pair, made: HandMade) -> None:
    """Both machines serve behind the VIP, and the client trusts the certificate."""
    for host, state in zip(pair.registries, PRIORITIES, strict=True):
        _install(host)
        _run_registry(pair, host, made)
        _run_keepalived(pair, host, state)
    client = pair.host("push53")
    _write(client, f"/etc/docker/certs.d/{pair.name}/ca.crt", made.certificate.read_text())
    client.output(["sh", "-c", f"echo '{pair.vip} {pair.name}' >>/etc/hosts"])
    master = pair.registries[0].name
    eventually(pair.vip_holders, lambda held: held == [master], what=f"{master} holds the hand-made VIP", within_s=60, successes=10)
    eventually(lambda: _answers(pair), what="the hand-made registry answers at the VIP", within_s=60)


def push(pair: Pair, repository: str) -> str:
    """Pushes an image without a login to one machine after the other, by an edited /etc/hosts as people do; its digest."""
    client, reference = pair.host("push53"), f"{pair.name}/{repository}"
    client.output(["mkdir", "-p", WORK])
    client.output(["sh", "-c", f"head -c 50000 /dev/urandom >{WORK}/layer && tar -C {WORK} -c layer | docker import - {reference}"])
    # a process of its own each time: Docker's daemon would keep an address for some seconds
    copy = ["skopeo", "--insecure-policy", "copy", "--dest-cert-dir", f"/etc/docker/certs.d/{pair.name}", "--digestfile", f"{WORK}/digest"]
    before = client.output(["cat", "/etc/hosts"])
    try:
        for host in pair.registries:
            _write(client, "/etc/hosts", before.replace(f"{pair.vip} {pair.name}", f"{host.address} {pair.name}"))
            client.output([*copy, f"docker-daemon:{reference}", f"docker://{reference}"])
    finally:
        _write(client, "/etc/hosts", before)
    digest = client.output(["cat", f"{WORK}/digest"]).strip()
    client.output(["docker", "image", "rm", "--force", reference])
    client.output(["rm", "-rf", WORK])
    return digest


def pull(pair: Pair, repository: str, digest: str) -> None:
    """Pulls without a login what must have that digest; raises LabError where it cannot."""
    client, reference = pair.host("push53"), f"{pair.name}/{repository.partition(':')[0]}@{digest}"
    client.output(["docker", "pull", "--quiet", reference])
    client.output(["docker", "image", "rm", "--force", reference])


def owners(host: Host) -> str:
    """Owner and mode of everything under the data folder."""
    return host.output(["sh", "-c", f"find {DATA} -printf '%p %U:%G %m\\n' | sort"])


def running(host: Host) -> str:
    """Whether the container runs, and its restart policy."""
    return host.output(["docker", "inspect", "--format", "{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}", CONTAINER]).strip()


def _install(host: Host) -> None:
    packages = ["docker.io", "keepalived", "ca-certificates", "curl"]
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qy", "install", "--no-install-recommends", *packages]
    host.output(["apt-get", "-q", "update"], timeout_s=INSTALL_S)
    host.output(command, timeout_s=INSTALL_S)
    eventually(lambda: host.exec(["docker", "version"]).returncode == 0, what=f"Docker on {host.name} answers", within_s=60)


def _run_registry(pair: Pair, host: Host, made: HandMade) -> None:
    image = pair.system.registry.image
    source = image.partition("/")[0]
    _write(host, f"{CERTS}/registry.crt", made.certificate.read_text())
    _write(host, f"{CERTS}/registry.key", made.key.read_text())
    _write(host, f"/etc/docker/certs.d/{pair.name}/ca.crt", made.certificate.read_text())
    _write(host, f"/etc/docker/certs.d/{source}/ca.crt", states.of(pair.lab).mirror_ca.read_text())
    published = ["--publish", "443:443", "--publish", "80:5000"]
    volumes = ["--volume", f"{CERTS}:/certs", "--volume", f"{DATA}:/var/lib/registry"]
    variables = {
        "REGISTRY_HTTP_ADDR": "0.0.0.0:443",
        "REGISTRY_HTTP_TLS_CERTIFICATE": "/certs/registry.crt",
        "REGISTRY_HTTP_TLS_KEY": "/certs/registry.key",
        "REGISTRY_STORAGE_DELETE_ENABLED": "true",
        "OTEL_TRACES_EXPORTER": "none",
    }
    given = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
    host.output(["docker", "run", "--detach", "--restart=always", "--name", CONTAINER, *published, *volumes, *given, image])


def _run_keepalived(pair: Pair, host: Host, state: str) -> None:
    text = CONFIG.format(name=host.name, check=CHECK, state=state, vrid=VRID, priority=PRIORITIES[state], password=PASSWORD, vip=pair.vip)
    _write(host, CHECK, CHECK_SCRIPT)
    host.output(["chmod", "0755", CHECK])
    _write(host, KEEPALIVED, text)
    host.output(["systemctl", "enable", "--now", "keepalived.service"])
    host.output(["systemctl", "restart", "keepalived.service"])


def _write(host: Host, path: str, text: str) -> None:
    host.output(["sh", "-c", f"mkdir -p $(dirname {path}) && cat >{path}"], text)


def _answers(pair: Pair) -> bool:
    asked = ["curl", "-sf", "-o", "/dev/null", "-m", "2", "--cacert", f"/etc/docker/certs.d/{pair.name}/ca.crt", f"https://{pair.name}/v2/"]
    return pair.host("push53").exec(asked).returncode == 0
