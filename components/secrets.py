"""The user's own secrets: config keys beside the settings, never part of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

SETTINGS = "system"


@dataclass(frozen=True)
class Secrets:
    """Hands out secrets as Outputs; their text is never seen here."""

    config: pulumi.Config
    names: Collection[str]
    """Which are set, without namespace."""
    plain: Collection[str]
    """Which other keys stand in the stack file in clear; settings.load refuses them."""

    @classmethod
    def of(cls, config: pulumi.Config) -> Secrets:
        """All keys of this project but the settings."""
        prefix = f"{config.name}:"
        keys = {key.removeprefix(prefix) for key in {*CONFIG.get(), *get_config_env()} if key.startswith(prefix)} - {SETTINGS}
        names = {key for key in keys if is_config_secret(prefix + key)}
        return cls(config=config, names=names, plain=keys - names)

    def get(self, name: str) -> pulumi.Output[str] | None:
        """The secret `name`, or None where it is not set."""
        return self.config.get_secret(name)

    def require(self, name: str) -> pulumi.Output[str]:
        """The secret `name`; settings.load has refused a stack without it."""
        return self.config.require_secret(name)
