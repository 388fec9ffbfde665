"""restore: a stack's settings and identity from a backup, so that the next `up` makes on new hosts what it was."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from ops.backup import Backup
from ops.deployment import Deployment, DeploymentError, resources_of
from settings import Fault, SettingsError, StackFile

ENCRYPTION = r"(?m)^(?:encryptionsalt|encryptedkey|secretsprovider):.*\n?"
"""Lines of a stack file by which its secrets were encrypted; the stack that is made gets its own."""


def restore(backup: Backup, deployment: Deployment) -> Sequence[str]:
    """Puts the identity into the stack, which is made where it is not there, and writes the stack file where there is none.

    The passphrase or key of the stack may be another than at the time of the backup. No host is asked or changed. May be run again
    after it was interrupted. Returns what was done, and what to do next.

    Raises:
        DeploymentError: the backup is of another stack, the stack has hosts, the stack file has other settings, or the engine refused;
            nothing was changed, but for an empty stack that was made.
        SettingsError: the stack file that is there cannot be read.
    """
    if backup.stack != deployment.stack:
        words = f"the backup is of the stack {backup.stack}"
        raise DeploymentError(f"restoring stack {deployment.stack}: {words}; run it with --stack {backup.stack}")
    is_there = deployment.stack_file.exists()
    with TemporaryDirectory() as folder:
        _refuse_other_stack_file(backup, deployment, Path(folder))
        text = deployment.stack_file.read_bytes() if is_there else re.sub(ENCRYPTION, "", backup.stack_file).encode()
        seen = deployment.apart(Path(folder), text)
        seen.select()
        found = seen.state()
        _refuse_foreign(backup, deployment, {str(each["urn"]) for each in resources_of(found)})
        encryption = _encryption(found, deployment)
        if not is_there:
            for name, value in backup.secrets.items():
                seen.set_secret(name, value)
        seen.write_state({**backup.state, "deployment": {**backup.state["deployment"], "secrets_providers": encryption}})
        if not is_there:
            StackFile(seen.stack_file).write(deployment.stack_file)
    return _next(backup, deployment, is_written=not is_there)


def _refuse_other_stack_file(backup: Backup, deployment: Deployment, folder: Path) -> None:
    """One that is there may stay, where it says the same; where there is none, one can be written."""
    place = deployment.stack_file
    if not place.exists():
        if not os.access(place.parent, os.W_OK):
            raise DeploymentError(f"restoring stack {deployment.stack}: {place} cannot be written; make its folder, or name another file")
        return
    saved = folder / f"Pulumi.{backup.stack}.saved.yaml"
    saved.write_text(backup.stack_file, "utf-8")
    there, then = StackFile(place), StackFile(saved)
    if there.system != then.system or there.secrets != then.secrets:
        words = f"{place} has other settings or secrets than the backup"
        raise DeploymentError(f"restoring stack {deployment.stack}: {words}; move it away, and compare afterwards")


def _refuse_foreign(backup: Backup, deployment: Deployment, found: set[str]) -> None:
    foreign = sorted(found - {str(each["urn"]) for each in resources_of(backup.state)})
    if foreign:
        stack, names = deployment.stack, ", ".join(urn.rpartition("::")[2] for urn in foreign[:3])
        gone = f"where its hosts are gone for good, forget it with: pulumi stack rm --force --preserve-config --stack {stack}"
        raise DeploymentError(f"restoring stack {stack}: it has {len(foreign)} resources of its own ({names}, ..); {gone}")


def _encryption(found: Mapping[str, Any], deployment: Deployment) -> Mapping[str, Any]:
    """How the stack encrypts the secrets of its state; the engine writes it into every stack that it makes."""
    encryption = cast("dict[str, Any]", found.get("deployment") or {}).get("secrets_providers")
    if not encryption:
        stack = deployment.stack
        words = f"it does not say how its secrets are encrypted; make it anew: pulumi stack rm --preserve-config --stack {stack}"
        raise DeploymentError(f"restoring stack {stack}: {words}, then run this again")
    return cast("dict[str, Any]", encryption)


def _faults(deployment: Deployment) -> Sequence[Fault]:
    """What the stack file names and this machine has not, such as the SSH key; `up` would refuse it."""
    try:
        StackFile(deployment.stack_file).load()
    except SettingsError as error:
        return error.faults
    return ()


def _next(backup: Backup, deployment: Deployment, *, is_written: bool) -> Sequence[str]:
    stack = deployment.stack
    file = f"{deployment.stack_file.name} was written" if is_written else f"{deployment.stack_file.name} stays as it is"
    up = f"python -m ops up --stack {stack}" + (f" --config-file {deployment.config_file}" if deployment.config_file else "")
    return [
        f"stack {stack} has its CA, certificates, users and secrets of {backup.made}; {file}",
        *(f"missing here: {fault}" for fault in _faults(deployment)),
        "next: pin the host keys of new hosts; put images back where the storage is theirs (docs/operations.md)",
        f"then: {up}",
        f"last: python -m ops compare --backup FILE --stack {stack}",
    ]
