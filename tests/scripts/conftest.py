"""Hosts and scripts of system A."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import Pair
from tests.scripts.concerns import ORDER, Concerns
from tests.scripts.sandbox import Sandbox


@pytest.fixture
def host(tmp_path: Path) -> Sandbox:
    """registry01 on Debian 12, as the distribution leaves it."""
    return Sandbox(tmp_path / "fresh")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, system: Pair) -> Sandbox:
    """registry01 on Debian 12 after `base`, to be copied."""
    sandbox = Sandbox(tmp_path_factory.mktemp("prepared"))
    sandbox.run(Concerns(system)["base"], "apply")
    return sandbox


@pytest.fixture
def based(tmp_path: Path, prepared: Sandbox) -> Sandbox:
    """registry01 on Debian 12 after `base`."""
    return prepared.copy(tmp_path / "based")


@pytest.fixture(scope="session")
def complete(tmp_path_factory: pytest.TempPathFactory, system: Pair, prepared: Sandbox) -> Sandbox:
    """registry01 after all concerns, to be copied."""
    sandbox = prepared.copy(tmp_path_factory.mktemp("complete") / "host")
    for concern in ORDER[1:]:
        sandbox.run(Concerns(system)[concern], "apply")
    return sandbox


@pytest.fixture
def serving(tmp_path: Path, complete: Sandbox) -> Sandbox:
    """registry01 while it serves; its log of calls is empty."""
    sandbox = complete.copy(tmp_path / "serving")
    sandbox.forget_calls()
    return sandbox


@pytest.fixture
def rocky(tmp_path: Path) -> Sandbox:
    """registry01 on Rocky 9 with Docker and firewalld."""
    return Sandbox(tmp_path / "rocky", "rocky")


@pytest.fixture
def scripts(system: Pair) -> Concerns:
    """All scripts of registry01."""
    return Concerns(system)
