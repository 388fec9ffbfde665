"""Durations and sizes as a stack file writes them: a whole number with its unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from settings.fault import refused


@dataclass(frozen=True, order=False)
class Quantity:
    """A positive whole number with a unit, equal to another when both say the same amount."""

    text: str
    """As written, e.g. `100ms`."""

    PATTERN: ClassVar[str]
    UNITS: ClassVar[Mapping[str, int]]
    EXAMPLES: ClassVar[str]

    def __post_init__(self) -> None:
        """Refuse a text without unit.

        Raises:
            ValueError: the text is not a positive whole number followed by a unit.
        """
        if not re.fullmatch(self.PATTERN, self.text):
            raise ValueError(f"{self.text!r} is not a quantity such as {self.EXAMPLES}")

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.amount == other.amount

    def __hash__(self) -> int:
        return hash((type(self), self.amount))

    @property
    def amount(self) -> int:
        """The whole amount, in the smallest unit."""
        found = re.fullmatch(r"(\d+)(\D+)", self.text)
        if found is None:
            raise AssertionError(self.text)
        return int(found[1]) * self.UNITS[found[2]]

    @classmethod
    def parse(cls, value: object) -> Self:
        """The quantity that a stack file wrote.

        Raises:
            PydanticCustomError: it is not text with a number and a unit.
        """
        if isinstance(value, cls):
            return value
        if not isinstance(value, str) or not re.fullmatch(cls.PATTERN, value):
            raise refused("must be a positive whole number with its unit", f"write for example {cls.EXAMPLES}")
        return cls(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic reads it (`parse`) and writes it (its text)."""
        return core_schema.no_info_plain_validator_function(cls.parse, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A string with the pattern of this quantity."""
        return {"type": "string", "pattern": cls.PATTERN}


class Duration(Quantity):
    """A time span: `100ms`, `5s`, `10m`, `12h`, `365d`."""

    PATTERN: ClassVar[str] = r"^[1-9][0-9]{0,8}(ms|s|m|h|d)$"
    UNITS: ClassVar[Mapping[str, int]] = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
    EXAMPLES: ClassVar[str] = "100ms, 5s, 10m, 12h or 365d"

    @property
    def seconds(self) -> float:
        """The span in seconds."""
        return self.amount / 1000

    @property
    def hours(self) -> int:
        """The span in whole hours, rounded down."""
        return self.amount // self.UNITS["h"]


class Size(Quantity):
    """An amount of bytes in binary units: `64Mi`, `5Gi`, `1Ti`."""

    PATTERN: ClassVar[str] = r"^[1-9][0-9]{0,8}(Ki|Mi|Gi|Ti)$"
    UNITS: ClassVar[Mapping[str, int]] = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
    EXAMPLES: ClassVar[str] = "512Mi, 5Gi or 1Ti"

    @property
    def bytes(self) -> int:
        """The size in bytes."""
        return self.amount
