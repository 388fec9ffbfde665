"""Durations and sizes."""

from __future__ import annotations

import pytest

from settings import Duration, Size


@pytest.mark.parametrize(
    ("text", "seconds", "hours"), [("100ms", 0.1, 0), ("5s", 5, 0), ("90m", 5400, 1), ("12h", 43200, 12), ("365d", 31536000, 8760)]
)
def test_duration_amounts(text: str, seconds: float, hours: int) -> None:
    """A duration keeps its text and knows its seconds and whole hours."""
    duration = Duration(text)
    assert (str(duration), duration.text, duration.seconds, duration.hours) == (text, text, seconds, hours)


@pytest.mark.parametrize(("text", "amount"), [("1Ki", 1024), ("64Mi", 64 * 2**20), ("5Gi", 5 * 2**30), ("1Ti", 2**40)])
def test_size_amounts(text: str, amount: int) -> None:
    """A size keeps its text and knows its bytes."""
    assert (str(Size(text)), Size(text).bytes) == (text, amount)


@pytest.mark.parametrize("text", ["", "5", "5 s", "-5s", "0s", "1.5s", "5S", "5s\n", "\u0665s"])
def test_duration_refused(text: str) -> None:
    """What has no unit or is not positive is refused."""
    with pytest.raises(ValueError, match="is not a quantity such as 100ms"):
        Duration(text)


def test_quantities_equal_by_amount() -> None:
    """The same amount is the same value, however written; a size is no duration."""
    assert Duration("1h") == Duration("60m")
    assert len({Duration("1h"), Duration("60m"), Size("1Gi"), Size("1024Mi")}) == 2
    assert Duration("1h") != Duration("61m")
