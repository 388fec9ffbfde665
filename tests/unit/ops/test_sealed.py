"""Sealed files, written and read for real: who may open them, and what every damage is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.sealed import MAC_BYTES, Sealed, SealedError, sealed, write

CONTENT = b'{"password": "the-password-of-admin", "note": "%s"}' % (b"n" * 300)
PASSPHRASE = "a passphrase of some length"


@pytest.fixture(scope="module")
def whole() -> bytes:
    """A sealed file."""
    return sealed(CONTENT, PASSPHRASE)


def opened(folder: Path, data: bytes, passphrase: str = PASSPHRASE) -> bytes:
    path = folder / "backup"
    path.write_bytes(data)
    return Sealed.read(path).opened(passphrase)


def test_content_comes_back_and_nothing_of_it_is_in_the_clear(whole: bytes, tmp_path: Path) -> None:
    """The right passphrase opens it; no four bytes of the content in a row are in the file, and the same content makes another file."""
    assert opened(tmp_path, whole) == CONTENT
    body = whole.split(b"\n", 2)[2]
    assert not [at for at in range(len(CONTENT) - 3) if CONTENT[at : at + 4] in body]
    assert sealed(CONTENT, PASSPHRASE).split(b"\n", 2)[2] != body


def test_another_passphrase_is_told_from_damage(whole: bytes, tmp_path: Path) -> None:
    """One character more: no content, and the message says that it may be the passphrase, but not which."""
    with pytest.raises(SealedError, match="the passphrase is wrong") as refused:
        opened(tmp_path, whole, f"{PASSPHRASE}x")
    assert PASSPHRASE not in str(refused.value)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("kind", "is no backup of ha-registry"),
        ("version", "is of version 9, and this program reads version 1"),
        ("cost", "its second line was altered"),
        ("salt", "the passphrase is wrong, or the first lines were altered"),
        ("nonce", "the passphrase is wrong, or the first lines were altered"),
        ("mac", "the passphrase is wrong, or the first lines were altered"),
        ("content", "was altered or damaged after it was written"),
        ("end", "was altered or damaged after it was written"),
    ],
)
def test_every_altered_place_is_noticed(whole: bytes, tmp_path: Path, place: str, words: str) -> None:
    """Whatever byte is another one, nothing is read, and one line says what it looks like."""
    data = bytearray(whole)
    body = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    replaced = {"version": (b"version 1", b"version 9"), "cost": (b"131072", b"131073")}
    at = {
        "kind": 0,
        "salt": whole.index(b'"salt": "') + 9,
        "nonce": whole.index(b'"nonce": "') + 10,
        "mac": body,
        "content": body + MAC_BYTES,
        "end": len(whole) - 1,
    }
    if place in replaced:
        data = bytearray(whole.replace(*replaced[place]))
    else:
        # A letter of base64 stays one
        data[at[place]] = ord("A") if data[at[place]] != ord("A") else ord("B")
    assert bytes(data) != whole
    with pytest.raises(SealedError, match=words):
        opened(tmp_path, bytes(data))


def test_truncated_file_is_called_truncated(whole: bytes, tmp_path: Path) -> None:
    """Cut off anywhere, or with something behind it: said before a passphrase is asked for."""
    lines = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    path = tmp_path / "backup"
    for length, words in (
        (len(whole) - 1, "the last 1 bytes are missing"),
        (lines, "is truncated"),
        (lines - 5, "truncated within its first"),
    ):
        path.write_bytes(whole[:length])
        with pytest.raises(SealedError, match=words):
            Sealed.read(path)
    path.write_bytes(whole + b"\n")
    with pytest.raises(SealedError, match="1 bytes too many"):
        Sealed.read(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is no backup"),
        (b"config:\n  ha-registry:system: {}\n", "is no backup"),
        (b"ha-registry backup, version 2\n", "version 2, and this program reads version 1"),
        (b"ha-registry backup, version 1\n[]\n", "its second line is damaged"),
        (b"ha-registry backup, version 1\n{\xff\n", "its second line is damaged"),
    ],
)
def test_something_else_is_no_backup(tmp_path: Path, data: bytes, words: str) -> None:
    """Empty, a stack file, one of a later version, garbage: a line with the file's name, no traceback."""
    (tmp_path / "backup").write_bytes(data)
    with pytest.raises(SealedError, match=words) as refused:
        Sealed.read(tmp_path / "backup")
    assert str(refused.value).startswith(str(tmp_path / "backup"))


def test_file_is_its_owners_alone_and_replaces_none(tmp_path: Path) -> None:
    """Mode 0600; a file that is there stays, but with `force`; a folder that is missing is named; nothing half-written is left."""
    path = tmp_path / "backup"
    write(path, b"one", force=False)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SealedError, match="is there already"):
        write(path, b"two", force=False)
    assert path.read_bytes() == b"one"
    path.chmod(0o644)
    write(path, b"two", force=True)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o600)
    with pytest.raises(SealedError, match="is no folder"):
        write(tmp_path / "missing" / "backup", b"", force=True)
    assert [each.name for each in tmp_path.iterdir()] == ["backup"]
