"""How a gap is counted."""

import socket
import threading
from pathlib import Path

import pytest

from lab.certificate import Authority
from lab.prober import Attempt, Prober, Target, report


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    path.write_text(Authority("test").pem)
    return str(path)


def attempt(started_ms: int, took_ms: int = 5, cause: str = "") -> Attempt:
    return Attempt(started_ms / 1000, (started_ms + took_ms) / 1000, cause)


def test_gap_is_longest_time_between_successes() -> None:
    """Failures in a row are one gap, from the success before them to the success after them."""
    seen = [attempt(0), attempt(10), attempt(20, 100, "timeout"), attempt(30, 1, "refused"), attempt(150), attempt(160)]
    figures = report(seen)
    assert (figures.gap_ms, figures.gap_at_ms, figures.failed, figures.causes) == (140, 15, 2, {"timeout": 1, "refused": 1})


def test_gap_counts_service_that_never_came_back() -> None:
    """A service that is still away at the end has been away until the end."""
    assert report([attempt(0), *(attempt(start, 100, "timeout") for start in range(10, 1000, 10))]).gap_ms == 1085


def test_gap_without_any_success_is_everything() -> None:
    """A measurement without a success reports its whole length, never 0."""
    assert report([attempt(0, 100, "timeout"), attempt(400, 100, "timeout")]).gap_ms == 500


def test_gap_does_not_depend_on_order_of_attempts() -> None:
    """Attempts of several workers overlap: the order in which they end up in the list does not change the gap."""
    seen = [attempt(start, 5 + start % 40) for start in range(0, 400, 10)]
    assert report(seen[::-1]) == report(seen)


def test_prober_gives_up_at_its_deadline(ca_file: str) -> None:
    """A server that accepts and never answers costs one attempt its deadline, not more: a hung service must be counted as away."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        prober = Prober(Target("127.0.0.1", "localhost", ca_file, server.getsockname()[1]))
        seen = prober.attempt()
    assert seen.cause == "timeout"
    assert 0.09 < seen.ended - seen.started < 2


def test_prober_starts_attempts_while_others_wait(ca_file: str) -> None:
    """Attempts start every 10 ms whether or not earlier ones are still waiting, else a hung service would be asked too rarely."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        prober = Prober(Target("127.0.0.1", "localhost", ca_file, server.getsockname()[1]))
        prober.start()
        threading.Event().wait(1)
        figures = prober.stop()
    assert figures.attempts == figures.failed
    # one after the other it would be 10; on a busy machine some start late
    assert 50 <= figures.attempts <= 110
