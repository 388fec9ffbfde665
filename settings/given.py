"""What a rule gets to see, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from settings.fault import Fault, SettingsError
from settings.host import Host
from settings.kubernetes import Kubernetes
from settings.model import Fronted, Pair, System, Vms
from settings.section import Section
from settings.ssh import Ssh
from settings.topology import AnySystem

S = TypeVar("S", bound=System, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Checked(Generic[S]):
    """The settings of a stack and what they are checked against."""

    system: S
    """Where the models found faults, only what did parse; a rule names what it needs."""
    base: Path
    """Folder of the stack file."""
    stack: str
    secrets: frozenset[str]
    """Names of the secrets that are set, never their values."""
    plain: frozenset[str]
    """Names of our other config keys, which are not encrypted."""
    now: datetime

    def file(self, written: str) -> Path:
        """The absolute path that a setting means: `~` expanded, else relative to the stack file."""
        try:
            expanded = Path(written).expanduser()
        except RuntimeError:  # ~nobody: no such user; the file is then missing, by this name
            expanded = Path(written)
        return (self.base / expanded).absolute()

    def set_secret(self, name: str, what: str) -> str:
        """The remedy that sets a secret; the command reads the value from its standard input."""
        return f"run `pulumi config set --stack {self.stack} --secret {name}` and give it {what} on standard input"


Given = Checked[Pair | Fronted]
"""On machines of one's own."""
KubeGiven = Checked[Kubernetes]
"""In a cluster."""
AnyGiven = Checked[AnySystem]
"""Anywhere."""


def known_hosts(given: AnyGiven, ssh: Ssh) -> Path:
    """The file of pinned host keys."""
    return given.file(ssh.known_hosts or f"Pulumi.{given.stack}.known_hosts")


def roles(system: Vms) -> Iterator[tuple[str, Host]]:
    """Every host with the path of its entry."""
    for role, hosts in system.roles.items():
        for host in hosts:
            yield f"{role}.{host.name}", host


def path_of(system: Vms, host: Host) -> str:
    """The path of the host's entry."""
    return next(path for path, other in roles(system) if other is host)


Check = Callable[[Checked[Any]], Iterable[Fault]]


@dataclass(frozen=True)
class Rule:
    """A rule over several settings, or over a setting and the world outside."""

    needs: tuple[str, ...]
    """Attributes that must have parsed, dotted; without one of them the rule says nothing."""
    check: Check

    def faults(self, given: AnyGiven) -> Iterable[Fault]:
        """The faults of this rule; none where what it needs did not parse."""
        if not all(has(given.system, path) for path in self.needs):
            return ()
        try:
            return tuple(self.check(given))
        except SettingsError as error:
            return error.faults


def rule(*needs: str) -> Callable[[Check], Rule]:
    """Makes a function a rule that needs these settings."""
    return lambda check: Rule(needs, check)


def has(system: Section, path: str) -> bool:
    """Whether the dotted attribute did parse; what is below an absent section, or unknown to the topology, counts as there."""
    at: Section | None = system
    for name in path.split("."):
        if at is None or name not in type(at).model_fields:
            return True
        if name not in vars(at):
            return False
        below = vars(at)[name]
        at = below if isinstance(below, Section) else None
    return True
