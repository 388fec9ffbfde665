"""What rotate has the engine replace, and what it refuses; the engine's part is a stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.ops.conftest import secret
from tests.unit.ops.dialogue import typed
from tests.unit.ops.engine import IDENTITY, Engine, deployed_pair, resource

WAY = {"host": "127.0.0.1", "port": 1.0, "user": "ops", "privateKey": "SSH-KEY", "hostKey": "ssh-ed25519 AAAA"}
PASSWORD, SALT, KEY = (
    "random:index/randomPassword:RandomPassword",
    "random:index/randomBytes:RandomBytes",
    "tls:index/privateKey:PrivateKey",
)


def engine(folder: Path, *, users: tuple[str, ...] = ("admin", "robot")) -> Engine:
    """A deployed pair with two users; `users` have made passwords."""
    made = Engine(folder)
    passwords = secret({"admin": "PASSWORD-OF-admin", "robot": "PASSWORD-OF-robot"})
    made.hold(deployed_pair(WAY, users=users), registryUrl="https://registry01.dev.com", vipAddress="127.0.0.1", passwords=passwords)
    return made


def replaced(made: Engine) -> set[str]:
    """What the only `up` was told to replace, each a resource of the state."""
    [call] = made.called("up")
    argv: list[str] = call["argv"]
    urns = {argv[at + 1] for at, word in enumerate(argv) if word == "--replace"}
    assert urns <= {each["urn"] for each in made.state["deployment"]["resources"]}
    return {urn.rpartition("$")[2] for urn in urns}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["users"], {f"{kind}::identity-{user}{end}" for user in ("admin", "robot") for kind, end in ((PASSWORD, ""), (SALT, "-salt"))}),
        (["users", "robot"], {f"{PASSWORD}::identity-robot", f"{SALT}::identity-robot-salt"}),
        (["certificate"], {f"{KEY}::identity-node51", f"{KEY}::identity-node52"}),
        (["certificate", "node52"], {f"{KEY}::identity-node52"}),
        (["http-secret"], {f"{PASSWORD}::identity-http-secret"}),
    ],
    ids=" ".join,
)
def test_exactly_what_was_asked_for_is_made_anew(tmp_path: Path, words: list[str], expected: set[str]) -> None:
    """With --yes one `up` replaces those resources and no other: never the CA, never a script; no password is said or an argument."""
    made = engine(tmp_path)
    said = made.ops("rotate", *words, "--yes")
    assert replaced(made) == expected
    assert "PASSWORD-OF" not in said.stdout + said.stderr + str([call["argv"] for call in made.calls])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["users", "admin", "nobody", "robot"], ["x: no user nobody; choose one of: admin, robot", "--secret password-robot"]),
        (["certificate", "node53", "ca"], ["x: node53 has no certificate; choose one of: node51, node52", "x: ca has no certificate"]),
        (["http-secret", "node51"], ["leave out node51"]),
        (["ca"], ["the CA is not rotated"]),
    ],
    ids=lambda words: " ".join(words),
)
def test_what_cannot_be_rotated_is_refused_as_a_whole(tmp_path: Path, words: list[str], expected: list[str]) -> None:
    """Unknown names, a password of the user's own, the CA: exit 1, every fault with what to do, and no `up`."""
    made = engine(tmp_path, users=("admin",))
    said = made.ops("rotate", *words, "--yes", expect=1).stderr
    assert all(each in said for each in expected), said
    assert not made.called("up")


def test_certificate_of_the_users_own_is_theirs(tmp_path: Path) -> None:
    """With `tls.files` there is no key to make: exit 1, and how it is changed."""
    made = Engine(tmp_path)
    others = [each for each in deployed_pair(WAY) if not each["type"].startswith("tls:")]
    made.hold(others, registryUrl="https://registry01.dev.com", passwords=secret({"admin": "x"}))
    assert "--secret tlsKey" in made.ops("rotate", "certificate", "--yes", expect=1).stderr


def test_nothing_is_rotated_unasked(tmp_path: Path) -> None:
    """Without a terminal and without --yes: what it would mean is said, exit 1, and no `up`."""
    made = engine(tmp_path)
    said = made.ops("rotate", "users", expect=1).stderr
    assert "the old passwords of admin, robot end" in said
    assert "give --yes" in said
    assert not made.called("up")


@pytest.mark.parametrize(("answer", "code", "ups"), [("y", 0, 1), ("n", 1, 0), ("", 1, 0)])
def test_terminal_is_asked_first(tmp_path: Path, answer: str, code: int, ups: int) -> None:
    """What it means is shown, then the question; only a yes is one."""
    made = engine(tmp_path)
    ended, shown = typed(made, ["rotate", "users", "admin"], ("Rotate users of x? [y/N]: ", answer))
    assert (ended, len(made.called("up"))) == (code, ups), shown
    assert "the old passwords of admin end" in shown


def test_a_password_of_a_prober_is_no_users(tmp_path: Path) -> None:
    """Registries ask each other as a user that nobody logs in as: `rotate users` leaves that one alone."""
    made = engine(tmp_path)
    stack, *others = made.state["deployment"]["resources"]
    prober = [resource(kind, f"identity-ha-registry{end}", IDENTITY) for kind, end in ((PASSWORD, ""), (SALT, "-salt"))]
    made.hold([*others, *prober], **stack["outputs"])
    made.ops("rotate", "users", "--yes")
    assert not [name for name in replaced(made) if "ha-registry" in name]
