"""Comments of shell programs stay with the sources."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import render
from render import comments

PROGRAM = """\
#!/bin/bash
# What it is.
set -u
# A reason.
greet() { # NAME: says hello
  # shellcheck disable=SC2016 # its own arguments
  bash -c 'echo "hello $1 #1"' - "$1" # not a line of its own
}
  # another reason
greet "# you"
"""
SHELL = sorted(Path(render.__file__).parent.rglob("*.sh"))


def test_program_keeps_its_top_and_what_it_does() -> None:
    """Reasons and arguments go; the words at the top, directives of shellcheck and everything that is run stay."""
    bare = comments.without(PROGRAM)
    assert bare.splitlines() == [
        "#!/bin/bash",
        "# What it is.",
        "set -u",
        "greet() {",
        "  # shellcheck disable=SC2016 # its own arguments",
        """  bash -c 'echo "hello $1 #1"' - "$1" # not a line of its own""",
        "}",
        'greet "# you"',
    ]
    ran = [subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True).stdout for text in (PROGRAM, bare)]
    assert ran == ["hello # you #1\n"] * 2


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_no_script_holds_data_that_looks_like_a_comment(path: Path) -> None:
    """bash reads the same program with and without comments: no line of a text in quotes begins with `#`."""
    texts = (path.read_text(), comments.without(path.read_text()))
    # declare -f prints functions as bash understood them, so without any comment
    seen = [_as_bash_reads_it(text) for text in texts]
    assert seen[0] == seen[1]


def _as_bash_reads_it(text: str) -> str:
    wrapped = "whole() {\n:\n" + text + "}\ndeclare -f whole\n"
    return subprocess.run(["bash", "-O", "extglob", "-s"], input=wrapped, capture_output=True, text=True, check=True).stdout
