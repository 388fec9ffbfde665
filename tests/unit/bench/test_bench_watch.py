"""Who held the VIP when, from what the kernels said."""

from __future__ import annotations

from ipaddress import IPv4Address

from bench.watch import Event, moves, parse, settled_s

VIP = IPv4Address("172.30.0.50")
PRINTED = r"""
[2026-11-21T10:00:00.500000] 2: eth0    inet 172.30.0.50/24 scope global secondary eth0\  valid_lft forever preferred_lft forever
[2026-11-21T10:00:01.000000] 3: docker0    inet 172.17.0.1/16 scope global docker0\  valid_lft forever preferred_lft forever
[2026-11-21T10:00:02.000000] Deleted 2: eth0    inet 172.30.0.50/24 scope global secondary eth0\  valid_lft forever preferred_lft forever
"""


def test_only_the_vip_is_seen() -> None:
    """Other addresses are none of our business, and a time is one in UTC."""
    events = parse("a", PRINTED, VIP)
    assert [(event.holds, event.at - events[0].at) for event in events] == [(True, 0), (False, 1.5)]
    assert events[0].at == 1795255200.5


def test_hearing_of_the_same_holder_again_is_no_move() -> None:
    """keepalived may set an address that is there; a move is a host that did not hold it."""
    events = [Event(1, "a", holds=True), Event(2, "b", holds=True), Event(2.1, "a", holds=False), Event(3, "b", holds=True)]
    assert moves(["a"], events) == 1


def test_there_and_back_are_two_moves() -> None:
    """A host that takes the VIP back moves it a second time."""
    events = [Event(1, "a", holds=False), Event(1, "b", holds=True), Event(2, "b", holds=False), Event(2, "a", holds=True)]
    assert moves(["a"], events) == 2


def test_two_holders_are_over_when_one_is_left() -> None:
    """The time ends with the last moment at which not exactly one host held it."""
    events = [Event(10.3, "b", holds=True), Event(10.9, "a", holds=False)]
    assert round(settled_s(["a"], events, since=10, until=15), 3) == 0.9


def test_two_holders_for_ever_are_as_long_as_the_measurement() -> None:
    """A second holder that stays is never taken for one."""
    assert settled_s(["a"], [Event(10.3, "b", holds=True)], since=10, until=15) == 5


def test_no_holder_counts_like_two() -> None:
    """Without any holder nobody is served either."""
    events = [Event(10.1, "a", holds=False), Event(10.4, "b", holds=True)]
    assert round(settled_s(["a"], events, since=10, until=15), 3) == 0.4
