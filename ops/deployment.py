"""One stack as it is deployed: its state, its lock, and the engine that changes it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import psutil

PROJECT = "ha-registry"
CLOCK_SLACK_S = 1
"""psutil knows the start of a process only to about a tick."""
ROOT = Path(__file__).resolve().parent.parent


class DeploymentError(Exception):
    """What was being done with which stack, and what to do now."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A stack of this program, reached through the `pulumi` on PATH."""

    stack: str
    config_file: Path | None = None
    """The stack file where it is not `Pulumi.<stack>.yaml`."""
    project: Path = ROOT
    """The folder with Pulumi.yaml."""

    @property
    def stack_file(self) -> Path:
        """Where its settings stand."""
        return self.config_file or self.project / f"Pulumi.{self.stack}.yaml"

    def run(self, verb: str, *arguments: str) -> int:
        """`pulumi VERB` on this stack with our streams; returns its exit code."""
        command = ["pulumi", verb, "--stack", self.stack, *self._config(), *arguments]
        return subprocess.run(command, cwd=self.project, check=False).returncode  # noqa: S603 - arguments, no shell

    def select(self) -> None:
        """Makes the stack in the backend where it is not there yet. Raises DeploymentError where the backend is out of reach.

        `pulumi stack select` reads and may write Pulumi.<stack>.yaml and knows no --config-file: another stack file is
        shown to it as a copy.
        """
        if self.config_file:
            if not self.config_file.is_file():
                words = f"{self.config_file} is no file; give the stack file with --config-file"
                raise DeploymentError(f"selecting stack {self.stack}: {words}")
            with TemporaryDirectory() as folder:
                self.apart(Path(folder), self.config_file.read_bytes()).select()
            return
        done = self._ask("stack", "select", "--create", "--stack", self.stack)
        if done.returncode:
            raise DeploymentError(
                f"selecting stack {self.stack}: {_last(done)}; check PULUMI_BACKEND_URL and the passphrase, then run it again"
            )

    def apart(self, folder: Path, stack_file: bytes) -> Deployment:
        """The same stack, seen from a project in `folder` that is made and has nothing but this stack file."""
        shutil.copy(ROOT / "Pulumi.yaml", folder / "Pulumi.yaml")
        seen = Deployment(stack=self.stack, project=folder)
        seen.stack_file.write_bytes(stack_file)
        return seen

    def drop_torn_attributes(self) -> bool:
        """Removes attributes of the state that a killed run had begun to write: with such a file the engine cannot read the state.

        A file backend replaces the state by a rename, but writes the `.attrs` beside it, a content type and checksum that the
        engine does without, in place (gocloud.dev, blob/fileblob). Returns whether there were any.
        """
        folder, torn = _state_folder(), False
        if folder is None:
            return torn
        stack = [folder / "stacks" / PROJECT, folder / "locks" / "organization" / PROJECT / self.stack]
        for file in (folder / "meta.yaml.attrs", *stack[0].glob(f"{self.stack}.*.attrs"), *stack[1].glob("*.attrs")):
            if file.exists() and not _is_json(file):
                file.unlink(missing_ok=True)
                torn = True
        return torn

    def free_dead_lock(self) -> bool:
        """Removes the lock that a killed run of this machine left behind; one of a living run, or of another machine, stays.

        Returns whether there was one. Only a file backend keeps its locks where this can look. Raises DeploymentError
        where a living run holds the stack.
        """
        locks = list(self._locks())
        living = [lock for lock in locks if _may_live(lock)]
        if living:
            holder = living[0]
            raise DeploymentError(
                f"stack {self.stack} is locked by process {holder.get('pid')} on {holder.get('hostname')} since {holder.get('timestamp')}, "
                "which may still run; wait for it, or end it and run this again"
            )
        if not locks:
            return False
        done = self._ask("cancel", "--yes", "--stack", self.stack)
        if done.returncode:
            raise DeploymentError(f"freeing the lock of stack {self.stack}: {_last(done)}; run: pulumi cancel --stack {self.stack}")
        return True

    def clear_pending_creates(self) -> bool:
        """Forgets creations that a killed run had begun: every script is safe to run again, so `up` makes them anew.

        Returns whether there were any.
        """
        state = self.state()
        deployment = cast(dict[str, Any], state.get("deployment") or {})
        pending = cast(list[dict[str, Any]], deployment.get("pending_operations") or [])
        kept = [each for each in pending if each.get("type") != "creating"]
        if len(kept) == len(pending):
            return False
        deployment["pending_operations"] = kept
        self.write_state(state, "or run: pulumi refresh --clear-pending-creates")
        return True

    def outputs(self) -> Mapping[str, Any]:
        """What the stack exports; secrets come as `[secret]`. Raises DeploymentError where it was never applied."""
        done = self._ask("stack", "output", "--json", "--stack", self.stack)
        if done.returncode:
            raise DeploymentError(f"reading the outputs of stack {self.stack}: {_last(done)}; run: pulumi up --stack {self.stack}")
        return cast(Mapping[str, Any], json.loads(done.stdout))

    def secret(self, name: str) -> str:
        """One secret key of the stack file, in clear. Raises DeploymentError where it cannot be read."""
        done = self._ask("config", "get", "--stack", self.stack, *self._config(), name)
        if done.returncode:
            raise DeploymentError(
                f"reading the secret {name} of stack {self.stack}: {_last(done)}; check the passphrase, then run it again"
            )
        return done.stdout.removesuffix("\n")

    def resources(self) -> Sequence[Mapping[str, Any]]:
        """All resources of the state, secrets in clear. Raises DeploymentError where the state cannot be read."""
        return resources_of(self.state("--show-secrets"))

    def set_secret(self, name: str, value: str) -> None:
        """Writes a secret key into the stack file, encrypted for this stack. Raises DeploymentError where it cannot be written."""
        done = self._ask("config", "set", "--raw", "--secret", name, "--stack", self.stack, *self._config(), given=value)
        if done.returncode:
            raise DeploymentError(
                f"writing the secret {name} of stack {self.stack}: {_last(done)}; check the passphrase, then run it again"
            )

    def state(self, *flags: str) -> dict[str, Any]:
        """The exported state; `--show-secrets` has secrets in clear. Raises DeploymentError where it cannot be read."""
        done = self._ask("stack", "export", "--stack", self.stack, *flags)
        if done.returncode:
            raise DeploymentError(f"reading the state of stack {self.stack}: {_last(done)}; check PULUMI_BACKEND_URL, then run it again")
        return cast(dict[str, Any], json.loads(done.stdout))

    def write_state(self, state: Mapping[str, Any], otherwise: str = "") -> None:
        """Puts an exported state in place of the stack's; the engine refuses one that contradicts itself, and keeps the old.

        Raises DeploymentError where it was not taken; `otherwise` says what else may be done then.
        """
        done = self._ask("stack", "import", "--stack", self.stack, given=json.dumps(state))
        if done.returncode:
            remedy = f"run it again{otherwise and f', {otherwise}'}"
            raise DeploymentError(f"writing the state of stack {self.stack}: {_last(done)}; check the passphrase, then {remedy}")

    def _locks(self) -> Iterator[Mapping[str, Any]]:
        if folder := _state_folder():
            for file in sorted((folder / "locks" / "organization" / PROJECT / self.stack).glob("*.json")):
                yield cast(Mapping[str, Any], json.loads(file.read_text("utf-8")))

    def _config(self) -> list[str]:
        return ["--config-file", str(self.config_file)] if self.config_file else []

    def _ask(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - arguments, no shell
            ["pulumi", *arguments, "--non-interactive"], cwd=self.project, input=given, text=True, capture_output=True, check=False
        )


def resources_of(state: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """The resources of an exported state, in the engine's order."""
    deployment = cast(dict[str, Any], state.get("deployment") or {})
    return cast(list[dict[str, Any]], deployment.get("resources") or [])


def _state_folder() -> Path | None:
    """Where a file backend keeps everything; None for any other backend."""
    backend = os.environ.get("PULUMI_BACKEND_URL", "")
    if not backend.startswith("file://"):
        return None
    return Path(backend.removeprefix("file://").partition("?")[0]).expanduser() / ".pulumi"


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_text("utf-8"))
    except ValueError:
        return False
    return True


def _may_live(lock: Mapping[str, Any]) -> bool:
    """Whether the process that wrote `lock` still runs; a zombie, or a later process with its id, does not count."""
    if lock.get("hostname") != socket.gethostname():
        return True
    try:
        process = psutil.Process(int(lock["pid"]))
        locked = datetime.fromisoformat(str(lock["timestamp"]))
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= locked.timestamp() + CLOCK_SLACK_S
    except psutil.NoSuchProcess:
        return False


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"exit code {done.returncode}"
