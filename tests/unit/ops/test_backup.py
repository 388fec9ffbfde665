"""backup and restore as they are typed: a real registry is asked, a real file is written, and the engine's part is a stand-in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.golden.cases import pair, write_files
from tests.unit.ops.conftest import secret
from tests.unit.ops.dialogue import typed
from tests.unit.ops.engine import NEW_ENCRYPTION, STACK, Engine, contradictions, deployed_pair
from tests.unit.ops.leaf import Issuer
from tests.unit.ops.registry import PASSWORD, Node, serving

PASSPHRASE = "correct horse battery staple"
OWN_PASSWORD = "a-password-that-somebody-chose"
VIP = "127.0.0.1"
DIGEST = "sha256:{:064x}"
HELD = {"team/app": {"1": DIGEST.format(1), "2": DIGEST.format(2)}, "base": {"1": DIGEST.format(3)}}
WAY = {"host": VIP, "port": 1.0, "user": "ops", "privateKey": "SSH-KEY", "hostKey": "ssh-ed25519 AAAA"}
UNASKED, DIFFERENT = 4, 3


class Stack:
    """A deployed pair: its stack file, its state, and a registry at its VIP."""

    def __init__(self, folder: Path, node: Node, ca: str) -> None:
        self.folder, self.node = folder, node
        self.engine = Engine(folder / "engine")
        self.file, self.backup = folder / f"Pulumi.{STACK}.yaml", folder / "x.backup"
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text(f"{PASSPHRASE}\n")
        system = yaml.safe_dump(pair(), sort_keys=False, default_flow_style=None, width=1000)
        lines = "".join(f"    {line}\n" for line in system.splitlines())
        own = "  ha-registry:password-robot: {secure: v1:by-the-old-stack}\nencryptionsalt: v1:of-the-old-stack\n"
        self.file.write_text(f"# ours\nconfig:\n  ha-registry:system:\n{lines}{own}")
        self.engine.secrets(**{"password-robot": OWN_PASSWORD})
        url = f"https://registry01.dev.com:{node.server_port}"
        self.outputs = {"registryUrl": url, "vipAddress": VIP, "caCertificatePem": ca, "passwords": secret({"admin": PASSWORD})}
        self.engine.hold(deployed_pair(WAY), **self.outputs)

    def __call__(self, verb: str, *arguments: str, expect: int = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """What `ops VERB` says of it; no secret is said, and none is an argument of the engine."""
        own = [] if verb == "compare" else ["--config-file", str(self.file)]
        known = [] if "--passphrase-file" in arguments else ["--passphrase-file", str(self.passphrase)]
        done = self.engine.ops(verb, *arguments, *own, *known, expect=expect, stdin=stdin)
        argued = str([call["argv"] for call in self.engine.calls])
        for hidden in (PASSPHRASE, OWN_PASSWORD, PASSWORD, "KEY-OF", "SECRET", "PASSWORD-OF"):
            assert hidden not in done.stdout + done.stderr + argued
        return done

    def lose(self) -> None:
        """State and stack file are gone: another machine, another backend."""
        (self.engine.folder / "state.json").unlink()
        self.file.unlink()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    write_files(tmp_path)
    issuer = Issuer()
    with serving(Node(VIP, 0, {name: dict(tags) for name, tags in HELD.items()}), issuer.leaf(tmp_path / "leaf.pem", [VIP])) as node:
        yield Stack(tmp_path, node, issuer.pem)


def born(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What exists in the state alone."""
    return [each for each in state["deployment"]["resources"] if each["type"].startswith(("random:", "tls:"))]


def test_restored_stack_has_the_identity_and_no_host(stack: Stack) -> None:
    """Every key, certificate and password comes back as it was, encrypted for the new stack; no script of a host does, so `up` makes it."""
    before = born(stack.engine.state)
    assert "3 tags" in stack("backup", str(stack.backup)).stdout
    stack.lose()
    said = stack("restore", str(stack.backup)).stdout
    after = stack.engine.state
    assert born(after) == before
    assert len(before) == 13
    assert not [name for name in stack.engine.names if name.startswith(("command:", "pulumi:providers:command"))]
    assert contradictions(after) == []
    assert after["deployment"]["secrets_providers"] == NEW_ENCRYPTION
    assert f"python -m ops up --stack {STACK}" in said
    assert "missing here: ssh.knownHosts: Pulumi.x.known_hosts: is missing" in said
    assert "nothing is deployed" in stack("compare", "--backup", str(stack.backup), expect=1).stderr


def test_restored_stack_file_is_the_old_one_with_its_secrets_anew(stack: Stack) -> None:
    """Settings and comments as they were; nothing encrypted by the old stack; the secret reached the engine on standard input."""
    settings = yaml.safe_load(stack.file.read_text())["config"]["ha-registry:system"]
    stack("backup", str(stack.backup))
    stack.lose()
    stack("restore", str(stack.backup))
    text = stack.file.read_text()
    assert yaml.safe_load(text)["config"]["ha-registry:system"] == settings
    assert text.startswith("# ours\n")
    assert "old-stack" not in text
    assert "password-robot: {secure: v1:by-the-new-stack}" in text
    assert [call["given"] for call in stack.engine.called("config", "set")] == [OWN_PASSWORD]


def test_restore_may_be_run_again_and_keeps_a_stack_file_that_is_there(stack: Stack) -> None:
    """After an interrupted one, or with the stack file from elsewhere: the same end, and that file has the same bytes."""
    stack("backup", str(stack.backup))
    stack.lose()
    stack("restore", str(stack.backup))
    text, state = stack.file.read_bytes(), stack.engine.state
    assert "stays as it is" in stack("restore", str(stack.backup)).stdout
    assert (stack.file.read_bytes(), stack.engine.state) == (text, state)
    stack.file.unlink()
    assert "was written" in stack("restore", str(stack.backup)).stdout
    assert (stack.file.read_bytes().count(b"by-the-new-stack"), stack.engine.state) == (1, state)


def test_nothing_of_the_backup_is_in_the_clear(stack: Stack) -> None:
    """Neither secrets nor names of images or hosts can be read in the file, which is its owner's alone; the SSH key is not even in it."""
    stack("backup", str(stack.backup))
    data = stack.backup.read_bytes()
    for hidden in (OWN_PASSWORD, "KEY-OF-THE-CA", "HTTP-SECRET", "PASSWORD-OF-admin", "team/app", "registry01", PASSPHRASE):
        assert hidden.encode() not in data
    assert stack.backup.stat().st_mode & 0o777 == 0o600
    from ops.sealed import Sealed

    assert b"HTTP-SECRET" in (content := Sealed.read(stack.backup).opened(PASSPHRASE))
    assert b"SSH-KEY" not in content


def test_backup_overwrites_nothing_unasked(stack: Stack) -> None:
    """A file that is there stays, and neither engine nor registry is asked; with --force it is replaced."""
    stack.backup.write_text("mine")
    assert "is there already" in stack("backup", str(stack.backup), expect=1).stderr
    assert (stack.backup.read_text(), list(stack.engine.calls)) == ("mine", [])
    stack("backup", str(stack.backup), "--force", "--without-tags")
    assert stack.backup.read_bytes().startswith(b"ha-registry backup, version 1\n")


def test_registry_that_cannot_be_asked_is_left_out_only_by_choice(stack: Stack) -> None:
    """Its storage is away: exit 4 and no file; with --without-tags a backup that says so, and that compares with nothing."""
    stack.node.is_sick = True
    assert "--without-tags" in stack("backup", str(stack.backup), expect=UNASKED).stderr
    assert not stack.backup.exists()
    assert "no list of images" in stack("backup", str(stack.backup), "--without-tags").stdout
    assert "has no list of images" in stack("compare", "--backup", str(stack.backup), expect=1).stderr


def test_registry_is_compared_with_the_backup(stack: Stack) -> None:
    """What is missing or has another digest is named with both, exit 3; what was pushed later is no difference."""
    stack("backup", str(stack.backup))
    stack.node.held["later"] = {"1": DIGEST.format(9)}
    assert "nothing differs from the backup" in stack("compare", "--backup", str(stack.backup)).stdout
    del stack.node.held["team/app"]["2"]
    stack.node.held["base"]["1"] = DIGEST.format(4)
    url = stack.outputs["registryUrl"]
    assert stack("compare", "--backup", str(stack.backup), expect=DIFFERENT).stdout.splitlines() == [
        f"missing team/app:2 on {url}: the backup has {DIGEST.format(2)}",
        f"differs base:1 on {url}: {DIGEST.format(4)}, the backup has {DIGEST.format(3)}",
        f"3 tags on the backup, 3 tags on {url}; 2 differ from the backup",
    ]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("passphrase", "the passphrase is wrong"),
        ("truncated", "is truncated"),
        ("version", "is of version 7, and this program reads version 1"),
        ("stack file", "is no backup of ha-registry"),
        ("missing", "No such file"),
    ],
)
def test_file_that_will_not_do_changes_nothing(stack: Stack, damage: str, words: str) -> None:
    """One line says why, exit 1; neither stack file nor stack is made, and the engine is not even asked."""
    stack("backup", str(stack.backup), "--without-tags")
    data, place = stack.backup.read_bytes(), stack.backup
    stack.lose()
    (stack.engine.folder / "calls").unlink()
    if damage == "passphrase":
        stack.passphrase.write_text("another passphrase")
    elif damage == "missing":
        place = stack.folder / "none"
    else:
        broken = {"truncated": data[:-7], "version": data.replace(b"version 1", b"version 7"), "stack file": b"config: {}\n"}
        stack.backup.write_bytes(broken[damage])
    said = stack("restore", str(place), expect=1).stderr
    assert words in said
    assert said.count("\n") == 1
    assert not stack.file.exists()
    assert list(stack.engine.calls) == []


def test_stack_with_hosts_is_not_overwritten(stack: Stack) -> None:
    """It still knows hosts: exit 1, they are named, and its state stays."""
    stack("backup", str(stack.backup), "--without-tags")
    before = stack.engine.state
    assert "node51-precheck" in stack("restore", str(stack.backup), expect=1).stderr
    assert stack.engine.state == before


def test_other_settings_are_not_overwritten(stack: Stack) -> None:
    """A stack file with another VIP stays, nothing is put into the stack."""
    stack("backup", str(stack.backup), "--without-tags")
    stack.lose()
    for data, words in (
        (b"config: {ha-registry:system: {topology: pair}}\n", "has other settings or secrets than the backup"),
        (b"\xff\xfe", "is not UTF-8"),
    ):
        stack.file.write_bytes(data)
        assert words in stack("restore", str(stack.backup), expect=1).stderr
        assert stack.file.read_bytes() == data
    stack.file = stack.folder / "missing" / "Pulumi.x.yaml"
    assert "make its folder" in stack("restore", str(stack.backup), expect=1).stderr
    assert not stack.engine.called("stack", "select")


def test_passphrase_comes_from_standard_input_too(stack: Stack) -> None:
    """`-` reads it there; an empty, a short and a missing one are refused before a file is made."""
    for given, words in (("", "is empty"), ("short\n", "at least 12 are needed"), ("two\nlines\n", "has several lines")):
        assert words in stack("backup", str(stack.backup), "--without-tags", "--passphrase-file", "-", stdin=given, expect=1).stderr
    assert "no terminal to ask" in stack.engine.ops("restore", str(_made(stack)), expect=1).stderr
    assert "its CA" in _restored(stack)


def _made(stack: Stack) -> Path:
    stack("backup", str(stack.backup), "--without-tags", "--passphrase-file", "-", stdin=PASSPHRASE)
    return stack.backup


def _restored(stack: Stack) -> str:
    stack.lose()
    return stack("restore", str(stack.backup), "--passphrase-file", "-", stdin=f"{PASSPHRASE}\n").stdout


@pytest.mark.parametrize(("second", "code"), [(PASSPHRASE, 0), (f"{PASSPHRASE}!", 1)])
def test_terminal_is_asked_twice_and_shows_nothing(stack: Stack, second: str, code: int) -> None:
    """Typed at a terminal it is not echoed; a second one that differs makes no file."""
    dialogue = (("Passphrase for the backup: ", PASSPHRASE), ("The same again: ", second))
    ended, shown = typed(stack.engine, ["backup", str(stack.backup), "--without-tags", "--config-file", str(stack.file)], *dialogue)
    assert ended == code, shown
    assert PASSPHRASE not in shown
    assert stack.backup.exists() == (code == 0)
