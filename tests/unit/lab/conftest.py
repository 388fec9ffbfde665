"""A second lab, named blue: the lab `old` of a test module, moved to a network of its own."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab.plan import Plan
from lab.state import State


@pytest.fixture
def plan(old: Plan) -> Plan:
    return old.moved("blue", IPv4Network("172.30.4.0/24"))


@pytest.fixture
def state(tmp_path: Path, plan: Plan) -> State:
    made = State(tmp_path / "blue")
    made.prepare(plan)
    return made
