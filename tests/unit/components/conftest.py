"""Runs of the topologies, made once for all tests that only look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.secrets import Secrets
from components.topology import TopologyArgs
from settings import AnySystem, Pair
from tests.golden.cases import CASES, SECRETS, loaded, needed
from tests.golden.files import TOPOLOGIES
from tests.unit.components.engine_double import FakeEngine

Run = Callable[..., FakeEngine]


def run_system(system: AnySystem, *, preview: bool = False, secrets: Mapping[str, str] | None = None) -> FakeEngine:
    """`up` or `preview` of a system with the user's own secrets."""
    given = dict(secrets or {})
    topology = TOPOLOGIES[system.topology]

    def program() -> None:
        topology("registry", TopologyArgs(system=system, secrets=Secrets.of(pulumi.Config())))

    return FakeEngine(preview=preview).run(program, given, list(given))


@pytest.fixture(scope="session")
def up(system: Pair) -> FakeEngine:
    """System A after `up`."""
    return run_system(system)


@pytest.fixture(scope="session")
def preview(system: Pair) -> FakeEngine:
    """System A in its first preview."""
    return run_system(system, preview=True)


@pytest.fixture(params=["up", "preview"])
def engine(request: pytest.FixtureRequest) -> FakeEngine:
    """Both, one after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture(
    scope="session", params=[(case, run) for case in ("fronted-http", "fronted-tcp") for run in ("up", "preview")], ids="-".join
)
def fronted(request: pytest.FixtureRequest, stack_folder: Path) -> FakeEngine:
    """Systems B and E, after `up` and in their first preview."""
    case, run = request.param
    mapping = CASES[case]()
    return run_system(loaded(mapping, stack_folder), preview=run == "preview", secrets=secrets_of(mapping))


@pytest.fixture(
    scope="session",
    params=[(case, run) for case in CASES if case.startswith("kubernetes-") for run in ("up", "preview")],
    ids="-".join,
)
def kubernetes(request: pytest.FixtureRequest, stack_folder: Path) -> FakeEngine:
    """A registry in a cluster, on every kind of storage, after `up` and in its first preview."""
    case, run = request.param
    mapping = CASES[case]()
    return run_system(loaded(mapping, stack_folder), preview=run == "preview", secrets=secrets_of(mapping))


def secrets_of(mapping: Mapping[str, Any]) -> Mapping[str, str]:
    """What a system cannot do without, with texts that are found again."""
    return {name: f"{name}-text" for name in SECRETS if name in needed(mapping)}


@pytest.fixture(scope="session")
def run(stack_folder: Path) -> Run:
    """Runs any mapping."""

    def of(mapping: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> FakeEngine:
        return run_system(loaded(mapping, stack_folder, secrets or {}), secrets=secrets)

    return of
