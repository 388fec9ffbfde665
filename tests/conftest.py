"""Fixtures that every kind of test shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from settings import Pair
from tests.golden.cases import loaded, pair, write_files
from tests.sshd import sshd

__all__ = ["sshd"]


@pytest.fixture(scope="session")
def stack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that a stack file of the cases names."""
    folder = tmp_path_factory.mktemp("stack")
    write_files(folder)
    return folder


@pytest.fixture
def system_mapping() -> dict[str, Any]:
    """System A, as its stack file says it."""
    return pair()


@pytest.fixture(scope="session")
def system(stack_folder: Path) -> Pair:
    """System A, loaded."""
    return loaded(pair(), stack_folder)


@pytest.fixture(scope="session")
def load_system(stack_folder: Path) -> Callable[[Mapping[str, Any]], Pair]:
    """Loads any mapping against the files of `stack_folder`."""
    return lambda mapping: loaded(mapping, stack_folder)
