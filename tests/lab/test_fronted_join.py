"""A replica behind fronts that leaves, dies for good, and joins again, with `python -m ops` as it is typed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import fault
from lab.command import Completed
from lab.host import Host
from settings import StackFile
from tests.lab.fronted import Fronted
from tests.lab.load import Load
from tests.lab.operating import ops
from tests.lab.serving import Moves
from tests.lab.settled import assert_no_drift_and_silence

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def gone(whole: Fronted) -> Iterator[Host]:
    """The last registry of the stack file; it serves again afterwards."""
    yield whole.registries[-1]
    whole.up().succeeded()
    whole.await_replicas()


def change(whole: Fronted, *verb: str) -> Completed:
    """A verb on the stack file in use, without a question."""
    return ops(whole, *verb, "--config-file", str(whole.config_file), "--yes")


def test_replica_leaves_and_joins_without_a_lost_request(whole: Fronted, gone: Host) -> None:
    """Out: the fronts do not know it, none of its containers is left. In: it serves. No request fails, the settings are as before."""
    before = StackFile(whole.config_file).system
    with Moves(whole) as moves, Load(whole) as load:
        change(whole, "remove", gone.name)
        assert gone.name not in whole.health().replicas
        assert gone.name not in StackFile(whole.config_file).system["registries"]
        assert "ha-registry" not in gone.output(["docker", "ps", "--all", "--format", "{{.Names}}"])
        change(whole, "join", gone.name, str(gone.address), "registry")
    load.assert_unharmed()
    moves.assert_at_most(0)
    whole.await_replica(gone.name, "up")
    assert StackFile(whole.config_file).system == before
    assert_no_drift_and_silence(whole)


def test_dead_replica_is_forgotten_unasked(whole: Fronted, gone: Host) -> None:
    """It is off: `remove --dead` ends with 0, names what is left on it, and the others serve on. Wiped or not, it may join again."""
    fault.power_off(gone)
    try:
        with Moves(whole) as moves:
            assert "Left on it are its key and certificate" in change(whole, "remove", gone.name, "--dead").stderr
        moves.assert_at_most(0)
        assert gone.name not in whole.health().replicas
        assert not [host for host, _ in whole.scripts() if host == gone.name]
    finally:
        fault.power_on(gone)
    change(whole, "join", gone.name, str(gone.address), "registry")
    whole.await_replica(gone.name, "up")
    assert_no_drift_and_silence(whole)
