"""Planned changes of a running pair: each goes live without a lost request, leaves the VIP where it is, and goes away again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pytest

from tests.lab import certificate
from tests.lab.client import Client
from tests.lab.deployment import Pair
from tests.lab.load import Load
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

STATES = " STATE"
"""keepalived's word for every change of who holds the VIP."""


def changed_under_load(pair: Pair, changes: Mapping[str, object]) -> None:
    """`up` with `changes` ends with 0, no request fails meanwhile, and the VIP has not moved, not even there and back."""
    before, since = pair.vip_holders(), {host.name: pair.now(host.name) for host in pair.registries}
    with Load(pair) as load:
        pair.up(changes).succeeded()
    load.assert_unharmed()
    assert pair.vip_holders() == before
    moves = {name: pair.journal(name, "keepalived.service", moment) for name, moment in since.items()}
    assert [name for name, said in moves.items() if STATES in said] == [], moves


def assert_no_drift(pair: Pair) -> None:
    """`verify` of every deployed script finds nothing on any host."""
    for (host, concern), text in pair.scripts().items():
        done = pair.ssh(host, ["sudo", "-n", "bash", "-s", "--", "verify"], stdin=text)
        assert done.returncode == 0, f"{host} {concern}: {done.stdout}{done.stderr}"


def test_user_comes_and_goes(deployed: Pair, client: Client) -> None:
    """A new user's password works everywhere, and after he is removed it works nowhere and no host knows his name."""
    changed_under_load(deployed, {"users": ["admin", "robot"]})
    robot = Client(client.host, client.name, client.vip, "robot", deployed.outputs()["passwords"]["robot"])
    addresses = [str(host.address) for host in deployed.registries]
    assert [robot.status("/v2/", address=address) for address in addresses] == ["200", "200"]
    changed_under_load(deployed, {})
    assert [robot.status("/v2/", address=address) for address in addresses] == ["401", "401"]
    assert [client.status("/v2/", address=address) for address in addresses] == ["200", "200"]
    for host in deployed.registries:
        assert host.exec(["grep", "-rl", "robot", "/etc/ha-registry", "/var/lib/ha-registry"]).stdout == ""
    assert_no_drift(deployed)


def test_port_goes_and_comes_back(deployed: Pair, client: Client) -> None:
    """A removed port answers nobody and leaves no trace on any host, the other goes on; added again it serves."""
    assert client.status("/", port=80) == "200"
    changed_under_load(deployed, {"ports": [443]})
    assert client.status("/", port=80) == "000"
    for host in deployed.hosts.values():
        assert f"{deployed.name}:80" not in host.output(["find", "/etc/docker", "/etc/containerd", "/etc/containers"])
    for host in deployed.registries:
        assert "80," not in host.output(["nft", "list", "table", "inet", "ha-registry-live"])
    changed_under_load(deployed, {})
    assert client.status("/", port=80) == "200"
    assert_no_drift(deployed)


def test_hosts_entry_goes_and_another_line_stays(deployed: Pair) -> None:
    """Where the name is known otherwise, our line in /etc/hosts can go: no host has it, and the administrator's own stays."""
    ours, others = f"{deployed.vip} {deployed.name}", f"{deployed.vip} {deployed.name} registry"
    for host in deployed.hosts.values():
        host.output(["sh", "-c", f"echo '{others}' >>/etc/hosts"])
    try:
        changed_under_load(deployed, {"hostsEntries": False})
        lines = {name: host.output(["cat", "/etc/hosts"]).splitlines() for name, host in deployed.hosts.items()}
        assert [name for name, found in lines.items() if ours in found] == []
        assert [name for name, found in lines.items() if others in found] == list(lines)
        changed_under_load(deployed, {})
    finally:
        for host in deployed.hosts.values():
            host.output(["sh", "-c", f"grep -Fxv '{others}' /etc/hosts >/tmp/hosts; cat /tmp/hosts >/etc/hosts; rm /tmp/hosts"])
    assert_no_drift(deployed)


def test_keys_of_certificates_become_rsa(deployed: Pair) -> None:
    """Leaves get RSA keys of 4096 bits and back, and clients that trust the CA never see one that it did not sign."""
    for changes, key in (({"tls.key": "RSA-4096"}, "RSA-4096"), ({}, "ECDSA-secp256r1")):
        changed_under_load(deployed, changes)
        shown = [certificate.shown(str(host.address), asked=deployed.name, ca=deployed.ca).key for host in deployed.registries]
        assert shown == [key, key]
    assert_no_drift(deployed)


def test_firewall_changes(deployed: Pair) -> None:
    """`access.pull` is taken live and back, and touches the table of the firewall alone."""
    network = f"{deployed.vip.rpartition('.')[0]}.0/24"
    since = {host.name: deployed.now(host.name) for host in deployed.registries}
    changed_under_load(deployed, {"access.pull": [network]})
    for host in deployed.registries:
        assert network in host.output(["nft", "list", "table", "inet", "ha-registry-firewall"])
        units = {line.partition(":")[0] for line in deployed.touched(host.name, since[host.name])}
        assert units == {"ha-registry-firewall.service"}
    changed_under_load(deployed, {})
    for host in deployed.registries:
        assert network not in host.output(["nft", "list", "table", "inet", "ha-registry-firewall"])
    assert_no_drift(deployed)


def test_advert_interval_changes(deployed: Pair) -> None:
    """keepalived takes another advert interval by a reload: it is never stopped."""
    since = {host.name: deployed.now(host.name) for host in deployed.registries}
    changed_under_load(deployed, {"vip.advert": "300ms"})
    for host in deployed.registries:
        said = [line.partition(": ")[2] for line in deployed.touched(host.name, since[host.name]) if line.startswith("keepalived")]
        assert any(line.startswith("Reloaded") for line in said)
        assert [line for line in said if not line.startswith("Reload")] == []
        assert "advert_int 0.3" in host.output(["cat", "/etc/keepalived/keepalived.conf"])
    changed_under_load(deployed, {})
    assert_no_drift(deployed)


def test_image_is_upgraded(deployed: Pair) -> None:
    """Another tag of the image replaces the containers on both hosts; going back does too."""
    newer = deployed.system.registry.image.replace("3.1.1", "3.1.2")
    changed_under_load(deployed, {"registry.image": newer})
    for host in deployed.registries:
        running = host.output(["docker", "ps", "--format", "{{.Image}}"]).split()
        assert newer in running
    changed_under_load(deployed, {})
    for host in deployed.registries:
        running = partial(host.output, ["docker", "ps", "--format", "{{.Image}}"])
        eventually(running, lambda images: newer not in images.split(), what="the newer image has lost its last client", within_s=120)
    assert_no_drift(deployed)
