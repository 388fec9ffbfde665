"""join, remove and rebuild as they are typed: what becomes of the stack file and the state; the engine's part is a stand-in."""

from __future__ import annotations

import difflib
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.golden.cases import fronted_tcp, needed, pair, write_files
from tests.unit.ops.engine import Engine, contradictions, deployed_pair

NEW = "221.228.86.5"
"""An address whose host key is pinned."""
WAY = {"host": "127.0.0.1", "port": 1.0, "user": "ops", "privateKey": "SSH-KEY", "hostKey": "ssh-ed25519 AAAA"}


class Stack:
    """A stack file with a comment at each host, and what the state holds of hosts node51 and node52."""

    def __init__(self, folder: Path, system: Mapping[str, Any]) -> None:
        write_files(folder)
        self.engine, self.file = Engine(folder / "engine"), folder / "Pulumi.test.yaml"
        lines: list[str] = []
        for line in yaml.safe_dump(dict(system), sort_keys=False, width=1000).splitlines():
            is_host = line.startswith("  ") and line.count(".") == 3
            lines.append(f"    {line}{'   # of ' + line.split(':')[0].strip() if is_host else ''}\n")
        secrets = "".join(f"  ha-registry:{name}: {{secure: v1:x}}\n" for name in sorted(needed(system)))
        self.file.write_text(f"# ours\nconfig:\n  ha-registry:system:\n{''.join(lines)}{secrets}encryptionsalt: v1:x\n")
        self.text = self.file.read_text()
        self.engine.hold(deployed_pair(WAY), registryUrl="https://x")
        self.state = self.engine.state

    def __call__(self, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        return self.engine.ops(*arguments, "--config-file", str(self.file), expect=expect)

    @property
    def changed(self) -> list[str]:
        """Lines of the stack file that are others now."""
        lines = difflib.unified_diff(self.text.splitlines(), self.file.read_text().splitlines(), n=0, lineterm="")
        return [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]

    def assert_untouched(self) -> None:
        """The same bytes, the same state, and no `up`."""
        assert self.changed == []
        assert self.engine.state == self.state
        assert not self.engine.called("up")


@pytest.fixture
def fronted(tmp_path: Path) -> Stack:
    """Two fronts before three replicas."""
    return Stack(tmp_path, fronted_tcp())


def named_as_in_the_state(system: Mapping[str, Any]) -> dict[str, Any]:
    """The system with its last two registries called as in the state."""
    first, *others = dict(system["registries"]).items()
    names = dict(zip(("node51", "node52"), (address for _, address in others), strict=True))
    return {**system, "registries": {first[0]: first[1], **names}}


def test_joined_host_is_one_line_of_the_stack_file(fronted: Stack) -> None:
    """One line more, every comment kept; the new file was previewed before it was written; then `up` with it."""
    said = fronted("join", "replica4", NEW, "registry", "--yes").stderr
    assert fronted.changed == [f"+      replica4: {NEW}"]
    assert f"+      replica4: {NEW}" in said
    assert "is an even number" in said
    [preview], [up] = fronted.engine.called("preview"), fronted.engine.called("up")
    assert preview["stackFile"] == up["stackFile"] == fronted.file.read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["join", "replica4", "10.20.0.99", "registry"], "ssh-keyscan -t ed25519,ecdsa 10.20.0.99"),
        (["join", "replica4", "no-address", "registry"], "no-address"),
        (["join", "replica1", NEW, "registry"], "is there already"),
        (["remove", "replica9"], "no host replica9; choose one of: "),
        (["rebuild", "replica9"], "no host replica9; choose one of: "),
    ],
    ids=" ".join,
)
def test_change_that_cannot_be_is_refused_before_anything_happens(fronted: Stack, arguments: list[str], words: str) -> None:
    """A host without pinned key, no address, a name that is taken or not there: exit 1, what to do, and the engine is not asked."""
    assert words in fronted(*arguments, "--yes", expect=1).stderr
    fronted.assert_untouched()
    assert list(fronted.engine.calls) == []


def test_failed_preview_changes_nothing(fronted: Stack) -> None:
    """The engine refuses the new settings: its exit code, and neither file nor state is touched."""
    fronted.engine.refuse("preview")
    assert "nothing was changed" in fronted("join", "replica4", NEW, "registry", "--yes", expect=1).stderr
    fronted.assert_untouched()


@pytest.mark.parametrize(
    "arguments", [["join", "replica4", NEW, "registry"], ["remove", "replica3"], ["rebuild", "replica3"]], ids=" ".join
)
def test_nothing_happens_unasked(fronted: Stack, arguments: list[str]) -> None:
    """Without a terminal and without --yes: exit 1, and neither file nor state is touched."""
    assert "give --yes" in fronted(*arguments, expect=1).stderr
    fronted.assert_untouched()


def test_removed_host_is_one_line_less_and_its_scripts_stay_for_up(tmp_path: Path) -> None:
    """`up` deletes them on the host, so the state still has them when it begins."""
    stack = Stack(tmp_path, named_as_in_the_state(fronted_tcp()))
    stack("remove", "node52", "--yes")
    assert [line[:14] for line in stack.changed] == ["-      node52: "[:14]]
    assert stack.engine.state == stack.state
    assert len(stack.engine.called("up")) == 1


def test_dead_host_is_forgotten_and_no_other_is_touched(tmp_path: Path) -> None:
    """Its scripts leave the state, nothing refers to them any more, everything else is as it was; what is left on it is said."""
    stack = Stack(tmp_path, named_as_in_the_state(fronted_tcp()))
    said = stack("remove", "node51", "--dead", "--yes").stderr
    assert "keepalived that may take the VIP" in said
    gone = [each for each in stack.state["deployment"]["resources"] if each["urn"].rpartition("::")[2].startswith("node51-")]
    assert len(gone) == 3
    left = stack.engine.state
    assert [each["urn"] for each in left["deployment"]["resources"]] == [
        each["urn"] for each in stack.state["deployment"]["resources"] if each not in gone
    ]
    assert contradictions(stack.state) == contradictions(left) == []
    assert left["deployment"]["secrets_providers"] == stack.state["deployment"]["secrets_providers"]


def test_host_whose_key_is_not_pinned_any_more_can_leave(tmp_path: Path) -> None:
    """The fault that its removal mends does not stand in its way."""
    stack = Stack(tmp_path, named_as_in_the_state(fronted_tcp()))
    known = tmp_path / "Pulumi.test.known_hosts"
    known.write_text("".join(line for line in known.read_text().splitlines(keepends=True) if not line.startswith("10.20.0.23 ")))
    assert "ssh-keyscan" in stack("rebuild", "node52", "--yes", expect=1).stderr
    stack.assert_untouched()
    stack("remove", "node52", "--dead", "--yes")
    assert len(stack.changed) == 1


def test_rebuilt_host_is_applied_again_alone(tmp_path: Path) -> None:
    """Its scripts leave the state, so that `up` makes them as on a new host; the stack file and the identity stay."""
    stack = Stack(tmp_path, named_as_in_the_state(fronted_tcp()))
    assert "applied again: precheck, registry, vip" in stack("rebuild", "node52", "--yes").stderr
    assert stack.changed == []
    assert not [name for name in stack.engine.names if name.startswith("command:remote:Command::node52-")]
    assert len([name for name in stack.engine.names if name.startswith("command:remote:Command::node51-")]) == 3
    assert contradictions(stack.engine.state) == []
    verbs = [call["argv"][0] for call in stack.engine.calls]
    assert verbs[-1] == "up"


def test_last_ones_stay(tmp_path: Path) -> None:
    """A pair keeps its two registries, and a stack its last registry: exit 1, why, and nothing is touched."""
    stack = Stack(tmp_path, pair())
    assert "registries" in stack("remove", "registry02", "--yes", expect=1).stderr
    stack.assert_untouched()
    system = fronted_tcp()
    name, address = next(iter(system["registries"].items()))
    (tmp_path / "one").mkdir()
    alone = Stack(tmp_path / "one", {**system, "registries": {name: address}})
    assert "is the last of registries" in alone("remove", name, "--dead", "--yes", expect=1).stderr
    alone.assert_untouched()
