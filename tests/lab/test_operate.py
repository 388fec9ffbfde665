"""A pair in operation: what its operator asks of it, and a planned move, with `python -m ops` as it is typed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.client import Client
from tests.lab.deployment import Pair
from tests.lab.operating import ops
from tests.lab.serving import Moves, await_holder, await_standing
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

DRIFT, REFUSED, DEGRADED = 3, 69, 1
RETRIED = (
    "-f",
    "-o",
    "/dev/null",
    "--connect-timeout",
    "2",
    "--retry",
    "1",
    "--retry-delay",
    "1",
    "--retry-all-errors",
    "-w",
    "%{http_code}",
)
"""One request as a client with one retry makes it."""


@contextmanager
def asking(client: Client) -> Iterator[list[str]]:
    """A client with one retry that asks at the VIP as long as the block lasts: the status of each request, `200` where it was served."""
    told: list[str] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            told.append(client.curl("/v2/", *RETRIED).stdout[-3:])

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield told
    finally:
        over.set()
        thread.join()


def test_verify_finds_nothing_after_up(deployed: Pair) -> None:
    """Every host of the stack file is as deployed: exit 0, one line each."""
    said = ops(deployed, "verify").stdout.splitlines()
    assert {line.partition(":")[0] for line in said} == set(deployed.hosts)
    assert all(": as deployed, " in line for line in said)


def test_verify_finds_what_somebody_changed(deployed: Pair) -> None:
    """A line added by hand to a file of ours is named with its host and concern, exit 3, and nothing is put back."""
    standby = deployed.registries[1]
    path = "/etc/keepalived/keepalived.conf"
    found = standby.output(["cat", path])
    standby.output(["sh", "-c", f"cat >>{path}"], "# by hand\n")
    try:
        said = ops(deployed, "verify", "--json", expect=DRIFT)
        told = json.loads(said.stdout)["hosts"]
        assert [name for name, host in told.items() if host["drift"] or host["failed"]] == [standby.name]
        assert f"drift file {path} expected=" in " ".join(told[standby.name]["drift"]["vip"])
        assert standby.output(["cat", path]) == f"{found}# by hand\n"
    finally:
        standby.output(["sh", "-c", f"cat >{path}"], found)
    ops(deployed, "verify")


def test_status_tells_well_from_degraded(deployed: Pair) -> None:
    """Well: exit 0 and the holder as hosts and this machine see it. With the standby's registry stopped: exit 1, that host is named."""
    holder, standby = await_standing(deployed)
    seen = json.loads(ops(deployed, "status", "--json").stdout)
    assert seen["vip"] == {"address": deployed.vip, "heldBy": [holder.name], "answer": "200", "clientReaches": holder.name}
    standby.output(["systemctl", "stop", "ha-registry.service"])
    try:
        faults = json.loads(ops(deployed, "status", "--json", expect=DEGRADED).stdout)["faults"]
        assert f"{standby.name} registry.ready is no" in faults
        assert not [fault for fault in faults if fault.startswith(holder.name) and " has not copied all images " not in fault]
    finally:
        standby.output(["systemctl", "start", "ha-registry.service"])
    await_standing(deployed)


def test_drain_is_refused_without_a_target_and_done_with_one(deployed: Pair) -> None:
    """While the standby does not serve: exit 69, the VIP stays. When it does, it holds the VIP, and the other is standby once undrained."""
    holder, standby = await_standing(deployed)
    standby.output(["systemctl", "stop", "ha-registry.service"])
    try:
        with Moves(deployed) as moves:
            assert standby.name in ops(deployed, "drain", holder.name, expect=REFUSED).stderr
        moves.assert_at_most(0)
    finally:
        standby.output(["systemctl", "start", "ha-registry.service"])
    await_standing(deployed)
    with Moves(deployed) as moves:
        ops(deployed, "drain", holder.name)
        await_holder(deployed, standby)
        faults = json.loads(ops(deployed, "status", "--json", expect=DEGRADED).stdout)["faults"]
        assert f"{holder.name} is drained" in faults
        ops(deployed, "undrain", holder.name)
        assert await_standing(deployed) == (standby, holder)
    moves.assert_at_most(1)


def test_failover_fails_no_client_that_tries_again(deployed: Pair, client: Client) -> None:
    """The VIP moves once, the old holder is standby, and no request fails that is repeated once."""
    holder, standby = await_standing(deployed)
    with Moves(deployed) as moves, asking(client) as told:
        eventually(lambda: len(told), what="requests are under way")
        before = len(told)
        assert f"from {holder.name} to {standby.name}, which serves, in " in ops(deployed, "failover").stdout
        eventually(lambda: len(told), lambda count: count > 2 * before, what="requests after the move")
    moves.assert_at_most(1)
    assert set(told) == {"200"}, told
    assert await_standing(deployed) == (standby, holder)


def test_compare_finds_what_one_node_has_alone(deployed: Pair, client: Client) -> None:
    """An image pushed at the standby's own address while nothing copies is extra there, with its digest: exit 3."""
    holder, standby = await_standing(deployed)
    address = str(standby.address)
    holder.output(["systemctl", "stop", "ha-registry-replicator.service"])
    try:
        with client.trusting(address):
            digest = client.push("operate/alone:1", registry=address)
        extra = json.loads(ops(deployed, "compare", "--json", expect=DRIFT).stdout)["extra"]
        assert {"host": standby.name, "image": "operate/alone:1", "digest": digest} in extra
    finally:
        holder.output(["systemctl", "start", "ha-registry-replicator.service"])


def test_proof_is_made_again_by_hand(deployed: Pair) -> None:
    """The deployed proof pushes and pulls once more, from the first client."""
    assert "proved from push53 in " in ops(deployed, "proof").stdout
