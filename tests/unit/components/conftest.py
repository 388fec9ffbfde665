"""Runs of the topology, made once for all tests that only look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.pair import PairArgs, PairTopology
from components.secrets import Secrets
from settings import Pair
from tests.golden.cases import loaded
from tests.unit.components.engine_double import FakeEngine

Run = Callable[..., FakeEngine]


def run_pair(system: Pair, *, preview: bool = False, secrets: Mapping[str, str] | None = None) -> FakeEngine:
    """`up` or `preview` of a pair with the user's own secrets."""
    given = dict(secrets or {})

    def program() -> None:
        PairTopology("registry", PairArgs(system=system, secrets=Secrets.of(pulumi.Config())))

    return FakeEngine(preview=preview).run(program, given, list(given))


@pytest.fixture(scope="session")
def up(system: Pair) -> FakeEngine:
    """System A after `up`."""
    return run_pair(system)


@pytest.fixture(scope="session")
def preview(system: Pair) -> FakeEngine:
    """System A in its first preview."""
    return run_pair(system, preview=True)


@pytest.fixture(params=["up", "preview"])
def engine(request: pytest.FixtureRequest) -> FakeEngine:
    """Both, one after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def run(stack_folder: Path) -> Run:
    """Runs any mapping."""

    def of(mapping: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> FakeEngine:
        return run_pair(loaded(mapping, stack_folder, secrets or {}), secrets=secrets)

    return of
