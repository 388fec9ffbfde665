"""The kinds of single values in a stack file: each says its rule and its remedy, and its JSON schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from settings.fault import refused

MAX_PATH = 1024


@dataclass(frozen=True)
class Parsed:
    """Annotation: the value is what `read` makes of it; editors check `json_schema`."""

    read: Callable[[Any], Any]
    json_schema: tuple[tuple[str, Any], ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic reads it."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What editors check."""
        return {key: list(cast(tuple[Any, ...], value)) if isinstance(value, tuple) else value for key, value in self.json_schema}


def text(pattern: str, rule: str, remedy: str, *, hidden: bool = False) -> Parsed:
    """Text that matches the whole of `pattern`; `hidden` where people put a secret by mistake."""

    def read(value: object) -> str:
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        raise refused(rule, remedy, hidden=hidden)

    return Parsed(read, (("type", "string"), ("pattern", pattern)))


def whole(low: int, high: int, what: str) -> Parsed:
    """A whole number from `low` to `high`; no text, no truth value."""

    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise refused(f"must be a whole number from {low} to {high}: {what}", "write the number without quotes")

    return Parsed(read, (("type", "integer"), ("minimum", low), ("maximum", high)))


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise refused("must be true or false", "write true or false, without quotes")


Flag = Annotated[bool, Parsed(_flag, (("type", "boolean"),))]


def _file_path(value: object) -> str:
    if isinstance(value, str) and value and len(value) <= MAX_PATH and value.isprintable():
        return value
    raise refused("must be the path of a file, not its content", "write the path: absolute, from ~, or relative to the stack file")


FilePath = Annotated[str, Parsed(_file_path, (("type", "string"), ("minLength", 1), ("maxLength", MAX_PATH)))]

UserName = Annotated[
    str,
    text(
        r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$",
        "must be a user's name alone: letters, digits, '.', '_' and '-', at most 32, first a letter or digit",
        "write the name; its password is generated, or the secret password-NAME",
        hidden=True,
    ),
]

PullUser = Annotated[
    str,
    text(
        r"^[A-Za-z0-9][A-Za-z0-9._@+$-]{0,127}$",
        "must be a user's name alone",
        "write the name; its password is the secret imagePassword",
        hidden=True,
    ),
]

LoginName = Annotated[
    str,
    text(
        r"^[a-z_][a-z0-9_-]{0,31}$",
        "must be the name of a Unix user",
        "write a user who may run sudo without password on every host, e.g. ops",
    ),
]

ProxyUrl = Annotated[
    str,
    text(
        r"^https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}:[0-9]{1,5}/?$",
        "must be http://HOST:PORT or https://HOST:PORT, without credentials",
        "write for example http://proxy.example:3128",
    ),
]
