"""Comments of shell programs: for whoever reads the sources, not for hosts."""

from __future__ import annotations

import re

_LINE = re.compile(r"^[ \t]*#(?!!| shellcheck ).*\n", re.MULTILINE)
_ARGUMENTS = re.compile(r"^([ \t]*[\w-]+\(\) [{(]) #.*$", re.MULTILINE)
_TOP = re.compile(r"\A#!.*\n(?:#.*\n)*")


def without(text: str) -> str:
    """`text` without lines that are comments, and without those that tell the arguments of a function.

    A reworded comment is then no change of a host, and the state, which has each script twice, stays small. What stands at the top of
    a program stays, so that whoever opens it on a host learns what it is; so do directives of shellcheck.
    """
    top = _TOP.match(text)
    at = top.end() if top else 0
    return text[:at] + _ARGUMENTS.sub(r"\1", _LINE.sub("", text[at:]))
