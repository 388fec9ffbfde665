"""The tree of settings as the models declare it: which keys there are, what each is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import get_args

from pydantic.fields import FieldInfo

from settings.description import descriptions
from settings.host import HostEntry, Hosts
from settings.section import Section

_BY_NAME = get_args(Hosts)[1]


def is_hosts(field: FieldInfo) -> bool:
    """Whether the setting is hosts of a role, by name."""
    return _BY_NAME in field.metadata


def section_of(field: FieldInfo) -> type[Section] | None:
    """The model of the settings below this one; None where it is a single value or a list."""
    if is_hosts(field):
        return HostEntry
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind
    return None


@cache
def keys(section: type[Section]) -> Mapping[str, FieldInfo]:
    """The settings of a section by their key in the stack file."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def section_at(root: type[Section], loc: Sequence[object]) -> type[Section] | None:
    """The section that holds the keys below `loc`; None where there is none."""
    section, skip = root, False
    for part in loc:
        if skip:
            skip = False
            continue
        field = keys(section).get(str(part))
        below = section_of(field) if field else None
        if field is None or below is None:
            return None
        section, skip = below, is_hosts(field)
    return None if skip else section


def field_at(root: type[Section], loc: Sequence[object]) -> FieldInfo | None:
    """The setting at `loc`, None where there is none."""
    section = section_at(root, loc[:-1]) if loc else None
    return keys(section).get(str(loc[-1])) if section else None


def paths(section: type[Section], above: str = "") -> Iterator[str]:
    """Every setting's path; a host's name stands as NAME."""
    for key, field in keys(section).items():
        path = f"{above}{key}"
        yield path
        below = section_of(field)
        if below:
            yield from paths(below, f"{path}.NAME." if is_hosts(field) else f"{path}.")


def purpose(root: type[Section], loc: Sequence[object]) -> str:
    """What the setting at `loc` is for, in one sentence without its full stop; nothing where there is no such setting."""
    section = section_at(root, loc[:-1]) if loc else None
    names = {key: name for name, key in zip(section.model_fields, keys(section), strict=True)} if section else {}
    about = descriptions(section).get(names.get(str(loc[-1]), "")) if section else None
    return (about or "").split("\n")[0].rstrip(".")
