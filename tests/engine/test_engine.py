"""The engine as a program uses it: real CLI, real plugins, a real SSH server."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.stack import Stack, end, wait
from tests.sshd import Sshd

Make = Callable[[str], Stack]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def program(stack: Make, sshd: Sshd, journal: Path) -> Stack:
    made = stack("program")
    made.set(
        port=str(sshd.port),
        user=sshd.user,
        hostKey=sshd.host_key,
        journal=str(journal),
        stdin="first line\nsecond line\n",
        trigger="10.0.0.1",
    )
    made("config", "set", "--secret", "key", "--", sshd.private_key)
    return made


def test_first_preview_shows_stdin_and_runs_nothing(program: Stack, journal: Path) -> None:
    """A preview shows what would be sent, line by line, and connects nowhere."""
    shown = program("preview", "--diff")
    assert "first line" in shown
    assert "second line" in shown
    assert not journal.exists()


def test_changed_stdin_updates_in_place(program: Stack, journal: Path) -> None:
    """Only changed lines are shown as changed; `up` runs the command again; then nothing is left to do."""
    program("up", "--yes", "--skip-preview")
    program.set(stdin="first line\nchanged line\n")
    shown = [line.strip() for line in program("preview", "--diff").splitlines()]
    assert "- second line" in shown
    assert "+ changed line" in shown
    assert not any(line[:1] in {"+", "-"} and "first line" in line for line in shown)
    program("up", "--yes", "--skip-preview")
    assert journal.with_suffix(".stdin").read_text() == "first line\nchanged line\n"
    assert journal.read_text().split() == ["apply", "apply"]
    program("preview", "--expect-no-changes")


def test_changed_trigger_removes_then_applies(program: Stack, journal: Path) -> None:
    """A trigger replaces, and with delete_before_replace what is removed is the old one, not the new."""
    program("up", "--yes", "--skip-preview")
    program.set(trigger="10.0.0.2")
    assert "replace" in program("preview", "--diff")
    program("up", "--yes", "--skip-preview")
    assert journal.read_text().split() == ["apply", "remove", "apply"]


def test_destroy_removes(program: Stack, journal: Path) -> None:
    """`destroy` runs `delete` and leaves no resource."""
    program("up", "--yes", "--skip-preview")
    program("destroy", "--yes", "--skip-preview")
    assert journal.read_text().split() == ["apply", "remove"]
    assert _resources(program) == {}


@pytest.mark.parametrize("secret", [True, False])
def test_state_keeps_secrets_secret(program: Stack, sshd: Sshd, secret: bool) -> None:
    """Keys and passwords are in the state encrypted only; output is secret where the program says so, and not else."""
    program.set(secretOutput=str(secret).lower())
    program("up", "--yes", "--skip-preview")
    outputs = json.loads(program("stack", "output", "--json", "--show-secrets"))
    state = program("stack", "export")
    for value in (outputs["password"], outputs["privateKey"].splitlines()[1], sshd.private_key.splitlines()[1]):
        assert value not in state
    assert outputs["stdout"] == "done"
    assert json.loads(program("stack", "output", "--json"))["stdout"] == ("[secret]" if secret else "done")
    assert "ciphertext" in _resources(program)["command:remote:Command"]["inputs"]["connection"]


def test_failed_command_fails_the_update(program: Stack) -> None:
    """The message has command, status and output, and not what was sent on stdin; the next `up` tries again."""
    program.set(create="echo reason; exit 65")
    shown = program("up", "--yes", "--skip-preview", ok=False)
    for part in ("127.0.0.1", "status 65", "echo reason; exit 65"):
        assert part in shown
    assert "second line" not in shown
    assert "command:remote:Command" not in _resources(program)


def test_local_command_is_refused(program: Stack) -> None:
    """What the own plugin lacks is refused by name in a preview, not taken for something else."""
    program.set(local="true")
    shown = program("preview", ok=False)
    assert "command:local:Command" in shown
    assert "official plugin" in shown


def test_other_host_key_is_refused(program: Stack, sshd: Sshd, journal: Path) -> None:
    """A host that has not the pinned key gets nothing."""
    program.set(hostKey=sshd.host_key[:-8] + "AAAAAAAA")
    shown = program("up", "--yes", "--skip-preview", ok=False)
    assert f"127.0.0.1:{sshd.port}" in shown
    assert "pinned" in shown
    assert not journal.exists()


def test_interrupt_ends_a_running_command(program: Stack, journal: Path) -> None:
    """Ctrl-C ends `up` while a command hangs, and says that it may still run there."""
    program.set(create=f"echo $$ >{journal}; exec sleep 300")
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--color=never"]
    process = subprocess.Popen(
        command,
        cwd=program.directory,
        env=program.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wait("the command runs", lambda: journal.exists() and journal.read_text().strip().isdigit(), 60)
    assert "may still run there" in end(process, signal.SIGINT)
    subprocess.run(["kill", journal.read_text().strip()], check=False)


@pytest.mark.parametrize(("early", "renewed"), [("2", True), ("1", False)])
def test_certificate_in_its_renewal_window_is_replaced(stack: Make, early: str, renewed: bool) -> None:
    """A plain `preview` proposes a new leaf as soon as the old one may be renewed, and none before."""
    program = stack("certificate")
    program.set(early=early)
    program("up", "--yes", "--skip-preview")
    shown = program("preview")
    assert ("LocallySignedCert" in shown and "replace" in shown) is renewed, shown


def _resources(program: Stack) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    """Resources of the state by type, without the stack itself and the providers."""
    listed = json.loads(program("stack", "export"))["deployment"].get("resources", [])
    return {each["type"]: each for each in listed if not each["type"].startswith("pulumi:")}
