"""From trials to published figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.document import PAGE, between, replaced, section
from bench.record import Record, Seen
from bench.report import Figure, figures, number
from bench.row import PAIR, TOPOLOGIES, Row
from bench.statistic import percentile

GAP = Row("pair.gap.host-cut", "cut", "ms", 500)
FAILED = Row("pair.failed.repair", "repair", "count", 0)


def seen(trial: str, subject: str, took_s: float = 1, **values: float) -> Seen:
    return Seen(
        "v1",
        trial,
        subject,
        {f"pair.{row.replace('__', '.').replace('_', '-')}": value for row, value in values.items()},
        took_s,
        0.5,
        "2026-11-21T10:00:00+00:00",
    )


@pytest.fixture
def record(tmp_path: Path) -> Record:
    made = Record(tmp_path / "trials.jsonl", "v1")
    for value in range(1, 21):
        made.add(seen("gap", "ours", gap__host_cut=value * 10, failed__repair=value == 20))
    made.add(seen("gap", "control", gap__host_cut=3600))
    return made


def test_percentile_is_a_value_that_was_seen() -> None:
    """Nearest rank: p95 of 20 values is the 19th, and of few values the greatest."""
    assert (percentile(range(20, 0, -1), 95), percentile([3, 1, 2], 95), percentile([7], 50)) == (19, 3, 7)


def test_figures_keep_ours_and_control_apart(record: Record) -> None:
    """A figure is of ours; the control stands beside it and does not change it."""
    [gap] = figures([GAP], record)
    assert (gap.n, gap.p50, gap.p95, gap.max, gap.control_n, gap.control_p95) == (20, 100, 190, 200, 1, 3600)
    assert gap.is_kept


def test_a_single_failed_request_breaks_a_limit_of_none(record: Record) -> None:
    """One failure in 20 trials is above p95 and still a broken promise."""
    [failed] = figures([FAILED], record)
    assert (failed.p95, failed.max, failed.is_kept) == (0, 1, False)


def test_row_that_was_not_measured_has_no_figure(record: Record) -> None:
    """Nothing is reported of a row without trials, neither 0 nor kept."""
    assert figures([Row("pair.gap.registry-killed", "killed", "ms", 200)], record) == []


def test_table_of_the_document_has_every_row_and_its_figures(record: Record) -> None:
    """Rows that were not measured stay in the table with empty cells; the others show the numbers of the run."""
    text = section([*PAIR], figures([GAP], record), "")
    assert all(f"| `{row.id}` |" in text for row in PAIR)
    assert "| ms | 500 | 20 | 100 | 190 | 200 | 1 | 3600 | 2026-11-21 | `v1` |" in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert len(widths) == 1


def test_document_keeps_what_stands_around_the_table() -> None:
    """Writing twice changes nothing but the table."""
    page = "before\n<!-- figures of pair: python -m bench write-docs -->\nold\n<!-- end of figures of pair -->\nafter\n"
    once = replaced(page, "pair", "new\n")
    assert once == replaced(once, "pair", "new\n") == page.replace("old", "new")
    with pytest.raises(ValueError, match="no line"):
        replaced("before\n", "pair", "new\n")


def test_row_that_was_not_measured_keeps_its_figures(record: Record) -> None:
    """What was published stays where the run has nothing newer; a new row comes with empty cells, and one that is gone goes."""
    published = section([GAP, Row("pair.gap.gone", "gone", "ms", None)], figures([GAP], record), "")
    again = section([FAILED, GAP], [], published)
    [machine, *_, failed, gap] = [line for line in again.splitlines() if line]
    assert machine in published
    assert gap in published
    assert failed == "| `pair.failed.repair` | repair | count | 0 |" + "  |" * 8
    assert "pair.gap.gone" not in again
    assert section([FAILED, GAP], [], again) == again
    newer = section([FAILED, GAP], figures([FAILED], record), published)
    assert gap in newer
    assert failed not in newer


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_document_has_every_row(topology: str) -> None:
    """The page shows each row with its words and limit as they are now: what `write-docs` would leave alone."""
    published = between(PAGE.read_text("utf-8"), topology)
    assert published == section(TOPOLOGIES[topology], [], published)


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_limits_are_upper_ones_and_ids_unique(topology: str) -> None:
    """Every row is written once, below its topology's name."""
    rows = TOPOLOGIES[topology]
    assert len({row.id for row in rows}) == len(rows)
    assert all(row.id.startswith(f"{topology}.") and (row.limit is None or row.limit >= 0) for row in rows)


def test_numbers_are_told_apart_near_their_limit() -> None:
    """A ratio of 1.07 does not look like its limit of 1.05; long numbers lose their fraction."""
    assert [number(value) for value in (None, 0, 1.0526, 1.07, 4.12, 129.4, 0.123)] == ["", "0", "1.05", "1.07", "4.1", "129", "0.12"]


def test_figure_names_no_host(record: Record) -> None:
    """What is published tells the kind of machine, not which one."""
    import platform

    [gap] = figures([GAP], record)
    assert isinstance(gap, Figure)
    assert platform.node() not in gap.machine
