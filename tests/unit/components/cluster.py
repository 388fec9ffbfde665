"""Looking at the objects that a topology in a cluster makes."""

from __future__ import annotations

import base64
import copy
from typing import Any

from tests.golden.cases import CASES
from tests.unit.components.conftest import Run, secrets_of
from tests.unit.components.engine_double import FakeEngine, Resource


def objects(engine: FakeEngine) -> dict[str, Resource]:
    return {resource.name: resource for resource in engine.made if resource.type.startswith("kubernetes:")}


def made(run: Run, case: str, **changes: Any) -> FakeEngine:
    mapping = CASES[case]() | copy.deepcopy(changes)
    return run(mapping, secrets=secrets_of(mapping))


def text(resource: Resource, key: str) -> str:
    """One key of a Secret, decoded."""
    return base64.b64decode(resource.plain("data")[key]).decode()
