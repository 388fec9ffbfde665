"""What the docstrings below the settings say, read from the source when somebody asks: a run without a fault never does."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise
from typing import Any


@cache
def descriptions(model: type[Any]) -> dict[str, str]:
    """The docstring of each field by its name, those that the class inherits included."""
    found: dict[str, str] = {}
    for base in reversed(model.__bases__):
        found |= descriptions(base) if getattr(base, "model_fields", None) else {}
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    for field, below in pairwise(body.body if isinstance(body, ast.ClassDef) else []):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            found[field.target.id] = inspect.cleandoc(ast.literal_eval(below.value))
    return found


def describe(schema: dict[str, Any], model: type[Any]) -> None:
    """Adds them to the JSON schema of `model`."""
    for name, text in descriptions(model).items():
        schema["properties"][model.model_fields[name].alias or name]["description"] = text
