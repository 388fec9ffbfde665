"""Raw YAML and JSON, before anything is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from settings.fault import HIDDEN, Fault, SettingsError

ROOT = "ha-registry:system"
"""The config key that holds all settings."""
MAX_DEPTH = 32


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Whether it has keys; what these are is not known yet."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list; what is in it is not known yet."""
    return isinstance(value, list)


def unwrapped(value: object, depth: int = 0) -> object:
    """Plain dicts, lists and text of what a YAML or JSON reader gave.

    Raises:
        SettingsError: it is nested deeper than any settings are, as a YAML alias to itself is.
    """
    if depth > MAX_DEPTH:
        raise SettingsError(
            [Fault(ROOT, HIDDEN, f"is nested deeper than {MAX_DEPTH} levels", "look for a YAML alias inside its own anchor")]
        )
    if is_mapping(value):
        return {unwrapped(key, depth + 1): unwrapped(below, depth + 1) for key, below in value.items()}
    if is_list(value):
        return [unwrapped(each, depth + 1) for each in value]
    return str(value) if isinstance(value, str) else value
