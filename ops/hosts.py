"""join, remove, rebuild: the hosts of a stack, in its stack file and in its state."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from ops.deployed import REMOTE_COMMAND, host_and_concern
from ops.deployment import Deployment, DeploymentError, resources_of
from settings import SettingsError, StackFile, warnings
from settings.stackfile import GROUPS


class Role(StrEnum):
    """What a host does."""

    REGISTRY = "registry"
    FRONT = "front"
    CLIENT = "client"


GROUP: Mapping[Role, str] = {Role.REGISTRY: "registries", Role.FRONT: "fronts", Role.CLIENT: "clients"}
"""The settings that hold the hosts of a role."""
LEFT = (
    "its key and certificate, the users' hashes, its registry or haproxy, its images, and a keepalived that may take the VIP: "
    "never let it come back to this network before it is wiped"
)
"""What a dead host still has of the stack."""


class Edited:
    """A stack file with one change, checked and not written yet."""

    def __init__(self, path: Path, change: Callable[[StackFile], None]) -> None:
        """Reads, changes and checks.

        Raises:
            SettingsError: the change cannot be made, or what comes of it is no valid stack; with every fault.
        """
        self._file = StackFile(path)
        before, said = self._file.text, _said(StackFile(path))
        change(self._file)
        self.warnings = [words for warning in warnings(self._file.load()) if (words := str(warning)) not in said]
        """What is said of the new settings, and was not of the old."""
        lines = difflib.unified_diff(before.splitlines(), self._file.text.splitlines(), n=0, lineterm="")
        self.lines = [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]

    @property
    def text(self) -> str:
        """The whole file as it would be written."""
        return self._file.text

    def write(self) -> None:
        """Writes it in one step."""
        self._file.write()


def _said(file: StackFile) -> set[str]:
    """Warnings about a stack file; none where it has faults, which the change may mend."""
    try:
        return {str(warning) for warning in warnings(file.load())}
    except SettingsError:
        return set()


def group_of(file: StackFile, host: str) -> str:
    """The group of settings that holds a host. Raises DeploymentError where there is no such host."""
    groups = {group: hosts for group in GROUPS if (hosts := file.system.get(group))}
    found = [group for group, hosts in groups.items() if host in hosts]
    if not found:
        known = ", ".join(name for hosts in groups.values() for name in hosts) or "none"
        raise DeploymentError(f"{file.path.name}: no host {host}; choose one of: {known}")
    return found[0]


def refuse_last(file: StackFile, host: str) -> None:
    """Raises DeploymentError where no registry, or no front, would be left, or where there is no such host."""
    group = group_of(file, host)
    if group != GROUP[Role.CLIENT] and len(file.system[group]) == 1:
        end = f"the whole stack is ended by: python -m ops destroy --stack {file.stack}"
        raise DeploymentError(f"{file.path.name}: {host} is the last of {group}, and without one nothing serves; {end}")


def forget(deployment: Deployment, host: str) -> Sequence[str]:
    """Takes the scripts of a host out of the state; the host is not asked, and no other script changes. Returns their concerns.

    The next `up` applies them all where the stack file still has the host, and never removes them where it has not.

    Raises:
        DeploymentError: the state cannot be read or written; it stays as it is.
    """
    state, concerns = without(deployment.state(), host)
    if concerns:
        deployment.write_state(state)
    return concerns


def without(state: Mapping[str, Any], host: str) -> tuple[dict[str, Any], Sequence[str]]:
    """An exported state without the scripts of a host, which nothing in it refers to any more, and their concerns."""
    gone = {
        str(each["urn"]) for each in resources_of(state) if each["type"] == REMOTE_COMMAND and host_and_concern(str(each["urn"]))[0] == host
    }
    kept = [_unbound(each, gone) for each in resources_of(state) if each["urn"] not in gone]
    concerns = sorted(host_and_concern(urn)[1] for urn in gone)
    return {**state, "deployment": {**state.get("deployment", {}), "resources": kept}}, concerns


def _unbound(resource: Mapping[str, Any], gone: set[str]) -> dict[str, Any]:
    """The resource, which waits for none of `gone`."""
    bound = dict(resource)
    if "dependencies" in bound:
        bound["dependencies"] = [urn for urn in bound["dependencies"] if urn not in gone]
    if "propertyDependencies" in bound:
        bound["propertyDependencies"] = {
            name: [urn for urn in urns or () if urn not in gone] for name, urns in bound["propertyDependencies"].items()
        }
    return bound
