"""One thing breaks on the front that holds the VIP, and is repaired."""

from __future__ import annotations

import pytest

from tests.lab.breaks import held_by_vip
from tests.lab.client import Client
from tests.lab.fronted import Fronted
from tests.lab.pushes import Pushes
from tests.lab.serving import Moves, await_holder, await_standing

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

FAULTS = held_by_vip("haproxy", "haproxy.service")


@pytest.mark.parametrize("name", FAULTS)
def test_other_front_serves_and_repaired_one_is_standby(whole: Fronted, pusher: Client, name: str) -> None:
    """Whatever breaks on the holder, the other front takes the VIP once and serves; repaired, the first is standby; no image is lost."""
    holder, standby = await_standing(whole)
    with Moves(whole) as moves, Pushes(whole, read_at=[str(host.address) for host in whole.registries]) as pushes:
        FAULTS[name].breaks(holder)
        try:
            await_holder(whole, standby)
            pusher.push_and_pull()
        finally:
            FAULTS[name].repair(holder)
        assert await_standing(whole) == (standby, holder)
        pusher.push_and_pull()
    moves.assert_at_most(1)
    report = pushes.read_back()
    assert report.acknowledged > 0, report
    assert report.lost == [], report
    assert pusher.status("/v2/", address=str(holder.address)) == "200", "the repaired front does not serve"


def test_fault_on_standby_moves_nothing(whole: Fronted, pusher: Client) -> None:
    """A standby front that reboots, or whose haproxy or keepalived is killed, leaves the VIP where it is."""
    holder, standby = await_standing(whole)
    with Moves(whole) as moves:
        for name in ("haproxy-killed", "keepalived-killed", "rebooted"):
            FAULTS[name].breaks(standby)
            pusher.push_and_pull()
            assert await_standing(whole) == (holder, standby), name
    moves.assert_at_most(0)
