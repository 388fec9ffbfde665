"""The table of all settings, made from the models: `python -m tests.unit.docs.settings_table` writes it into docs/topologies/pair.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from settings.host import Host, HostEntry
from settings.model import Pair
from settings.quantity import Quantity
from settings.section import Section

PAGE = Path(__file__).parents[3] / "docs" / "topologies" / "pair.md"
BEGIN, END = "<!-- settings: written by `python -m tests.unit.docs.settings_table` -->\n", "<!-- end of settings -->\n"
HEAD = "| setting | default | meaning |\n|---|---|---|\n"


def rows(model: type[Section] = Pair, above: str = "", needed: str = "required") -> Iterator[tuple[str, str, str]]:
    """Path, default and meaning of every single setting; what a topology adds comes before what all have."""
    own = [*model.__annotations__, *model.model_fields]
    for name in dict.fromkeys(name for name in own if name in model.model_fields):
        field = model.model_fields[name]
        path = f"{above}{field.alias or name}"
        section = _section(field.annotation)
        if field.annotation == tuple[Host, ...]:
            yield f"{path}.NAME", _default(field, needed), f"{_words(field)} Written `NAME: address`, or with the two settings below."
            yield from rows(HostEntry, f"{path}.NAME.", f"required in the long form of `{path}.NAME`")
        elif section is not None:
            yield from rows(section, f"{path}.", f"required with `{path}`" if field.default is None else needed)
        else:
            yield path, _default(field, needed), _words(field)


def table() -> str:
    """The Markdown between the markers."""
    return HEAD + "".join(f"| `{path}` | {default} | {meaning} |\n" for path, default, meaning in rows())


def between_markers(page: str) -> str:
    """What stands in the page where the table belongs."""
    return page.split(BEGIN, 1)[1].split(END, 1)[0]


def with_table(page: str) -> str:
    """The page with the table that it should have."""
    before, rest = page.split(BEGIN, 1)
    return before + BEGIN + table() + END + rest.split(END, 1)[1]


def _section(annotation: Any) -> type[Section] | None:
    for kind in get_args(annotation) or (annotation,):
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind
    return None


def _default(field: FieldInfo, needed: str) -> str:
    value = field.default
    if value is PydanticUndefined:
        return needed
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value.text if isinstance(value, Quantity) else value}`"


def _words(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
