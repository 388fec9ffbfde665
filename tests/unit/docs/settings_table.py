"""The tables of all settings, made from the models: `python -m tests.unit.docs.settings_table` writes them into docs/settings.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from settings.description import descriptions
from settings.host import Host, HostEntry
from settings.kubernetes import Kubernetes
from settings.model import Fronted, Pair
from settings.quantity import Quantity
from settings.section import Section

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"
BEGIN, END = "<!-- settings: written by `python -m tests.unit.docs.settings_table` -->\n", "<!-- end of settings -->\n"
FRONTS = "## Only with `topology: fronted`\n"
CLUSTER = "## With `topology: kubernetes`\n"
HEAD = "| setting | default | meaning |\n|---|---|---|\n"


Row = tuple[str, str, str]


def rows() -> list[Row]:
    """Path, default and meaning of every single setting: those on machines, those of fronts, those in a cluster."""
    return [*_on_machines(), *_of_fronts(), *_in_a_cluster()]


def _on_machines() -> list[Row]:
    return list(_rows(Pair))


def _of_fronts() -> list[Row]:
    common = {path for path, _, _ in _on_machines()}
    return [row for row in _rows(Fronted) if row[0] not in common]


def _in_a_cluster() -> list[Row]:
    return list(_rows(Kubernetes))


def _rows(model: type[Section], above: str = "", needed: str = "required") -> Iterator[Row]:
    """The settings of a model; what a topology adds comes before what all have."""
    own = [name for kind in model.__mro__ for name in vars(kind).get("__annotations__", ()) if name in model.model_fields]
    for name in dict.fromkeys(own):
        field = model.model_fields[name]
        path = f"{above}{field.alias or name}"
        section = _section(field.annotation)
        if field.annotation == tuple[Host, ...]:
            yield f"{path}.NAME", _default(field, needed), f"{_words(model, name)} Written `NAME: address`, or with the two settings below."
            yield from _rows(HostEntry, f"{path}.NAME.", f"required in the long form of `{path}.NAME`")
        elif section is not None:
            yield from _rows(section, f"{path}.", f"required with `{path}`" if field.default is None else needed)
        else:
            yield path, _default(field, needed), _words(model, name)


def table() -> str:
    """The Markdown between the markers."""
    return f"{_lines(_on_machines())}\n{FRONTS}\n{_lines(_of_fronts())}\n{CLUSTER}\n{_lines(_in_a_cluster())}"


def _lines(those: list[Row]) -> str:
    return HEAD + "".join(f"| `{path}` | {default} | {meaning} |\n" for path, default, meaning in those)


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
    if value is None or value in ((), {}, ""):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value.text if isinstance(value, Quantity) else value}`"


def _words(model: type[Section], name: str) -> str:
    return " ".join(descriptions(model)[name].split())


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
