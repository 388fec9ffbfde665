"""What a pretended host looks like at one moment, and what differs between two."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STAYS = ("run/lock", "run/lock/ha-registry")
"""What may remain after the last remove: a lock in a folder that is empty after a boot."""
TRANSIENT = {"calls", "owners", "faults", "package-list", "http", "clock", "store", "blocked", "untaught", "pulled-with", "loaded"}
"""Of the host itself: logs, caches, and what the test set up."""


@dataclass(frozen=True)
class Entry:
    """What lies at a path."""

    kind: str
    content: bytes
    mode: str
    owner: str


def tree_of(root: Path, owners: Path) -> dict[str, Entry]:
    """Everything below `root`; who owns it says the stub of chown in `owners`, else the disk."""
    given = given_away(root, owners)
    found: dict[str, Entry] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if name in STAYS:
            continue
        status = path.lstat()
        owner = given.get(name, f"{status.st_uid}:{status.st_gid}").replace("root:root", "0:0")
        found[name] = Entry(*_content(path), f"{status.st_mode & 0o7777:04o}", owner)
    return found


def _content(path: Path) -> tuple[str, bytes]:
    if path.is_symlink():
        return "link", str(path.readlink()).encode()
    return ("directory", b"") if path.is_dir() else ("file", path.read_bytes())


def keys_of(root: Path) -> list[tuple[str, str]]:
    """Under which key the stub of chown knows each path below `root`: inode and birth, as inodes are used again."""
    command = ["find", str(root), "-mindepth", "1", "-exec", "stat", "-c", "%i.%.9W %n", "{}", "+"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    pairs = (line.split(" ", 1) for line in listed.stdout.splitlines())
    return [(key, str(Path(name).relative_to(root))) for key, name in pairs]


def given_away(root: Path, owners: Path) -> dict[str, str]:
    """Who owns each path that was given away."""
    return {name: (owners / key).read_text().strip() for key, name in keys_of(root) if (owners / key).exists()}


def facts_of(state: Path) -> dict[str, str]:
    """Everything below `state` that lasts."""
    files = (path.relative_to(state) for path in state.rglob("*") if path.is_file())
    return {str(name): (state / name).read_text() for name in files if not TRANSIENT & set(name.parts)}


def outside_state(tree: Mapping[str, Entry]) -> dict[str, Entry]:
    """Without our own bookkeeping, which goes with the last concern."""
    return {name: entry for name, entry in tree.items() if not f"{name}/".startswith(("var/lib/ha-registry/", "run/ha-registry/"))}


def leftovers(before: Mapping[str, object], after: Mapping[str, object]) -> Sequence[str]:
    """What differs between two trees or two hosts, in words."""
    changed = [f"{name}: {before[name]} became {after[name]}" for name in before.keys() & after.keys() if before[name] != after[name]]
    gone = [f"{name}: gone" for name in before.keys() - after.keys()]
    return sorted([*changed, *gone, *(f"{name}: left behind" for name in after.keys() - before.keys())])
