"""The stack files of the project load, and say what they are documented to say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from settings import StackFile, load
from tests.unit.settings.authority import Authority, pem
from tests.unit.settings.valid import NOW, Stack

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


def test_prod_in_a_checkout_says_what_is_missing() -> None:
    """Without key and known_hosts, prod is refused with what to do, not with a traceback."""
    faults = Stack(ROOT, dict(StackFile(ROOT / "Pulumi.prod.yaml").system), name="nowhere").faults()
    assert "ssh-keyscan" in "".join(fault.remedy for fault in faults)
