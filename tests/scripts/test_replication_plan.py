"""What is to be done with a tag, decided from what both hosts have and what their logs say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import render

PLAN = Path(render.__file__).parent / "replication/plan.awk"
A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
KEPT = ".conflict-" + "a" * 12
Log = list[tuple[int, str]]


def plan(folder: Path, own: str, peer: str, own_log: Log, peer_log: Log, *, deletes: bool = False, known: bool = True) -> list[str]:
    """The plan for `app:1` where one has the digest `own` and the other `peer`; a log is pairs of a second and `ACTION TAG DIGEST USER`."""
    files = {
        "own_events": "".join(f"2026-01-01T00:00:{at:02}.000000000 {words.replace(' ', ' app ', 1)}\n" for at, words in own_log),
        "peer_events": "".join(f"2026-01-01T00:00:{at:02}.000000000 {words.replace(' ', ' app ', 1)}\n" for at, words in peer_log)
        + "end\n",
        "own": f"app 1 {own}\n" if own else "",
        "peer": f"app 1 {peer}\n" if peer else "",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    settings = {"copier": "copier", "known": "yes" if known else "no", "deletes": "yes" if deletes else "no"}
    command = ["awk", *(word for name, value in settings.items() for word in ("-v", f"{name}={value}")), "-f", str(PLAN)]
    command += [word for name in files for word in (f"of={name}", str(folder / name))]
    return sorted(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines())


def push(digest: str, user: str = "admin") -> str:
    return f"push 1 {digest} {user}"


def copied(digest: str) -> str:
    return push(digest, "copier")


@pytest.mark.parametrize(
    ("own", "peer", "own_log", "peer_log", "wanted"),
    [
        (A, A, [], [], []),
        (A, "", [], [], [f"3 give app 1 {A}"]),
        ("", A, [], [], [f"2 take app 1 {A}"]),
        # the holder moved the tag, and the copy is still to be made
        (B, A, [(1, push(A)), (3, push(B))], [(2, copied(A))], [f"3 give app 1 {B}"]),
        # a copy arrived after the next push: it is late, and not newer
        (A, B, [(3, copied(A))], [(1, push(A)), (2, push(B))], [f"2 take app 1 {B}"]),
        # the former holder's last push was not copied
        (A, B, [(2, copied(A))], [(1, push(A)), (3, push(B))], [f"2 take app 1 {B}"]),
        # moved back to what it meant before
        (A, B, [(1, push(A)), (3, push(B)), (5, push(A))], [(2, copied(A)), (4, copied(B))], [f"3 give app 1 {A}"]),
        # each its own: the newer one, and the older one is kept
        (A, B, [(1, push(A))], [(2, push(B))], [f"1 keep-own app 1 {A} 1{KEPT}", f"2 take app 1 {B}"]),
        (B, A, [(2, push(B))], [(1, push(A))], [f"1 keep-peer app 1 {A} 1{KEPT}", f"3 give app 1 {B}"]),
        # one that no log knows is the oldest; of two such the holder's stays
        (B, A, [(2, push(B))], [], [f"1 keep-peer app 1 {A} 1{KEPT}", f"3 give app 1 {B}"]),
        (A, B, [], [(2, push(B))], [f"1 keep-own app 1 {A} 1{KEPT}", f"2 take app 1 {B}"]),
        (B, A, [], [], [f"1 keep-peer app 1 {A} 1{KEPT}", f"3 give app 1 {B}"]),
        # the event of the last push was lost, what it replaced is known
        (C, A, [(1, push(A))], [(2, copied(A))], [f"3 give app 1 {C}"]),
    ],
)
def test_tag_gets_the_digest_that_was_meant_last(
    tmp_path: Path, own: str, peer: str, own_log: Log, peer_log: Log, wanted: list[str]
) -> None:
    """Whoever knows both digests is ahead; only two pushes that never met are judged by the clock, and then nothing is lost."""
    assert plan(tmp_path, own, peer, own_log, peer_log) == wanted


@pytest.mark.parametrize(
    ("own", "peer", "own_log", "wanted"),
    [
        (B, A, [(1, push(A)), (3, push(B))], [f"3 give app 1 {B}"]),
        (A, B, [(1, push(A))], ["5 undecided app 1"]),
        ("", A, [], [f"2 take app 1 {A}"]),
        ("", A, [(1, copied(A)), (2, "delete 1 - admin")], []),
    ],
)
def test_nothing_is_overwritten_or_deleted_while_the_other_log_is_unknown(
    tmp_path: Path, own: str, peer: str, own_log: Log, wanted: list[str]
) -> None:
    """Without the other log only what this host knows to be older is replaced, and nothing is deleted."""
    assert plan(tmp_path, own, peer, own_log, [], known=False, deletes=True) == wanted


@pytest.mark.parametrize(
    ("own_log", "peer_log", "reference"),
    [
        ([(1, push(A)), (3, "delete 1 - admin")], [(2, copied(A))], "1"),
        ([(1, push(A)), (3, f"delete - {A} admin")], [(2, copied(A))], A),
        # the copy was under way when it was deleted
        ([(1, push(A)), (2, "delete 1 - admin")], [(3, copied(A))], "1"),
        # from before there were logs
        ([(3, "delete 1 - admin")], [], "1"),
        # pushed again since, here or there
        ([(1, push(A)), (2, "delete 1 - admin"), (3, push(B))], [], ""),
        ([(1, push(A)), (2, "delete 1 - admin")], [(3, push(A))], ""),
        # pushed there by a clock that is behind: what this host never had is nothing that was deleted here
        ([(1, push(A)), (5, "delete 1 - admin")], [(4, push(B))], ""),
        # a deletion of another image
        ([(1, push(B)), (3, f"delete - {B} admin")], [(4, push(A))], ""),
    ],
)
def test_deletion_stands_until_somebody_pushes(tmp_path: Path, own_log: Log, peer_log: Log, reference: str) -> None:
    """What a client deleted here goes there only with `deletes`, and is not taken back; what was pushed since is taken."""
    there = B if (4, push(B)) in peer_log else A
    taken = [f"2 take app 1 {there}"]
    assert plan(tmp_path, "", there, own_log, peer_log, deletes=True) == ([f"4 drop app {reference}"] if reference else taken)
    assert plan(tmp_path, "", there, own_log, peer_log) == ([] if reference else taken)


def test_long_tag_is_kept_under_a_tag_that_is_allowed(tmp_path: Path) -> None:
    """The tag of what is kept has at most the 128 characters of the OCI distribution specification."""
    tag = "t" * 128
    for name, digest in (("own", A), ("peer", B)):
        (tmp_path / name).write_text(f"app {tag} {digest}\n")
    command = ["awk", "-v", "known=yes", "-f", str(PLAN), "of=own", str(tmp_path / "own"), "of=peer", str(tmp_path / "peer")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    (kept,) = [line.split()[-1] for line in said if " keep-" in line]
    assert len(kept) <= 128
    assert kept.endswith(".conflict-" + "b" * 12)
