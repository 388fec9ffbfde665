"""What `ops verify` says of hosts, entered through a real sshd; those of a pair run the scripts that are deployed."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator

import pytest

from tests.scripts.concerns import ORDER, SECRETS, Concerns
from tests.scripts.sandbox import Sandbox, rooted
from tests.unit.ops.conftest import Ops

WORDS = "the-secret-of-this-script"
CLEAN, DRIFT, UNASKED = 0, 3, 4


@pytest.fixture
def registry01(ops: Ops, serving: Sandbox, scripts: Concerns) -> Sandbox:
    """A registry of a pair as it was deployed."""
    ops.host("registry01", serving, {concern: rooted(scripts[concern]).text for concern in ORDER})
    return serving


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing, as a host that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_host_as_deployed_is_clean(ops: Ops, registry01: Sandbox) -> None:
    """Nothing differs: exit 0, one line that counts the concerns."""
    assert ops("verify").stdout == f"registry01: as deployed, {len(ORDER)} concerns\n"


def test_changed_file_is_drift(ops: Ops, registry01: Sandbox) -> None:
    """Whatever somebody changed on a host is named with its concern, exit 3; nothing is put back."""
    changed = registry01.root / "etc/keepalived/keepalived.conf"
    changed.write_text("by hand\n")
    said = ops("verify", expect=DRIFT).stdout.splitlines()
    assert all(line.startswith("registry01 vip: drift ") for line in said)
    assert any("file /etc/keepalived/keepalived.conf expected=" in line for line in said)
    assert changed.read_text() == "by hand\n"


def test_rebuilt_host_is_drift(ops: Ops, registry01: Sandbox) -> None:
    """A host without our library is not as deployed, and says which."""
    (registry01.root / "usr/local/lib/ha-registry/host.sh").unlink()
    said = json.loads(ops("verify", "--json", expect=DRIFT).stdout)["hosts"]["registry01"]
    assert "host.sh is absent" in " ".join(said["drift"]["vip"])
    assert said["failed"] == {}


def test_secret_of_a_host_stays_there(ops: Ops, registry01: Sandbox) -> None:
    """Drift in a secret file is told without the file or the script that has it."""
    (registry01.root / "etc/ha-registry/identity/tls.key").write_text("another")
    done = ops("verify", expect=DRIFT)
    assert "drift file /etc/ha-registry/identity/tls.key expected=" in done.stdout
    assert not [word for word in (*SECRETS, "BEGIN OPENSSH") if word in done.stdout + done.stderr]


def test_script_travels_by_stdin_only(ops: Ops) -> None:
    """While a script runs its text stands in no process's arguments or environment."""
    pattern = WORDS[:-1] + f"[{WORDS[-1]}]"
    looks = f"# {WORDS}\nfound=$(cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c '{pattern}')\n"
    ops.script("one", "identity", f'{looks}echo "drift found expected=0 actual=$found"; exit 3\n')
    assert "drift found expected=0 actual=0" in ops("verify", expect=DRIFT).stdout


def test_hosts_are_asked_at_the_same_time(ops: Ops) -> None:
    """Two hosts whose answers wait for each other both answer."""
    meet = ops.folder / "meet"
    meet.mkdir()
    for mine, other in (("one", "two"), ("two", "one")):
        waits = f"touch {meet}/{mine}; for try in $(seq 200); do [ ! -e {meet}/{other} ] || exit 0; sleep 0.1; done; exit 3\n"
        ops.script(mine, "base", waits)
    assert ops("verify").stdout == "one: as deployed, 1 concerns\ntwo: as deployed, 1 concerns\n"


def test_unreachable_host_is_named_and_the_others_asked(ops: Ops) -> None:
    """A closed port: that host is named with its address, exit 4 although another has drift, whose lines are there."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    ops.script("gone", "base", "exit 0\n", port=port)
    ops.script("there", "base", "echo drift file /x expected=1 actual=2; exit 3\n")
    said = ops("verify", expect=UNASKED).stdout
    assert f"gone: not asked: {ops.sshd.user}@127.0.0.1 port {port}: " in said
    assert "there base: drift file /x expected=1 actual=2\n" in said


def test_host_that_hangs_is_named(ops: Ops, silent_port: int) -> None:
    """A host that takes the connection and says nothing is given up within the time for that."""
    ops.script("hung", "base", "exit 0\n", port=silent_port)
    assert "hung: not asked: " in (said := ops("verify", expect=UNASKED).stdout)
    assert "no answer within 10 s" in said


def test_other_host_key_is_refused(ops: Ops) -> None:
    """A host that shows another key than the pinned one gets no script."""
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    ops.script("forged", "base", f"touch {ops.folder}/ran\n", hostKey=other)
    assert "another host key than the pinned one" in ops("verify", expect=UNASKED).stdout
    assert not (ops.folder / "ran").exists()


def test_script_that_cannot_judge_is_not_guessed(ops: Ops) -> None:
    """A script that ended in another way than its contract knows is neither clean nor drift."""
    ops.script("one", "vip", "echo 'sudo: a password is required' >&2; exit 1\n")
    assert ops("verify", expect=UNASKED).stdout == "one vip: not asked: sudo: a password is required\n"


def test_bastion_leads_to_the_host(ops: Ops) -> None:
    """With a bastion in the state the host is reached through it; one that refuses us is named."""
    ops.script("behind", "base", 'echo "drift from expected=x actual=${SSH_CLIENT%% *}"; exit 3\n', proxy=ops.way)
    assert "behind base: drift from expected=x actual=127.0.0.1" in ops("verify", expect=DRIFT).stdout
    ops.resources.clear()
    ops.script("behind", "base", "exit 0\n", proxy=ops.way | {"user": "nobody-of-that-name"})
    assert "behind: not asked: " in ops("verify", expect=UNASKED).stdout


def test_stack_in_a_cluster_is_told_what_to_do_instead(ops: Ops) -> None:
    """Where there is no machine the verb does not apply, and says what does."""
    said = ops("verify", expect=1).stderr
    assert "x: verify asks machines by SSH, and this stack is in a cluster; run: pulumi preview --refresh --diff --stack x" in said


def test_stack_that_is_not_deployed_is_named(ops: Ops) -> None:
    """An empty stack is no clean stack."""
    ops.outputs.clear()
    assert ops("verify", expect=1).stderr == "x: nothing is deployed; run: pulumi up --stack x\n"


def test_users_own_ssh_settings_have_no_say(ops: Ops, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither ~/.ssh/config nor an agent leads elsewhere."""
    home = ops.folder / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "config").write_text("Host *\n  Port 1\n  User other\n  ProxyCommand false\n")
    monkeypatch.setitem(os.environ, "HOME", str(home))
    monkeypatch.setitem(os.environ, "SSH_AUTH_SOCK", "/nonexistent")
    ops.script("one", "base", "exit 0\n")
    assert ops("verify").stdout == "one: as deployed, 1 concerns\n"
