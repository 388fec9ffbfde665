"""Warnings: what is allowed, and said in every preview."""

from __future__ import annotations

from typing import Any

import pytest

from settings import warnings
from tests.unit.settings.valid import Stack


def replicas(count: int) -> dict[str, str]:
    return {f"replica{number}": f"10.20.0.{20 + number}" for number in range(1, count + 1)}


@pytest.mark.parametrize(
    ("mode", "count", "says"),
    [
        ("tcp", 1, "a single replica: while it fails, nothing serves"),
        ("http", 1, "a single replica: while it fails, nothing serves"),
        ("tcp", 2, "2 replicas survive 1 of them failing: they share one storage and have no quorum; while one is changed"),
        ("tcp", 4, "4 replicas survive 3 of them failing"),
        ("tcp", 6, "6 replicas survive 5 of them failing"),
    ],
)
def test_number_of_replicas_is_questioned(fronted: Stack, mode: str, count: int, says: str) -> None:
    """Fewer than three or an even number in system E's shape is one warning, and no fault."""
    fronted.pin(*replicas(count).values())
    system = fronted.change(**{"haproxy/mode": mode, "registries": replicas(count)}).load()
    (warning,) = warnings(system)
    assert (warning.path, warning.value) == ("registries", ", ".join(replicas(count)))
    assert says in warning.rule


@pytest.mark.parametrize(("mode", "count"), [("tcp", 3), ("tcp", 5), ("tcp", 7), ("http", 2), ("http", 4)])
def test_number_of_replicas_is_fine(fronted: Stack, mode: str, count: int) -> None:
    """Odd numbers of three and more, and any number but one where TLS ends at the fronts, need no word."""
    fronted.pin(*replicas(count).values())
    assert warnings(fronted.change(**{"haproxy/mode": mode, "registries": replicas(count)}).load()) == ()


@pytest.mark.parametrize(
    ("changes", "path", "says"),
    [
        ({"storage/s3/redirect": True}, "storage.s3.redirect", "https://rgw.example.com:8443"),
        ({"storage": {"mounted": {"path": "/srv/images"}}, "haproxy/balance": "leastconn"}, "haproxy.balance", "if it is NFS"),
    ],
)
def test_choice_that_only_the_writer_can_judge(fronted: Stack, changes: dict[str, Any], path: str, says: str) -> None:
    """What is right or wrong depending on what we cannot see is said."""
    fronted.change(**changes)
    fronted.secrets = fronted.secrets if "s3" in fronted.system["storage"] else ()
    (warning,) = warnings(fronted.load())
    assert warning.path == path
    assert says in warning.rule


def test_pair_has_no_warning(stack: Stack) -> None:
    """Two registries are what a pair is."""
    assert warnings(stack.load()) == ()


def test_disks_that_nothing_keeps_equal_are_questioned(stack: Stack) -> None:
    """A pair whose images are copied needs no word; where they shall not be, what that means is said."""
    assert warnings(stack.load()) == ()
    (warning,) = warnings(stack.change(**{"replication/enabled": False}).load())
    assert (warning.path, warning.value) == ("replication.enabled", "false")
    assert "after a move of the VIP it is missing" in warning.rule
