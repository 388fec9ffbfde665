"""A pretended host: a temporary root for the files, a folder for everything else, and stubs instead of programs."""

from __future__ import annotations

import dataclasses
import getpass
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from render.script import Script
from tests.scripts.snapshot import Entry, facts_of, given_away, keys_of, tree_of

STUBS = Path(__file__).parent / "stubs"
TOOLS = (
    *(
        "awk",
        "base64",
        "bash",
        "cat",
        "chmod",
        "cmp",
        "cp",
        "cut",
        "env",
        "find",
        "flock",
        "grep",
        "head",
        "ls",
        "ln",
        "mkdir",
        "mktemp",
        "mv",
    ),
    *("readlink", "rm", "rmdir", "sed", "sha256sum", "sleep", "sort", "tac", "tail", "tar", "touch", "tr", "uniq", "wc", "xargs"),
)
"""Of the machine that runs the tests; whatever else a script calls must be a stub."""
ALWAYS = (
    *("chown", "stat", "id", "useradd", "userdel", "systemctl", "systemd-tmpfiles", "systemd-notify", "journalctl", "ip", "ping", "ss"),
    *("getent", "timeout", "df", "date", "umount", "findmnt", "setpriv"),
)
DEBIAN = ("apt-get", "apt-cache", "dpkg-query")
ROCKY = ("dnf", "rpm", "firewall-cmd", "update-ca-trust")
OS_RELEASE = {
    "debian": 'ID=debian\nVERSION_ID="12"\n',
    "rocky": 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n',
    "alpine": "ID=alpine\nVERSION_ID=3.20\n",
}
UNIT_STATES = ("active", "enabled", "loaded", "vendor", "restarts")
DEADLINE_S = 120
OURS = re.compile(r"(?<![\w$}/.-])/(?:var/lib|var/spool|run|etc|usr/local/lib)/ha-registry")


@dataclass(frozen=True)
class Ran:
    """How a script ended."""

    code: int
    out: str
    err: str


class Sandbox:
    """One host; `family` decides which package programs it has."""

    def __init__(self, folder: Path, family: str = "debian") -> None:
        self.root, self.state, self.programs = folder / "root", folder / "host", folder / "bin"
        if folder.exists() and self.root.exists():
            return
        for path in ("etc/systemd/system", "etc/tmpfiles.d", "run/systemd/system", "run/lock", "var/lib", "usr/local/lib", "tmp"):
            (self.root / path).mkdir(parents=True)
        (self.root / "etc/os-release").write_text(OS_RELEASE[family])
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost\n")
        for path in ("http", "accounts", "packages", "listening", "owners", "nft", *(f"units/{kind}" for kind in UNIT_STATES)):
            (self.state / path).mkdir(parents=True)
        self.programs.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, f"{tool} is needed by the tests of scripts: apt-get install coreutils util-linux tar"
            (self.programs / tool).symlink_to(found)
        self.teach(*ALWAYS, *(ROCKY if family == "rocky" else DEBIAN))
        self.set("addresses", "lo 127.0.0.1/8\nens192 192.168.23.51/20\n")
        self.set("clock", str(int(time.time())))
        self.set("free", str(50 << 30))
        for empty in ("neighbours", "answering", "names", "reachable", "faults", "calls"):
            self.set(empty, "")
        self.set("reachable", "registry-1.docker.io 443\n")
        self.set("login", "admin:secret")
        if family == "rocky":
            (self.root / "etc/pki/ca-trust/source/anchors").mkdir(parents=True)
            self.brought("docker", "dockerd", package="docker-ce")
            self.unit("firewalld.service", active=True)
            self.unit("docker.service", active=True)

    def copy(self, folder: Path) -> Sandbox:
        """The same host once more."""
        shutil.copytree(self.root.parent, folder, symlinks=True)
        made, owners = Sandbox(folder), given_away(self.root, self.state / "owners")
        for key, name in keys_of(made.root):
            if name in owners:
                made.set(f"owners/{key}", f"{owners[name]}\n")
        return made

    # --- what the host is like

    def teach(self, *programs: str) -> None:
        """Puts stubs on PATH."""
        for program in programs:
            (self.programs / program).unlink(missing_ok=True)
            (self.programs / program).symlink_to(STUBS / program)

    def brought(self, *programs: str, package: str) -> None:
        """A package that is there already, with its programs."""
        (self.state / "packages" / package).touch()
        self.teach(*programs)

    def unit(self, name: str, *, active: bool) -> None:
        """A unit of a package, enabled."""
        for kind in ("vendor", "enabled", *(["active"] if active else [])):
            at = self.state / "units" / kind / name
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_text("[Service]\n" if kind == "vendor" else "")
        wants = self.root / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(exist_ok=True)
        (wants / name).symlink_to(f"/lib/systemd/system/{name}")

    def container(self, name: str, *, publish: str, data: str, restart: str = "always", running: str = "true") -> None:
        """A container that somebody else made."""
        at = self.state / "docker/containers" / name
        at.mkdir(parents=True)
        for key, value in {"publish": publish, "data": data, "restart": restart, "running": running}.items():
            (at / key).write_text(f"{value}\n")

    def container_field(self, name: str, field: str) -> str:
        """One field of a container, as it is now."""
        return (self.state / "docker/containers" / name / field).read_text().strip()

    def set(self, name: str, text: str) -> None:
        """Writes one file of the pretended host."""
        at = self.state / name
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)

    def has(self, name: str) -> bool:
        """Whether the pretended host has this file."""
        return (self.state / name).exists()

    def get(self, name: str) -> str:
        """One file of the pretended host; empty where there is none."""
        at = self.state / name
        return at.read_text() if at.exists() else ""

    def fault(self, kind: str, pattern: str) -> None:
        """Orders `fail`, `once` (fails one time) or `block` for the calls that match the shell pattern."""
        self.set("faults", f"{self.get('faults')}{kind} {pattern}\n")

    def mend(self) -> None:
        """Takes all ordered faults back."""
        self.set("faults", "")

    def file(self, path: str, text: str, mode: int = 0o644) -> Path:
        """Puts a file of somebody else under the root."""
        at = self.root / path.lstrip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text)
        at.chmod(mode)
        return at

    # --- running

    def run(self, script: Script | str, *verb: str, expect: int | None = 0, environment: Mapping[str, str] | None = None) -> Ran:
        """Runs a script as SSH would; fails where a stub was asked what it was not taught, or the end is not `expect`."""
        process = self.begin(script, *verb, environment=environment)
        try:
            out, err = process.communicate(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.kill(process)
            raise
        ran = Ran(process.returncode, out, err)
        assert not self.get("untaught"), f"stubs were not taught:\n{self.get('untaught')}"
        assert expect is None or ran.code == expect, f"ended with {ran.code} instead of {expect}\n{ran.out}\n{ran.err}"
        return ran

    def begin(self, script: Script | str, *verb: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Starts a script in a process group of its own."""
        text = script if isinstance(script, str) else rooted(script).text
        process = subprocess.Popen(
            [str(self.programs / "bash"), "-s", "--", *verb],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment | dict(environment or {}),
            start_new_session=True,
        )
        assert process.stdin
        with suppress(BrokenPipeError):
            process.stdin.write(text)
            process.stdin.flush()
        return process

    def program(self, path: str, *arguments: str, expect: int | None = 0) -> Ran:
        """Runs a program that a script put on the host."""
        return self.run(f'exec "{self.root}{path}" {" ".join(arguments)}\n', expect=expect)

    @property
    def environment(self) -> dict[str, str]:
        """What a script sees of the machine that runs the tests: nothing but this."""
        return {
            "PATH": str(self.programs),
            "LC_ALL": "C",
            "TMPDIR": str(self.root / "tmp"),
            "HA_REGISTRY_ROOT": str(self.root),
            "STUBS": str(STUBS),
            "STUB_HOST": str(self.state),
            "STUB_BIN": str(self.programs),
            "STUB_STAT": shutil.which("stat") or "",
            "STUB_DATE": shutil.which("date") or "",
            "STUB_USER": getpass.getuser(),
        }

    def kill_when_blocked(self, script: Script | str, *verb: str) -> None:
        """Power off in the middle: kill -9 of a script and all it started when a stub with an ordered `block` is reached."""
        process = self.begin(script, *verb)
        assert process.stdin
        process.stdin.close()
        process.stdin = None
        self.wait_blocked()
        self.kill(process)
        self.mend()

    def wait_blocked(self) -> None:
        """Returns when a stub with an ordered `block` was reached."""
        end = time.monotonic() + DEADLINE_S
        while not self.has("blocked"):
            assert time.monotonic() < end, f"no stub blocked; calls:\n{self.get('calls')}"
            time.sleep(0.01)

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Power off, as far as this script is concerned."""
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        (self.state / "blocked").unlink(missing_ok=True)

    # --- looking

    @property
    def calls(self) -> list[str]:
        """Every call of a stub since the last `forget_calls`."""
        return self.get("calls").splitlines()

    def forget_calls(self) -> None:
        """Begins a new log of calls."""
        self.set("calls", "")

    def tree(self) -> dict[str, Entry]:
        """Everything under the root: kind, mode, owner, content."""
        return tree_of(self.root, self.state / "owners")

    def host(self) -> dict[str, str]:
        """Everything of the host that is no file: units, packages, accounts, containers, tables, addresses."""
        return facts_of(self.state)


def rooted(script: Script) -> Script:
    """The programs that a script puts on a host have fixed paths; here they lie below the temporary root."""
    known = {"switch", "prober", "agent", "replicator", "receiver", "history"} & script.files.keys()
    programs = {name: OURS.sub(r"$HA_REGISTRY_ROOT\g<0>", script.files[name]) for name in known}
    return dataclasses.replace(script, files={**script.files, **programs})
