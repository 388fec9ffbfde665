"""The tables of `docs/numbers.md`, written from the JSON of a run: no figure in them is typed by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.record import PROJECT
from bench.report import Figure, number
from bench.row import Row

PAGE = PROJECT / "docs" / "numbers.md"
HEAD = "| row | what | unit | limit | n | p50 | p95 | max | control n | control p95 | date | commit |"
CELLS = re.compile(r"^\| `(?P<id>[^`]+)` \|(?: [^|]*\|){3} (?P<figures>.*) \|$")
"""Of a row of the table: what comes after row, what, unit and limit."""


def section(rows: Sequence[Row], seen: Sequence[Figure], published: str) -> str:
    """Machine and table of one topology: what was measured now, else what was published; a new row has empty cells."""
    lines = published.splitlines()
    about = dict.fromkeys([f"Measured on: {one.machine}." for one in seen] + [line for line in lines if line.startswith("Measured on:")])
    figures = {match["id"]: match["figures"].split(" | ") for line in lines if (match := CELLS.match(line))}
    return _text(list(about), rows, figures | {one.id: _cells(one) for one in seen})


def _text(about: Sequence[str], rows: Sequence[Row], figures: Mapping[str, Sequence[str]]) -> str:
    head = [f"{line}\n" for line in about]
    cells = [[f"`{row.id}`", row.what, row.unit, number(row.limit), *figures.get(row.id, [""] * 8)] for row in rows]
    lines = [f"| {' | '.join(line)} |" for line in cells]
    return "\n".join([*head, HEAD, "|---" * (HEAD.count("|") - 1) + "|", *lines]) + "\n"


def _cells(one: Figure) -> list[str]:
    numbers = [str(one.n), number(one.p50), number(one.p95), number(one.max), str(one.control_n or ""), number(one.control_p95)]
    return [*numbers, one.date, f"`{one.commit}`"]


def between(text: str, topology: str) -> str:
    """What stands between the markers of `topology`. Raises ValueError where they are missing."""
    return _found(text, topology)["written"]


def replaced(text: str, topology: str, written: str) -> str:
    """`text` with `written` between the markers of `topology`. Raises ValueError where they are missing."""
    begin, end = _found(text, topology).span("written")
    return text[:begin] + written + text[end:]


def write(topology: str, rows: Sequence[Row], seen: Sequence[Figure], page: Path = PAGE) -> None:
    """Puts the figures into the page; rows without any stay as they are."""
    text = page.read_text("utf-8")
    page.write_text(replaced(text, topology, section(rows, seen, between(text, topology))), encoding="utf-8")


def _found(text: str, topology: str) -> re.Match[str]:
    begin, end = f"<!-- figures of {topology}: python -m bench write-docs -->\n", f"<!-- end of figures of {topology} -->"
    found = re.search(re.escape(begin) + "(?P<written>.*?)" + re.escape(end), text, re.DOTALL)
    if not found:
        raise ValueError(f"no line {begin.strip()!r} and {end!r} below it")
    return found
