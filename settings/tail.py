"""Comments after the last entry of a YAML mapping: ruamel keeps them with that entry, people mean what follows."""

from __future__ import annotations

from typing import Any

from ruamel.yaml.error import CommentMark
from ruamel.yaml.tokens import CommentToken

_AFTER_VALUE = 2
"""Slot of ruamel's comment list that holds what stands behind a value, to the next key."""


def move_tail(mapping: Any, source: object, target: object) -> None:
    """Moves the comment lines below `source` to below `target`; what stands on the line of `source` stays."""
    items: dict[object, list[Any]] = mapping.ca.items
    token = (items.get(source) or [None] * 4)[_AFTER_VALUE]
    if not isinstance(token, CommentToken):
        return
    own, newline, tail = token.value.partition("\n")
    if not tail:
        return
    token.value = f"{own}{newline}"
    slots = items.setdefault(target, [None] * 4)
    there = slots[_AFTER_VALUE]
    text = f"{there.value if isinstance(there, CommentToken) else newline}{tail}"
    slots[_AFTER_VALUE] = CommentToken(text, CommentMark(0), None)
