"""The entry point: refuses before anything is registered."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.stack import Stack

from tests.golden.cases import CASES, host_key
from tests.unit.components.engine_double import FakeEngine

PROGRAM = Path(__file__).parents[3] / "__main__.py"


@pytest.fixture
def mapping(system_mapping: dict[str, Any], stack_folder: Path) -> dict[str, Any]:
    """System A with absolute paths: the program looks beside itself."""
    ssh = {"key": str(stack_folder / "id_ed25519"), "knownHosts": str(stack_folder / "Pulumi.test.known_hosts")}
    return system_mapping | {"ssh": ssh}


def _run(engine: FakeEngine, mapping: dict[str, Any], plain: dict[str, str] | None = None) -> str:
    """Runs the program; returns what it said when it stopped by itself, else nothing."""
    main = runpy.run_path(str(PROGRAM), run_name="program")["main"]
    said: list[str] = []

    def program() -> None:
        try:
            main()
        except SystemExit as stopped:
            said.append(str(stopped.code))
        root = pulumi.runtime.get_root_resource()
        assert isinstance(root, Stack)
        root.register_outputs(root.outputs)

    engine.run(program, {"system": json.dumps(mapping), **(plain or {})})
    return "".join(said)


def test_program_builds_the_pair_and_exports_what_users_need(mapping: dict[str, Any]) -> None:
    """URL, VIP and CA in clear, passwords secret."""
    engine = FakeEngine()
    assert _run(engine, mapping) == ""
    assert len(engine.commands) == 20
    (outputs,) = [value for value in engine.outputs.values() if "registryUrl" in value]
    assert outputs["registryUrl"] == "https://registry01.dev.com"
    assert outputs["vipAddress"] == "192.168.23.50"
    assert outputs["caCertificatePem"].startswith("-----BEGIN")
    assert "generated identity-admin" in str(outputs["passwords"])
    assert "4dabf18193072939515e22adb298388d" in outputs["passwords"]


def test_state_says_nothing_of_the_machine_that_ran_the_program(mapping: dict[str, Any]) -> None:
    """No resource of ours comes with places in sources: the engine would keep them, folders of whoever ran it among them."""
    engine = FakeEngine()
    assert _run(engine, mapping) == ""
    ours = [resource for resource in engine.made if resource.type != "pulumi:pulumi:Stack"]
    assert len(ours) > 30
    assert [each.name for each in ours if each.request.stackTrace.frames or each.request.sourcePosition.uri] == []


def test_program_builds_fronts_and_says_where_their_statistics_are(
    stack_folder: Path, monkeypatch: pytest.MonkeyPatch, mapping: dict[str, Any]
) -> None:
    """Topology fronted: statistics with user and password as a secret output; two replicas in mode tcp are warned of, not refused."""
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda message, *_: warned.append(message))
    system = CASES["fronted-tcp"]() | {"ssh": mapping["ssh"]}
    del system["registries"]["replica3"]
    engine = FakeEngine()
    assert _run(engine, system) == ""
    (outputs,) = [value for value in engine.outputs.values() if "registryUrl" in value]
    assert outputs["registryUrl"] == "https://registry.e.example"
    assert "4dabf18193072939515e22adb298388d" in outputs["stats"]
    stats = outputs["stats"]["value"]
    assert stats["urls"] == {"front1": "https://10.20.0.11:1158/haproxy", "front2": "https://10.20.0.12:1158/haproxy"}
    assert (stats["user"], stats["password"]) == ("admin", "generated identity-haproxy-stats")
    assert [line.split(":")[0] for line in warned] == ["registries"]


def test_program_builds_a_registry_in_a_cluster() -> None:
    """Topology kubernetes: URL with the node port, CA, passwords; no host is reached by SSH."""
    engine = FakeEngine()
    assert _run(engine, CASES["kubernetes-password"]()) == ""
    assert engine.commands == {}
    (outputs,) = [value for value in engine.outputs.values() if "registryUrl" in value]
    assert outputs["registryUrl"] == "https://registry.c.example:30500"
    assert outputs["caCertificatePem"].startswith("-----BEGIN")
    assert "4dabf18193072939515e22adb298388d" in outputs["passwords"]


def test_faulty_settings_stop_with_every_fault_and_no_resource(mapping: dict[str, Any]) -> None:
    """Three faults of three kinds are all named, without a traceback, and nothing is registered."""
    faulty = mapping | {"vip": {**mapping["vip"], "vrid": 300}, "replicas": 3, "registries": {"registry01": "192.168.23.51"}}
    engine = FakeEngine()
    said = _run(engine, faulty)
    assert {line.split(":")[0] for line in said.splitlines()} >= {"vip.vrid", "replicas", "registries"}
    assert all(";" in line for line in said.splitlines() if line.startswith(("vip", "replicas", "registries")))
    assert engine.made == []


def test_secret_in_clear_is_refused_without_showing_it(mapping: dict[str, Any]) -> None:
    """A secret that is not encrypted in the stack file stops everything; its name and the command are shown, never itself."""
    engine = FakeEngine()
    said = _run(engine, mapping, plain={"password-admin": "in-clear-text"})
    assert "password-admin" in said
    assert "pulumi config set" in said
    assert "--secret password-admin" in said
    assert "in-clear-text" not in said
    assert engine.made == []


def test_unpinned_host_is_refused(mapping: dict[str, Any], tmp_path: Path) -> None:
    """A host without a pinned key is not taken on trust."""
    known = tmp_path / "known_hosts"
    known.write_text(f"192.168.23.51 {host_key('192.168.23.51')}\n")
    engine = FakeEngine()
    assert "registries.registry02.address: 192.168.23.52" in _run(engine, mapping | {"ssh": {**mapping["ssh"], "knownHosts": str(known)}})
    assert engine.made == []
