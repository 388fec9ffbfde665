"""backup: what a stack is, in one sealed file: its settings and secrets, its identity, and which images it holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops.deployment import Deployment
from ops.identity import identity
from ops.sealed import Sealed, SealedError, sealed
from ops.tags import Tags
from settings import StackFile


@dataclass(frozen=True, kw_only=True)
class Backup:
    """All that is in the file, secrets in clear."""

    stack: str
    made: str
    """When, UTC."""
    stack_file: str = field(repr=False)
    """Its text as it stood, secrets encrypted for the stack of that time."""
    secrets: Mapping[str, str] = field(repr=False)
    """The same secrets in clear, by name."""
    state: Mapping[str, Any] = field(repr=False)
    """The identity, as `ops.identity.identity` gives it."""
    tags: Tags | None = None
    """What the registry held; None where it was not asked."""

    @classmethod
    def of(cls, deployment: Deployment, tags: Tags | None) -> Backup:
        """Reads the stack file and the state; `tags` is what its registry holds.

        Raises:
            SettingsError: the stack file cannot be read.
            DeploymentError: the state, or a secret of the stack file, cannot be read.
        """
        file = StackFile(deployment.stack_file)
        return cls(
            stack=deployment.stack,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            stack_file=deployment.stack_file.read_text("utf-8"),
            secrets={name: deployment.secret(name) for name in sorted(file.secrets)},
            state=identity(deployment.state("--show-secrets")),
            tags=tags,
        )

    @classmethod
    def opened(cls, file: Sealed, passphrase: str) -> Backup:
        """What is in a sealed file. Raises SealedError as `Sealed.opened`, or where something else is in it."""
        try:
            return cls(**json.loads(file.opened(passphrase)))
        except (ValueError, TypeError) as error:
            raise SealedError(
                f"{file.name}: holds something else than a backup; name the file that `python -m ops backup` wrote"
            ) from error

    def sealed(self, passphrase: str) -> bytes:
        """The whole file."""
        return sealed(json.dumps(asdict(self)).encode(), passphrase)

    def summary(self, path: Path) -> str:
        """One line without any secret."""
        held = "no list of images" if self.tags is None else f"a list of {len(self.tags)} tags"
        return f"{path}: stack {self.stack} as of {self.made}: stack file, {len(self.secrets)} secrets of it, identity, {held}"
