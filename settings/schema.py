"""JSON schema of a stack file, for editors: `python -m settings.schema` writes it beside this module."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from settings.kubernetes import Kubernetes
from settings.model import Fronted, Pair
from settings.raw import ROOT
from settings.rules.secret import NAMESPACE
from settings.secret import FIXED, PASSWORD

PATH = Path(__file__).with_name("schema.json")
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema of a whole stack file: settings, secrets beside them, and keys of Pulumi's own."""
    system = TypeAdapter(Annotated[Pair | Fronted | Kubernetes, Field(discriminator="topology")]).json_schema(by_alias=True)
    definitions = system.pop("$defs")
    secret = {
        "type": "object",
        "properties": {"secure": {"type": "string"}},
        "required": ["secure"],
        "additionalProperties": False,
    }
    secrets = {
        f"{NAMESPACE}{name}": {"$ref": "#/$defs/Secret", "description": f"{what[0].upper()}{what[1:]}."} for name, what in FIXED.items()
    }
    config = {
        "type": "object",
        "properties": {ROOT: {"$ref": "#/$defs/System"}, **secrets},
        "patternProperties": {f"^{NAMESPACE}{PASSWORD}": {"$ref": "#/$defs/Secret"}, f"^(?!{NAMESPACE})": True},
        "required": [ROOT],
        "additionalProperties": False,
    }
    return {
        "$schema": DRAFT,
        "title": "Stack file of ha-registry",
        "type": "object",
        "properties": {"config": config},
        "required": ["config"],
        "$defs": {**definitions, "System": system, "Secret": secret},
    }


def text() -> str:
    """The schema as its file has it."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
