"""What requests around a fault tell of it."""

from __future__ import annotations

import pytest

from bench.client import Asked
from bench.outage import Outage, failed
from bench.replica import VALUES
from bench.row import FRONTED
from bench.system import BenchError

STRIKING, STRUCK = 100.0, 100.2


def asked(started: float, took: float, *, fails: bool = False) -> Asked:
    return Asked(started, started + took, fails)


def steady(begin: float, end: float, every: float = 0.1, took: float = 0.01) -> list[Asked]:
    return [asked(begin + number * every, took) for number in range(round((end - begin) / every))]


def outage(*around: Asked, after_s: float = 10.0) -> Outage:
    """Ten undisturbed seconds, of which the slowest request took 20 ms, and `around`."""
    return Outage([*steady(80, 100), asked(95, 0.02), *around], STRIKING, STRUCK, 10.0, after_s)


def test_a_request_belongs_to_the_fault_if_it_could_have_met_it() -> None:
    """Under way at the fault, or begun until the end of the time; what ended before or began later is neither."""
    under_way, meanwhile, new = asked(99.95, 0.1), asked(100.1, 0.01), asked(100.3, 0.01)
    seen = outage(under_way, meanwhile, new, asked(110.3, 5), asked(99.7, 0.01))
    assert seen.during == [under_way, meanwhile, new]
    assert (seen.open, seen.new) == ([under_way, meanwhile], [new])
    assert under_way not in seen.before
    assert asked(99.7, 0.01) in seen.before


def test_undisturbed_time_has_an_end_and_a_beginning() -> None:
    """The slowest before is of the seconds just before, not of the first connections."""
    seen = Outage([asked(80, 3), *steady(90, 100), asked(100.3, 0.06)], STRIKING, STRUCK, 10.0, 10.0)
    assert seen.extra_ms(seen.during) == 50


def test_extra_is_beyond_the_slowest_before() -> None:
    """320 ms after a slowest of 20 ms are 300 ms extra; a faster time is none, not less than none."""
    slow = outage(asked(101, 0.32), asked(102, 0.01))
    assert slow.extra_ms(slow.during) == 300
    quiet = outage(asked(101, 0.005))
    assert quiet.extra_ms(quiet.during) == 0


def test_failed_request_counts_with_its_time() -> None:
    """A request that failed after 10 s is slow too: else the worst would be left out."""
    seen = outage(asked(101, 0.01), asked(101, 10, fails=True))
    assert seen.extra_ms(seen.during) == 9980


def test_nothing_asked_is_no_figure() -> None:
    """Without requests before or after there is nothing to compare."""
    with pytest.raises(BenchError, match="0 after it"):
        outage().extra_ms(outage().new)


def test_trouble_ends_with_the_last_request_that_began_and_failed() -> None:
    """It is told from the call of the fault to a beginning, however long the request then took; none is none."""
    seen = outage(asked(100.5, 10, fails=True), asked(101.2, 9, fails=True), asked(103, 0.01))
    assert seen.trouble_ms == 1200
    assert outage(asked(101, 0.01)).trouble_ms == 0


def test_late_failures_are_counted_from_the_limit_on() -> None:
    """What began before the limit is the fault's own, what began at it or later is a broken promise."""
    seen = outage(asked(101.4, 1, fails=True), asked(101.5, 1, fails=True), asked(104, 1, fails=True))
    assert seen.failed_late(1500) == 2


def test_load_kept_compares_rates() -> None:
    """10 requests per second before and after are 1, half of them 2, whatever the lengths; failed ones are not answered."""
    before = steady(90, 100)
    kept = Outage([*before, *steady(100.2, 105.2)], STRIKING, STRUCK, 10.0, 5.0)
    halved = Outage([*before, *steady(100.2, 105.2, every=0.2)], STRIKING, STRUCK, 10.0, 5.0)
    refused = Outage([*before, *(asked(101 + n / 100, 0.001, fails=True) for n in range(50)), asked(101, 0.1)], STRIKING, STRUCK, 10.0, 5.0)
    assert [round(one.load_kept_inverse, 2) for one in (kept, halved, refused)] == [1, 2, 50]


def test_load_that_nobody_kept_is_a_number() -> None:
    """Where nothing was answered afterwards the figure is large, and still one that JSON knows."""
    assert outage(asked(101, 10, fails=True)).load_kept_inverse == pytest.approx(101)


def test_failed_requests_under_way_do_not_break_the_promise_for_new_ones() -> None:
    """Of a host that is cut off, what it was working on is told beside what began afterwards."""
    values = VALUES["host-cut"](outage(asked(99.99, 10, fails=True), asked(100.1, 10, fails=True), asked(100.3, 0.25)))
    assert values["fronted.failed.host-cut"] == 0
    assert values["fronted.failed-open.host-cut"] == 2
    assert values["fronted.extra.host-cut"] == 230


def test_killed_registry_has_no_excuse() -> None:
    """Every request counts where a registry is killed, also what was under way."""
    values = VALUES["registry-killed"](outage(asked(99.99, 0.1, fails=True), asked(101, 0.07)))
    assert values == {"fronted.failed.registry-killed": 1, "fronted.extra.registry-killed": 80}


@pytest.mark.parametrize("kind", VALUES)
def test_each_kind_gives_its_rows(kind: str) -> None:
    """A fault gives a value for every row that is named after it, and for no other."""
    values = VALUES[kind](outage(asked(101, 0.01)))
    assert set(values) == {row.id for row in FRONTED if kind in row.id.split(".")}


def test_failures_are_counted() -> None:
    """One for each request that failed."""
    assert failed([asked(1, 1, fails=True), asked(1, 1), asked(2, 1, fails=True)]) == 2
