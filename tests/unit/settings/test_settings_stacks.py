"""The stack files of the project load, and say what they are documented to say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from settings import Fronted, Kubernetes, StackFile, load, secret_names, warnings
from tests.unit.settings.authority import Authority, pem
from tests.unit.settings.valid import NOW, STORE_KEYS, Stack

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def home(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the files that the stack files name."""
    lab = stack.base / ".cache/ha-registry/lab/dev"
    lab.mkdir(parents=True)
    shutil.copy(stack.base / "id_ed25519", lab)
    (lab / "mirror-ca.pem").write_bytes(pem(Authority().certificate))
    (stack.base / ".ssh").mkdir()
    shutil.copy(stack.base / "id_ed25519", stack.base / ".ssh/ha-registry")
    monkeypatch.setenv("HOME", str(stack.base))
    return stack.base


def test_dev_is_the_lab(stack: Stack, home: Path) -> None:
    """Pulumi.dev.yaml names the lab's hosts, VIP and files, and holds no secret."""
    stack.pin("172.30.0.51", "172.30.0.52", "172.30.0.53", file=".cache/ha-registry/lab/dev/known_hosts")
    file = StackFile(ROOT / "Pulumi.dev.yaml")
    system = load(file.system, ROOT, "dev", file.secrets, now=NOW)
    assert {host.name: str(host.address) for host in system.registries} == {"node51": "172.30.0.51", "node52": "172.30.0.52"}
    assert {host.name: str(host.address) for host in system.clients} == {"push53": "172.30.0.53"}
    assert (str(system.vip.address), system.vip.interface, system.vip.vrid) == ("172.30.0.50/24", "eth0", 55)
    assert (system.ports, system.hosts_entries, system.ssh.user) == ((443, 80), True, "ops")
    assert [str(network) for network in system.access.push] == ["172.30.0.53/32"]
    assert system.registry.image == "172.30.0.10:5000/library/registry:3.1.1"
    assert system.ssh.key == str(home / ".cache/ha-registry/lab/dev/id_ed25519")
    assert (file.secrets, file.plain) == (frozenset(), frozenset())


def test_prod_is_system_a(stack: Stack, home: Path, tmp_path: Path) -> None:
    """Pulumi.prod.yaml is the hand-made pair that it replaces: same hosts, VIP, VRID, ports and name."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    shutil.copy(ROOT / "Pulumi.prod.yaml", checkout)
    stack.pin("192.168.23.51", "192.168.23.52", "192.168.23.53", file="checkout/Pulumi.prod.known_hosts")
    system = StackFile(checkout / "Pulumi.prod.yaml").load()
    assert {host.name: str(host.address) for host in system.registries} == {
        "registry01": "192.168.23.51",
        "registry02": "192.168.23.52",
    }
    assert [str(host.address) for host in system.clients] == ["192.168.23.53"]
    assert (str(system.vip.address), system.vip.interface, system.vip.vrid) == ("192.168.23.50/20", "ens192", 55)
    assert (system.name, system.ports, system.hosts_entries) == ("registry01.dev.com", (443, 80), True)
    assert system.storage.local is not None
    assert system.storage.local.path == "/data/registry"
    assert system.ssh.key == str(home / ".ssh/ha-registry")


def example(name: str, stack: Stack, folder: Path, *hosts: str) -> Fronted:
    """An example copied as its head says, with the files that it asks for; every fault would be raised."""
    folder.mkdir()
    shutil.copy(ROOT / "examples" / f"{name}.yaml", folder / "Pulumi.copy.yaml")
    (folder / "rgw-ca.pem").write_bytes(pem(Authority().certificate))
    stack.pin(*hosts, file=f"{folder.name}/Pulumi.copy.known_hosts")
    file = StackFile(folder / "Pulumi.copy.yaml")
    secrets = STORE_KEYS if "s3" in file.system["storage"] else ()
    system = load(file.system, folder, "copy", secrets, plain=file.plain, now=NOW)
    assert isinstance(system, Fronted)
    assert secret_names(system) - set(secrets) == {"password-admin", "statsPassword"}
    return system


def test_fronted_is_system_b(stack: Stack, home: Path) -> None:
    """examples/fronted.yaml is the hand-made system that it replaces, but for what was wrong there."""
    hosts = ("221.228.86.4", "221.228.86.6", "221.228.86.5", "221.228.86.67")
    system = example("fronted", stack, home / "checkout", *hosts)
    assert [str(host.address) for host in system.fronts] == ["221.228.86.4", "221.228.86.6"]
    assert [str(host.address) for host in system.registries] == ["221.228.86.5", "221.228.86.67"]
    assert (str(system.vip.address.ip), system.vip.interface, system.vip.vrid) == ("221.228.86.70", "eth0", 51)
    assert (system.ports, [str(network) for network in system.access.pull]) == ((5000,), ["183.60.177.224/27"])
    stats = system.haproxy.stats
    assert (stats.port, stats.path, stats.refresh.seconds, system.haproxy.mode) == (1158, "/haproxy", 10, "http")
    assert system.storage.s3 is not None
    assert system.storage.s3.ca == str(home / "checkout/rgw-ca.pem")
    assert system.registry.config["log"]["hooks"][0]["type"] == "mail"
    assert warnings(system) == ()


def test_replicas_is_system_e(stack: Stack, home: Path) -> None:
    """examples/replicas.yaml is TCP passthrough on 443 before three replicas on NFS."""
    hosts = tuple(f"10.20.0.{last}" for last in (11, 12, 21, 22, 23))
    system = example("replicas", stack, home / "checkout", *hosts)
    assert ([host.name for host in system.registries], system.ports) == (["replica1", "replica2", "replica3"], (443,))
    assert (system.haproxy.mode, system.haproxy.health_port, system.balance) == ("tcp", 8480, "source")
    assert system.storage.mount == system.storage.nfs
    assert warnings(system) == ()


def test_prod_in_a_checkout_says_what_is_missing() -> None:
    """Without key and known_hosts, prod is refused with what to do, not with a traceback."""
    faults = Stack(ROOT, dict(StackFile(ROOT / "Pulumi.prod.yaml").system), name="nowhere").faults()
    assert "ssh-keyscan" in "".join(fault.remedy for fault in faults)


def in_a_cluster(name: str, folder: Path, *secrets: str) -> Kubernetes:
    """An example copied as its head says; every fault would be raised."""
    shutil.copy(ROOT / "examples" / f"{name}.yaml", folder / "Pulumi.copy.yaml")
    file = StackFile(folder / "Pulumi.copy.yaml")
    system = load(file.system, folder, "copy", secrets, plain=file.plain, now=NOW)
    assert isinstance(system, Kubernetes)
    assert secret_names(system) - set(secrets) == {"password-admin"}
    assert warnings(system) == ()
    return system


def test_kubernetes_password_is_system_c(tmp_path: Path) -> None:
    """examples/kubernetes-password.yaml is the hand-made registry that it replaces, but for what was wrong there."""
    system = in_a_cluster("kubernetes-password", tmp_path)
    assert [str(address) for address in system.nodes.values()] == ["192.168.44.25", "192.168.44.26", "192.168.44.27"]
    assert (system.cluster.namespace, system.cluster.expose, system.ports) == ("docker-registry", "nodePort", (30500,))
    local = system.storage.local
    assert local is not None
    assert (local.path, local.node, local.size.text) == ("/data/docker", "k8s-node1", "5Gi")
    assert (system.registry.requests.cpu, str(system.registry.requests.memory)) == ("100m", "200Mi")
    assert (system.pull_secrets, system.registry.replicas) == (("default", "build"), 1)


def test_kubernetes_rbd_is_system_d(tmp_path: Path) -> None:
    """examples/kubernetes-rbd.yaml is the other one: own TLS by RSA, a block device, guaranteed resources, port 32500."""
    system = in_a_cluster("kubernetes-rbd", tmp_path, "cephKey")
    rbd = system.storage.rbd
    assert rbd is not None
    assert (rbd.pool, rbd.image, rbd.size.text, rbd.file_system) == ("rbd", "registry", "1Ti", "ext4")
    assert (system.tls.key, system.tls.validity.text, system.ports) == ("RSA-4096", "365d", (32500,))
    assert system.registry.requests == system.registry.limits
    assert (system.registry.limits.cpu, str(system.registry.limits.memory)) == ("4", "10Gi")
