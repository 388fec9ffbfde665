"""Who reaches what on a host: asked from others, with and without the table of our firewall."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.host import Host
from tests.lab.deployment import Deployment
from tests.lab.wait import eventually

TABLE = "ha-registry-firewall"


@contextmanager
def without_table(node: Host) -> Iterator[None]:
    """The firewall's table is not there as long as the block lasts."""
    node.output(["nft", "delete", "table", "inet", TABLE])
    try:
        yield
    finally:
        node.output(["systemctl", "restart", f"{TABLE}.service"])


def answer(deployment: Deployment, asking: str, address: str, port: int = 443) -> str:
    """HTTP status that a host of the lab gets there, `000` where its packets are dropped or refused."""
    argv = ["curl", "-sk", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}", f"https://{address}:{port}/"]
    return deployment.host(asking).exec(argv).stdout


def opens(deployment: Deployment, asking: str, address: str, port: int) -> bool:
    """Whether a TCP connection from a host of the lab to that port succeeds within 2 s."""
    argv = ["timeout", "2", "bash", "-c", 'exec 3<>"/dev/tcp/$0/$1"', address, str(port)]
    return deployment.host(asking).exec(argv).returncode == 0


def assert_kept_out(deployment: Deployment, address: str) -> None:
    """The outsider reaches none of the published ports there, push53 reaches all."""
    for port in deployment.system.ports:
        assert (answer(deployment, "outsider", address, port), answer(deployment, "push53", address, port)) == ("000", "200"), port


def assert_served_and_kept_out(deployment: Deployment, node: Host) -> None:
    """SSH gets in; push53 gets answers again; the outsider still none."""
    assert deployment.ssh(node.name, ["true"]).returncode == 0
    eventually(lambda: answer(deployment, "push53", str(node.address)), lambda seen: seen == "200", what=f"{node.name} serves", within_s=90)
    assert_kept_out(deployment, str(node.address))


def assert_vrrp_is_dropped(node: Host, stranger: Host) -> None:
    """VRRP packets of a host that is no peer reach keepalived's host only without our table."""
    rules = ["add table inet seen", "add chain inet seen input { type filter hook input priority 0; }"]
    rules.append(f"add rule inet seen input ip saddr {stranger.address} meta l4proto vrrp counter")
    node.output(["nft", "-f", "-"], "\n".join(rules) + "\n")
    try:
        with without_table(node):
            send_vrrp(stranger, node)
            assert "counter packets 1 " in node.output(["nft", "list", "table", "inet", "seen"])
        send_vrrp(stranger, node)
        assert "counter packets 1 " in node.output(["nft", "list", "table", "inet", "seen"])
    finally:
        node.output(["nft", "delete", "table", "inet", "seen"])


def send_vrrp(stranger: Host, to: Host) -> None:
    """One packet of VRRP's protocol number, too short to be an advert."""
    program = "import socket, sys; socket.socket(socket.AF_INET, socket.SOCK_RAW, 112).sendto(b'none', (sys.argv[1], 0))"
    # the hosts have no Python: this machine's, in the host's network namespace
    argv = ["nsenter", f"--target={stranger.pid}", "--net", sys.executable, "-c", program, str(to.address)]
    subprocess.run(argv, check=True)
    time.sleep(0.2)
