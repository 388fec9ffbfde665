"""The base of all models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from settings.description import describe


class Section(BaseModel):
    """Base of all models: unknown keys refused, values immutable, camelCase in the stack file."""

    model_config = ConfigDict(
        defer_build=True,  # a run uses the models of one topology
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        alias_generator=to_camel,
        populate_by_name=True,
        json_schema_extra=describe,
    )
