"""A system on lab hosts, changed by the real engine: what the tests of the whole program act on and look at."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, cast

import settings
from lab import state as states
from lab.command import Completed
from lab.host import Host, hosts
from settings import StackFile
from tests.lab import engine, snapshot
from tests.lab.client import Client
from tests.lab.outcome import Run, plain

STACK = "test"
UP_S = 900
DISTRIBUTION_UNIT = re.compile(r"(user@|user-runtime-dir@|systemd-|apt-daily|dpkg-|e2scrub|man-db|logrotate|run-)")
REMOTE_COMMAND = "command:remote:Command"


class Deployment:
    """The stack `test` on the hosts of one lab; its state lives and dies with the lab's state directory."""

    topology: ClassVar[str]
    plugins: ClassVar[tuple[str, ...]] = ()
    """Of the engine, that not every stack needs."""
    rate: ClassVar[float] = 20.0
    """Requests per second of each client of a load: what the hosts take beside a change, all on one machine."""

    def __init__(self, lab: str) -> None:
        """Boots the hosts that do not run yet."""
        self.lab = lab
        self.boot()

    # --- hosts

    def boot(self) -> None:
        """All hosts run afterwards."""
        self._lab("up", self.topology, "--name", self.lab)

    def renew(self) -> None:
        """Hosts as the distribution leaves them, and nothing deployed; their SSH keys stay."""
        self._lab("down", "--keep", "--name", self.lab)
        shutil.rmtree(self.backend, ignore_errors=True)
        self.boot()

    def take_down(self) -> None:
        """Nothing is left: no host, no state."""
        self._lab("down", "--name", self.lab)

    @property
    def is_untouched(self) -> bool:
        """Whether no engine ever ran on these hosts."""
        return not self.backend.exists()

    @property
    def hosts(self) -> Mapping[str, Host]:
        """The hosts of the stack file by name, clients last."""
        return hosts(self.lab)

    @property
    def registries(self) -> Sequence[Host]:
        """Every host with a registry."""
        return [self.host(each.name) for each in self.system.registries]

    @property
    def members(self) -> Sequence[Host]:
        """Every host that may hold the VIP, the preferred holder first."""
        return [self.host(each.name) for each in self.system.members]

    def host(self, name: str) -> Host:
        """One host of the stack file, or `outsider`, `router`, `mirror`, `ceph`: `.exec`, `.output`, `.journal` as root."""
        return Host(self.lab, name)

    def ssh(self, name: str, argv: Sequence[str], stdin: str | None = None) -> Completed:
        """What `argv` did on a host as its user `ops`, entered with the lab's key and the pinned host key."""
        kept = states.of(self.lab)
        options = [f"UserKnownHostsFile={kept.known_hosts}", "StrictHostKeyChecking=yes", "BatchMode=yes", "ConnectTimeout=5"]
        flags = [flag for option in options for flag in ("-o", option)]
        command = ["ssh", "-F", "none", *flags, "-i", str(kept.key), f"ops@{self.host(name).address}", *argv]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=UP_S, check=False)

    def snapshot(self, name: str) -> Mapping[str, str]:
        """Everything about a host that the program could change; compare with `snapshot.difference`."""
        return snapshot.taken(self.host(name))

    def journal(self, name: str, unit: str, since: str = "") -> str:
        """Messages of a unit on a host, oldest first; `since` as journalctl(1) takes it, e.g. from `now`."""
        return self.host(name).journal(unit, since=since)

    def now(self, name: str) -> str:
        """The time on a host, for `journal`."""
        return self.host(name).output(["date", "+%F %T.%6N"]).strip()

    def touched(self, name: str, since: str) -> list[str]:
        """What systemd did to services of a host since then, as `UNIT: message`; logins and timers of the distribution left out."""
        said = self.host(name).output(["journalctl", "--quiet", "--no-pager", "--output=json", f"--since={since}", "_PID=1"])
        entries = [json.loads(line) for line in said.splitlines()]
        return [
            f"{entry['UNIT']}: {entry['MESSAGE']}"
            for entry in entries
            if str(entry.get("UNIT", "")).endswith(".service") and not DISTRIBUTION_UNIT.match(entry["UNIT"])
        ]

    def vip_holders(self) -> list[str]:
        """Names of the hosts whose interface has the VIP; hosts that are off hold nothing."""
        wanted = f" {self.vip}/"
        held = {host.name: host.exec(["ip", "-oneline", "address", "show"]) for host in self.members}
        return [name for name, done in held.items() if done.returncode == 0 and wanted in done.stdout]

    # --- settings

    @property
    def stack_file(self) -> Path:
        """The lab's own stack file; changes are made in a copy."""
        return states.of(self.lab).stack_file

    @property
    def system(self) -> settings.Vms:
        """The settings without any change."""
        return StackFile(self.stack_file).load()

    @property
    def handed_over(self) -> Mapping[str, str]:
        """Secrets of the stack, by name, that somebody else gave: none."""
        return {}

    @cached_property
    def name(self) -> str:
        """What clients call the registry."""
        return self.system.name

    @cached_property
    def vip(self) -> str:
        """Address of the VIP, without prefix."""
        return str(self.system.vip.address.ip)

    def write(self, changes: Mapping[str, object] | None = None, secrets: Mapping[str, str] | None = None) -> Path:
        """The stack file that `up` and `preview` use from now on: the lab's own with `changes` (path to value), and `secrets`."""
        file = StackFile(self.stack_file)
        for path, value in (changes or {}).items():
            file.set(path, value)
        file.write(self.config_file)
        if secrets:
            self.pulumi("stack", "select", "--create", "--stack", STACK)
        for name, value in (secrets or {}).items():
            self.pulumi("config", "set", "--secret", name, "--stack", STACK, "--config-file", str(self.config_file), stdin=value)
        return self.config_file

    # --- the engine

    def up(self, changes: Mapping[str, object] | None = None, secrets: Mapping[str, str] | None = None) -> Run:
        """`python -m ops up` with the lab's settings and `changes` to them, e.g. `{"registry.log.level": "debug"}`.

        Changes of an earlier `up` are gone unless they are given again.
        """
        self.write(changes, secrets)
        return self._ops("up")

    def up_in_background(self, changes: Mapping[str, object] | None = None) -> subprocess.Popen[str]:
        """Like `up`, but returns at once; `communicate()` gives its output, both streams in one."""
        self.write(changes)
        return subprocess.Popen(
            self._ops_argv("up"),
            cwd=engine.PROJECT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def preview(self, *flags: str, changes: Mapping[str, object] | None = None) -> Run:
        """`pulumi preview` with the lab's settings and `changes`."""
        self.write(changes)
        return self._run(
            ["pulumi", "preview", "--stack", STACK, "--config-file", str(self.config_file), "--non-interactive", "--color=never", *flags]
        )

    def destroy(self) -> Run:
        """`python -m ops destroy`."""
        self.write()
        return self._ops("destroy")

    def pulumi(self, *arguments: str, stdin: str | None = None) -> str:
        """Output of one pulumi command; raises AssertionError where it fails."""
        done = self.command(["pulumi", *arguments, "--non-interactive"], stdin)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def command(self, argv: Sequence[str], stdin: str | None = None) -> Completed:
        """How a command ended that knows the engine and the state."""
        return subprocess.run(
            argv, cwd=engine.PROJECT, env=self.environment, input=stdin, capture_output=True, text=True, timeout=UP_S, check=False
        )

    def outputs(self) -> Mapping[str, Any]:
        """What the stack exports, secrets in clear."""
        return cast("Mapping[str, Any]", json.loads(self.pulumi("stack", "output", "--json", "--show-secrets", "--stack", STACK)))

    def resources(self) -> Sequence[Mapping[str, Any]]:
        """All resources of the state, secrets in clear."""
        state = json.loads(self.pulumi("stack", "export", "--show-secrets", "--stack", STACK))
        return cast("Sequence[Mapping[str, Any]]", state["deployment"].get("resources") or [])

    def script(self, host: str, concern: str) -> str:
        """The script of a concern as the state holds it: what was deployed."""
        return self.scripts()[host, concern]

    def scripts(self) -> Mapping[tuple[str, str], str]:
        """All of them, by host and concern."""
        found: dict[tuple[str, str], str] = {}
        for resource in self.resources():
            if resource["type"] == REMOTE_COMMAND:
                host, _, concern = str(resource["urn"]).rsplit("::", 1)[1].rpartition("-")
                found[host, concern] = cast("str", plain(resource["inputs"]["stdin"]))
        return found

    def run_script(self, host: str, concern: str, verb: str) -> Completed:
        """What a verb of the deployed script does over SSH, as the program would run it."""
        return self.ssh(host, ["sudo", "-n", "bash", "-s", "--", verb], stdin=self.script(host, concern))

    # --- clients

    @property
    def ca(self) -> Path:
        """PEM file of the CA that the stack exports, written anew."""
        path = self.backend.parent / "registry-ca.pem"
        path.write_text(self.outputs()["caCertificatePem"])
        return path

    @property
    def client(self) -> Client:
        """push53 with Docker, skopeo and curl, and the first user's password."""
        user = self.system.users[0]
        return Client(self.host("push53"), self.name, self.vip, user, self.outputs()["passwords"][user])

    # --- inside

    @property
    def environment(self) -> Mapping[str, str]:
        """Of every engine command; the folder of its state is there, also after `renew`."""
        self.backend.mkdir(parents=True, exist_ok=True)
        return self._environment

    @cached_property
    def _environment(self) -> Mapping[str, str]:
        return engine.environment(self.backend, *self.plugins)

    @property
    def backend(self) -> Path:
        """Folder of the state."""
        return states.of(self.lab).place / "backend"

    @property
    def config_file(self) -> Path:
        """The stack file that the last `up` or `preview` used."""
        return states.of(self.lab).place / f"Pulumi.{STACK}.yaml"

    def _ops_argv(self, verb: str) -> list[str]:
        return [sys.executable, "-m", "ops", verb, "--stack", STACK, "--config-file", str(self.config_file)]

    def _ops(self, verb: str) -> Run:
        return self._run(self._ops_argv(verb))

    def _run(self, argv: Sequence[str]) -> Run:
        done = subprocess.run(
            argv,
            cwd=engine.PROJECT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=UP_S,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    def _lab(self, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        argv = [sys.executable, "-m", "lab", *arguments]
        done = subprocess.run(argv, cwd=engine.PROJECT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


class Pair(Deployment):
    """Two registries that share a VIP."""

    topology = "pair"
