"""Paths on hosts: in characters that no shell, unit or mount reads in its own way."""

from __future__ import annotations

import re


def is_plain(path: str) -> bool:
    """Whether it is absolute, without `..`, `//` or final `/`, of letters, digits, '.', '_' and '-'."""
    return re.fullmatch(r"(/[A-Za-z0-9._-]+)+", path) is not None and not {".", ".."} & set(path.split("/"))


def made_absolute(path: str) -> str:
    """What was most likely meant by a relative path."""
    return f"/{path.lstrip('./~')}" if is_plain(f"/{path.lstrip('./~')}") else "/data/registry"
