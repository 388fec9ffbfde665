"""The tables of `docs/numbers.md`, written from the JSON of a run: no figure in them is typed by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from bench.record import PROJECT
from bench.report import Figure, number
from bench.row import Row

PAGE = PROJECT / "docs" / "numbers.md"
HEAD = "| row | what | unit | limit | n | p50 | p95 | max | control n | control p95 | date | commit |"


def section(rows: Sequence[Row], seen: Sequence[Figure]) -> str:
    """Machine and table of one topology; a row that was not measured has empty cells."""
    known = {one.id: one for one in seen}
    machines = list(dict.fromkeys(one.machine for one in seen))
    about = [f"Measured on: {machine}.\n" for machine in machines]
    return "\n".join([*about, HEAD, "|---" * (HEAD.count("|") - 1) + "|", *(_line(row, known.get(row.id)) for row in rows)]) + "\n"


def _line(row: Row, one: Figure | None) -> str:
    cells = [f"`{row.id}`", row.what, row.unit, number(row.limit)]
    if one is None:
        cells += [""] * 8
    else:
        numbers = [str(one.n), number(one.p50), number(one.p95), number(one.max), str(one.control_n or ""), number(one.control_p95)]
        cells += [*numbers, one.date, f"`{one.commit}`"]
    return "| " + " | ".join(cells) + " |"


def replaced(text: str, topology: str, written: str) -> str:
    """`text` with `written` between the markers of `topology`. Raises ValueError where the markers are missing."""
    begin, end = f"<!-- figures of {topology}: python -m bench write-docs -->\n", f"<!-- end of figures of {topology} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no line {begin.strip()!r} and {end!r} below it")
    return pattern.sub(lambda _: begin + written + end, text, count=1)


def write(topology: str, rows: Sequence[Row], seen: Sequence[Figure], page: Path = PAGE) -> None:
    """Puts the figures into the page."""
    page.write_text(replaced(page.read_text("utf-8"), topology, section(rows, seen)), encoding="utf-8")
