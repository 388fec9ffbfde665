"""A fault in the settings: where it is, what stands there, which rule it breaks, what to do now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

HIDDEN = "(not shown)"
"""Stands for a value that is, or could be, a secret in the wrong place."""
MISSING = "(missing)"
MAX_SHOWN = 100

_SECRET = re.compile(r"PRIVATE KEY|://[^/]*@|^[^/@]*:[^/@]*@|\s\S+\s")
"""A key, a URL or reference with credentials in it, running text."""


@dataclass(frozen=True, order=True)
class Fault:
    """One broken rule, worded the same whether settings or a host found it."""

    path: str
    """In the spelling of the stack file, e.g. `registries.registry01.address`."""
    value: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.value}: {self.rule}; {self.remedy}"


class SettingsError(Exception):
    """The settings break at least one rule; `faults` holds all of them, sorted by path."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: Sequence[Fault] = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def refused(rule: str, remedy: str, *, hidden: bool = False) -> PydanticCustomError:
    """What a validator raises; `hidden` keeps the value out of the fault."""
    return PydanticCustomError("refused", "refused by settings", {"rule": rule, "remedy": remedy, "hidden": hidden})


def shown(value: object) -> str:
    """The value as a fault may print it: short, on one line, nothing that looks like a secret."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple, set, frozenset)):
        return "a list"
    if isinstance(value, int) and abs(value) >= 10**MAX_SHOWN:
        return "a huge number"
    text = str(value)
    if isinstance(value, str) and re.fullmatch(r"|[0-9]+(\.[0-9]+)?|true|false|null", text):
        return f'"{text}"'
    return HIDDEN if len(text) > MAX_SHOWN or not text.isprintable() or _SECRET.search(text) else text


def joined(*parts: object) -> str:
    """The path of a key below others; a key that is no plain word is quoted and cut."""
    return ".".join(_key(part) for part in parts)


def _key(part: object) -> str:
    text = str(part) if not isinstance(part, bool) else str(part).lower()
    if re.fullmatch(r"[\w:./-]{1,64}", text):
        return text
    return "(odd key)"
