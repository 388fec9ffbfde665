"""What `ops` heals before it lets the engine run, with a stand-in for the CLI that records how it was called."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.deployment import Deployment, DeploymentError

STUB = """\
#!{python}
import json, os, pathlib, sys
calls = pathlib.Path(os.environ["STUB_CALLS"])
stdin = sys.stdin.read() if "import" in sys.argv else ""
files = sorted(path.name for path in pathlib.Path.cwd().glob("Pulumi*.yaml"))
calls.open("a").write(json.dumps({{"argv": sys.argv[1:], "stdin": stdin, "files": files}}) + "\\n")
if sys.argv[1:3] == ["stack", "export"]:
    print(os.environ["STUB_STATE"])
"""


class Cli:
    """The stand-in and what it saw."""

    def __init__(self, folder: Path) -> None:
        self.calls_file = folder / "calls"
        self.backend = folder / "backend"
        program = folder / "bin" / "pulumi"
        program.parent.mkdir()
        program.write_text(STUB.format(python=sys.executable))
        program.chmod(0o755)

    @property
    def calls(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.calls_file.read_text().splitlines()] if self.calls_file.exists() else []

    def lock(self, pid: int, *, hostname: str = "", since: datetime | None = None) -> None:
        folder = self.backend / ".pulumi/locks/organization/ha-registry/test"
        folder.mkdir(parents=True, exist_ok=True)
        written = {"pid": pid, "hostname": hostname or socket.gethostname(), "timestamp": (since or datetime.now(UTC)).isoformat()}
        (folder / "lock.json").write_text(json.dumps(written))


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    made = Cli(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("STUB_CALLS", str(made.calls_file))
    monkeypatch.setenv("STUB_STATE", json.dumps({"deployment": {"pending_operations": None}}))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{made.backend}")
    return made


def _gone() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_lock_of_a_dead_process_is_freed(cli: Cli) -> None:
    """What a killed run left behind must not need a hand."""
    cli.lock(_gone())
    assert Deployment(stack="test").free_dead_lock()
    assert cli.calls[0]["argv"][:2] == ["cancel", "--yes"]


def test_lock_of_a_zombie_is_freed(cli: Cli) -> None:
    """A killed process that nobody reaped yet is dead."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    cli.lock(process.pid)
    assert Deployment(stack="test").free_dead_lock()
    process.wait()


def test_lock_older_than_the_process_with_its_id_is_freed(cli: Cli) -> None:
    """Process ids come again: one that started after the lock did not write it."""
    cli.lock(os.getpid(), since=datetime.now(UTC) - timedelta(days=1))
    assert Deployment(stack="test").free_dead_lock()


@pytest.mark.parametrize("hostname", ["", "another-machine"])
def test_lock_that_may_live_stays(cli: Cli, hostname: str) -> None:
    """A living run, and one of another machine, keeps its stack; the message names process and machine."""
    cli.lock(os.getpid(), hostname=hostname)
    with pytest.raises(DeploymentError, match=f"process {os.getpid()} on {hostname or socket.gethostname()}"):
        Deployment(stack="test").free_dead_lock()
    assert cli.calls == []


@pytest.mark.parametrize("query", ["", "?no_tmp_dir=true"])
def test_half_written_attributes_are_dropped(cli: Cli, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    """A kill between the making of an .attrs file and its content leaves no state that cannot be read; whole ones and others' stay."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{cli.backend}{query}")
    folder = cli.backend / ".pulumi"
    stacks, locks = folder / "stacks/ha-registry", folder / "locks/organization/ha-registry/test"
    torn = [stacks / "test.json.attrs", stacks / "test.json.bak.attrs", locks / "lock.json.attrs", folder / "meta.yaml.attrs"]
    kept = [stacks / "test.json", stacks / "tester.json.attrs", locks / "other.json.attrs"]
    for file, text in (*((each, "") for each in torn), *((each, "{}") for each in kept), (stacks / "another.json.attrs", "")):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert Deployment(stack="test").drop_torn_attributes()
    assert not [each for each in torn if each.exists()]
    assert all(each.exists() for each in (*kept, stacks / "another.json.attrs"))
    assert not Deployment(stack="test").drop_torn_attributes()


def test_pending_creates_are_forgotten_and_others_kept(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts are safe to run again, so a begun creation is made anew; other pending operations are for the engine."""
    pending = [{"type": "creating", "resource": 1}, {"type": "deleting", "resource": 2}]
    monkeypatch.setenv("STUB_STATE", json.dumps({"deployment": {"pending_operations": pending, "resources": [3]}}))
    assert Deployment(stack="test").clear_pending_creates()
    imported = json.loads(str(cli.calls[-1]["stdin"]))
    assert imported["deployment"] == {"pending_operations": pending[1:], "resources": [3]}


def test_state_without_pending_creates_is_not_written(cli: Cli) -> None:
    """Reading is all that a clean state gets."""
    assert not Deployment(stack="test").clear_pending_creates()
    assert [call["argv"][:2] for call in cli.calls] == [["stack", "export"]]


def test_stack_file_of_another_name_is_not_rewritten(cli: Cli, tmp_path: Path) -> None:
    """`stack select` knows no --config-file and may write Pulumi.<stack>.yaml: it sees a copy under that name."""
    own = tmp_path / "own.yaml"
    own.write_text("config: {}\n")
    Deployment(stack="test", config_file=own).select()
    assert cli.calls[0]["files"] == ["Pulumi.test.yaml", "Pulumi.yaml"]
    assert "--config-file" not in cli.calls[0]["argv"]


def test_missing_stack_file_is_named(cli: Cli, tmp_path: Path) -> None:
    """A mistyped --config-file is refused before the backend is touched."""
    with pytest.raises(DeploymentError, match=r"missing\.yaml is no file"):
        Deployment(stack="test", config_file=tmp_path / "missing.yaml").select()
    assert cli.calls == []
