"""The planned move of the VIP: the verbs drain and undrain of the deployed vip script, over SSH."""

from __future__ import annotations

import pytest

from tests.lab.client import Client
from tests.lab.deployment import Pair
from tests.lab.serving import STEADY, Moves, await_holder, await_standing
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

NO_PEER = 69


def test_drain_moves_once_and_undrain_moves_nothing(deployed: Pair, client: Client) -> None:
    """`drain` on the holder gives the VIP to the other host, once; `undrain` makes it standby again and moves nothing."""
    holder, standby = await_standing(deployed)
    with Moves(deployed) as moves:
        done = deployed.run_script(holder.name, "vip", "drain")
        assert done.returncode == 0, done.stderr
        # the verb ends only after the move
        assert deployed.vip_holders() == [standby.name], done.stdout
        client.pull("fault/drained:1", client.push("fault/drained:1"))
        done = deployed.run_script(holder.name, "vip", "undrain")
        assert done.returncode == 0, done.stderr
        assert await_standing(deployed) == (standby, holder)
    moves.assert_at_most(1)


def test_drain_without_healthy_peer_refuses(deployed: Pair, client: Client) -> None:
    """While no peer serves, `drain` ends with 69 and says so, and the VIP stays and serves."""
    holder, standby = await_standing(deployed)
    standby.output(["systemctl", "stop", "ha-registry.service"])
    try:
        with Moves(deployed) as moves:
            done = deployed.run_script(holder.name, "vip", "drain")
            assert done.returncode == NO_PEER, done.stdout + done.stderr
            assert str(standby.address) in done.stderr
            held = [holder.name]
            eventually(deployed.vip_holders, lambda seen: seen == held, what="the VIP stays", successes=STEADY)
            client.pull("fault/refused:1", client.push("fault/refused:1"))
        moves.assert_at_most(0)
    finally:
        standby.output(["systemctl", "start", "ha-registry.service"])
    assert await_standing(deployed) == (holder, standby)


def test_drained_host_stays_without_vip_until_undrained(deployed: Pair) -> None:
    """A drained host does not take the VIP even when its peer fails: an operator works on it. Undrained, it does."""
    holder, standby = await_standing(deployed)
    assert deployed.run_script(holder.name, "vip", "drain").returncode == 0
    standby.output(["systemctl", "stop", "ha-registry.service"])
    try:
        eventually(deployed.vip_holders, lambda seen: seen == [], what="nobody holds the VIP", successes=STEADY)
        assert deployed.run_script(holder.name, "vip", "undrain").returncode == 0
        await_holder(deployed, holder)
    finally:
        deployed.run_script(holder.name, "vip", "undrain")
        standby.output(["systemctl", "start", "ha-registry.service"])
    await_standing(deployed)
