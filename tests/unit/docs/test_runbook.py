"""The runbook's URNs are those of the program, and reach what the runbook says they reach."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pulumi.runtime.mocks import MockMonitor

from components.fronted import FrontedTopology
from components.pair import PairTopology
from components.secrets import Secrets
from components.topology import TopologyArgs
from settings import Fronted, Vms, load
from tests.unit.docs.documents import ROOT
from tests.unit.settings.authority import Authority, pem
from tests.unit.settings.valid import NOW

RUNBOOK = (ROOT / "docs" / "operations.md").read_text("utf-8")
URNS = sorted(set(re.findall(r"'urn:pulumi:([^']+)'", RUNBOOK)))
STACKS = {"prod": ROOT / "Pulumi.prod.yaml", "b": ROOT / "examples" / "fronted.yaml"}
"""The stack files after which the runbook names hosts."""
KEYS = {"s3AccessKey": "access", "s3SecretKey": "secret"}
OUTPUTS = {
    "result": "p" * 32,
    "base64": base64.b64encode(b"s" * 16).decode(),
    "certPem": "PEM",
    "privateKeyPem": "PEM",
    "certRequestPem": "PEM",
}


class Engine(pulumi.runtime.Mocks):
    """Gives every resource the outputs that the program reads."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", {**args.inputs, **OUTPUTS}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        raise AssertionError(args.token)


def _system(stack: str, folder: Path) -> Vms:
    """The settings of that stack, with a key, a CA and known_hosts."""
    raw: dict[str, Any] = yaml.safe_load(STACKS[stack].read_text("utf-8"))["config"]["ha-registry:system"]
    key = Ed25519PrivateKey.generate()
    file = folder / "key"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    file.chmod(0o600)
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    hosts = [address for role in ("registries", "fronts", "clients") for address in raw.get(role, {}).values()]
    (folder / f"Pulumi.{stack}.known_hosts").write_text("".join(f"{host} {public}\n" for host in hosts))
    s3 = raw["storage"].get("s3")
    if s3:
        (folder / s3["ca"]).write_bytes(pem(Authority().certificate))
    return load(raw | {"ssh": {"key": str(file)}}, folder, stack, KEYS if s3 else (), now=NOW)


class Monitor(MockMonitor):
    """Remembers what each resource waits for."""

    def __init__(self) -> None:
        super().__init__(Engine())
        self.needs: dict[str, set[str]] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name is the engine's
        made = super().RegisterResource(request)
        self.needs[made.urn] = set(request.dependencies)
        return made

    def with_dependents(self, urn: str) -> set[str]:
        """Names of `urn` and of all that waits for it, as `--target-dependents` takes them."""
        found, before = {urn}, set[str]()
        while found != before:
            before = found
            found = found | {each for each, needed in self.needs.items() if needed & found}
        return {each.rsplit("::", 1)[1] for each in found}


def _run(stack: str, folder: Path) -> Monitor:
    """All resources of the program for that stack."""
    system = _system(stack, folder)
    watched = Monitor()
    pulumi.runtime.set_mocks(watched.mocks, project="project", stack="stack", monitor=watched)
    pulumi.runtime.set_all_config({f"ha-registry:{name}": value for name, value in KEYS.items()})

    @pulumi.runtime.test
    def program() -> None:
        secrets = Secrets(config=pulumi.Config("ha-registry"), names=KEYS, plain=())
        topology = FrontedTopology if isinstance(system, Fronted) else PairTopology
        topology("registry", TopologyArgs(system=system, secrets=secrets))

    program()
    return watched


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    """All resources of the pair."""
    return _run("prod", tmp_path)


@pytest.fixture
def fronted(tmp_path: Path) -> Monitor:
    """All resources of the fronts and their registries."""
    return _run("b", tmp_path)


def _as_mocks_spell(urn: str) -> tuple[str, str]:
    """The URN, and the beginning of its parent's: mocks have a stack of their own and keep the last two types of a chain."""
    stack, project, types, name = urn.split("::")
    assert stack in STACKS
    assert project == "ha-registry"
    topology, group, kind = types.split("$")
    return f"urn:pulumi:stack::project::{group}${kind}::{name}", f"urn:pulumi:stack::project::{topology}${group}::"


@pytest.mark.parametrize(("stack", "least"), [("prod", 3), ("b", 2)])
def test_urns_are_those_of_the_program(stack: str, least: int, tmp_path: Path) -> None:
    """Each URN of the runbook is a resource that the program makes from the stack file that it is about."""
    needs = _run(stack, tmp_path).needs
    urns = [urn for urn in URNS if urn.startswith(f"{stack}::")]
    assert len(urns) >= least
    for urn in urns:
        own, parent = _as_mocks_spell(urn)
        assert own in needs
        assert any(other.startswith(parent) for other in needs)


def test_every_urn_is_of_a_known_stack() -> None:
    """No URN of the runbook is looked at by no test."""
    assert {urn.split("::")[0] for urn in URNS} == set(STACKS)


@pytest.mark.parametrize(("host", "count"), [("registry67", 6), ("front6", 7)])
def test_a_dead_host_behind_fronts_is_forgotten_as_a_whole(host: str, count: int, fronted: Monitor) -> None:
    """The line for a registry or a front that is gone takes every script of that host, and nothing of the identity."""
    [urn] = [urn for urn in URNS if urn.endswith(f"::{host}-precheck")]
    taken = fronted.with_dependents(_as_mocks_spell(urn)[0])
    scripts = {each.rsplit("::", 1)[1] for each in fronted.needs if f"command:remote:Command::{host}-" in each}
    assert len(scripts) == count
    assert scripts <= taken
    assert not [name for name in taken if name.startswith("identity")]


def test_a_dead_host_is_forgotten_as_a_whole(monitor: Monitor) -> None:
    """The line for a host that is gone takes every script of that host, and nothing of the identity."""
    [urn] = [urn for urn in URNS if urn.endswith("::registry02-precheck")]
    taken = monitor.with_dependents(_as_mocks_spell(urn)[0])
    scripts = {each.rsplit("::", 1)[1] for each in monitor.needs if "command:remote:Command::registry02-" in each}
    assert len(scripts) == 8
    assert scripts <= taken
    assert not [name for name in taken if name.startswith("identity")]


def test_the_vrid_lines_take_keepalived_off_both_hosts(monitor: Monitor) -> None:
    """What waits for the first host's keepalived includes the second's, and no registry."""
    [urn] = [urn for urn in URNS if urn.endswith("-vip")]
    taken = monitor.with_dependents(_as_mocks_spell(urn)[0])
    assert {"registry01-vip", "registry02-vip"} <= taken
    assert not [name for name in taken if name.endswith(("-registry", "-identity", "-firewall", "-base"))]
