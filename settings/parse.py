"""Raw YAML to models: every fault of a single value, and a draft of what did parse."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from settings.elsewhere import misplaced, of_machines
from settings.fault import HIDDEN, MISSING, Fault, joined, shown
from settings.raw import is_list, is_mapping
from settings.section import Section
from settings.shape import field_at, is_hosts, keys, paths, purpose, section_at, section_of
from settings.topology import MODELS

S = TypeVar("S", bound=Section)

_WRONG_KIND = {
    "model_type": ("must be a mapping of settings", "write `key: value` lines below it"),
    "dict_type": ("must be a mapping", "write `name: value` lines below it"),
    "tuple_type": ("must be a list", "write it as [ONE, TWO], also for a single one"),
    "string_type": ("must be text", "put it in quotes"),
    "invalid_key": ("has a key that is not text", "put the key in quotes, or remove it"),
}


def parse(model: type[S], raw: Mapping[Any, Any]) -> tuple[S, list[Fault]]:
    """The settings and no faults; or a draft, holding only what did parse, and the faults of the rest."""
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        found = [fault for detail in error.errors(include_url=False) for fault in _faults(model, raw, detail)]
        return draft(model, raw), found


def draft(model: type[S], raw: Mapping[Any, Any]) -> S:
    """A model without the attributes that did not parse; only rules that name what they need may see it."""
    good: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        if key not in raw:
            if not field.is_required():
                good[name] = field.get_default(call_default_factory=True)
            continue
        below = section_of(field)
        if below and not is_hosts(field) and isinstance(raw[key], Mapping):
            good[name] = draft(below, raw[key])
            continue
        try:
            good[name] = _adapter(field).validate_python(raw[key])
        except ValidationError:
            continue
    made = model.model_construct(_fields_set={name for name in good if (model.model_fields[name].alias or name) in raw})
    made.__dict__.clear()
    made.__dict__.update(good)
    return made


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    kind: Any = field.annotation
    return TypeAdapter(Annotated[kind, *field.metadata] if field.metadata else kind)


def _faults(model: type[Section], raw: object, detail: ErrorDetails) -> Iterator[Fault]:
    loc, kind, value = [part for part in detail["loc"] if part != "[key]"], detail["type"], detail["input"]
    path, context = _path(raw, loc), detail.get("ctx", {})
    if kind == "refused":
        yield Fault(path, HIDDEN if context["hidden"] and isinstance(value, str) else shown(value), context["rule"], context["remedy"])
    elif kind == "missing":
        yield _missing(model, loc, path)
    elif kind == "extra_forbidden":
        yield Fault(path, HIDDEN, "is not a setting", misplaced(path) or of_machines(path) or _nearest(model, loc, path))
    elif kind == "literal_error":
        choices = _choices(model, loc)
        yield Fault(path, shown(value), f"must be {' or '.join(choices)}", "write one of them")
    else:
        rule, remedy = _WRONG_KIND.get(kind, ("is not what this setting takes", "look it up in settings/schema.json"))
        yield Fault(path, shown(value), rule, misplaced(path) or remedy)


def _path(raw: object, loc: Sequence[object]) -> str:
    """The path as the stack file has it: `ports[1]` in a list, `clients.5` where a key is a number."""
    path, at = "", raw
    for part in loc:
        if is_list(at) and isinstance(part, int):
            path, at = f"{path}[{part}]", at[part] if part < len(at) else None
        else:
            path, at = f"{path}.{joined(part)}", at.get(part) if is_mapping(at) else None
    return path.lstrip(".")


def _missing(model: type[Section], loc: Sequence[object], path: str) -> Fault:
    field = field_at(model, loc)
    example = f"write for example `{loc[-1]}: {field.examples[0]}`" if field and field.examples else "write it"
    return Fault(path, MISSING, f"is required: {purpose(model, loc)}", example)


def _choices(model: type[Section], loc: Sequence[object]) -> Sequence[str]:
    if list(loc) == ["topology"]:
        return list(MODELS)
    field = field_at(model, loc)
    kinds = (field.annotation, *get_args(field.annotation)) if field else ()
    return [str(choice) for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]


def _nearest(model: type[Section], loc: Sequence[object], path: str) -> str:
    """The known key that was most likely meant: beside the unknown one, else anywhere."""
    section, wrong = section_at(model, loc[:-1]), str(loc[-1])
    known = {key.lower(): key for key in keys(section)} if section else {}
    near = difflib.get_close_matches(wrong.lower().replace("_", "").replace("-", ""), known, n=1, cutoff=0.6)
    if near:
        above, dot, _ = path.rpartition(".")
        return f"did you mean {above}{dot}{known[near[0]]}?"
    everywhere = list(paths(model))
    leaves = {path.rsplit(".", 1)[-1].lower(): path for path in reversed(everywhere)}
    near = difflib.get_close_matches(wrong.lower(), leaves, n=1, cutoff=0.75)
    if near:
        return f"did you mean {leaves[near[0]]}?"
    return f"remove it; known here: {', '.join(sorted(known.values()))}"
