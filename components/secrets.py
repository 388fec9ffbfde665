"""The user's own secrets: config keys beside the settings, never part of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

SETTINGS = "system"


class PlainSecretError(Exception):
    """A secret stands in the stack file in clear."""


@dataclass(frozen=True)
class Secrets:
    """Hands out secrets as Outputs; their text is never seen here."""

    config: pulumi.Config
    names: Collection[str]
    """Which are set, without namespace."""

    @classmethod
    def of(cls, config: pulumi.Config) -> Secrets:
        """All keys of this project but the settings. Raises PlainSecretError for one that is not encrypted."""
        prefix = f"{config.name}:"
        names = {key.removeprefix(prefix) for key in {*CONFIG.get(), *get_config_env()} if key.startswith(prefix)} - {SETTINGS}
        plain = sorted(name for name in names if not is_config_secret(prefix + name))
        if plain:
            commands = "\n".join(f"  pulumi config set --secret {name}" for name in plain)
            raise PlainSecretError(
                f"these stand in the stack file in clear: {', '.join(plain)}; set each again, from stdin, as a secret:\n{commands}"
            )
        return cls(config=config, names=names)

    def get(self, name: str) -> pulumi.Output[str] | None:
        """The secret `name`, or None where it is not set."""
        return self.config.get_secret(name)

    def require(self, name: str) -> pulumi.Output[str]:
        """The secret `name`; settings.load has refused a stack without it."""
        return self.config.require_secret(name)
