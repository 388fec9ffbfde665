"""Script: the text that travels to a host."""

from __future__ import annotations

import subprocess

import pytest
from jinja2 import UndefinedError

from render import script as rendering
from render.script import Script, digest, fill

HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    "a'b",
    'a"b',
    "two\nlines",
    "; touch pwned #",
    "-n",
    "",
    "*",
    "~",
    "$HOME",
    "\\",
    "täglich",
    "END a",
)


def _script(**changes: object) -> Script:
    given: dict[str, object] = {"host": "registry01", "concern": "vip", "facts": {"B": "2", "A": "1"}, "files": {"z": "z\n", "a": "a\n"}}
    return Script(**{**given, **changes})  # type: ignore[arg-type]


def _declarations(script: Script) -> str:
    """The script up to its library: facts and files, but nothing that acts."""
    return script.text.split("if [[ ! -r")[0]


def test_same_input_same_bytes() -> None:
    """Order of facts and files does not show, the text ends with a newline: same settings never differ in a preview."""
    turned = _script(facts={"A": "1", "B": "2"}, files={"a": "a\n", "z": "z\n"})
    assert _script().text == turned.text == _script().text
    assert _script().text.endswith("exit\n")


def test_nothing_runs_of_a_cut_off_upload() -> None:
    """The last lines call main and exit, stdin closed: a script that arrives in part does nothing, none reads itself."""
    assert _script().text.splitlines()[-2:] == ['main "$@" </dev/null', "exit"]


@pytest.mark.parametrize("value", HOSTILE)
def test_facts_are_data_whatever_they_contain(value: str) -> None:
    """A hostile value reaches the shell byte for byte, alone and in a list, and is never run."""
    script = _script(facts={"ONE": value, "MANY": [value, "last"]})
    echo = _declarations(script) + 'printf "%s\\0" "$ONE" "${MANY[@]}"\n'
    ran = subprocess.run(["bash", "-s"], input=echo.encode(), capture_output=True, check=True)
    assert ran.stdout.decode().split("\0")[:-1] == [value, value, "last"]


@pytest.mark.parametrize("value", [value for value in HOSTILE if value != "END a"])
def test_files_are_data_whatever_they_contain(value: str) -> None:
    """Content of a file is quoted as a whole: nothing in it is expanded."""
    echo = _declarations(_script(files={"a": f"{value}\n"})) + "content a\n"
    ran = subprocess.run(["bash", "-s"], input=echo.encode(), capture_output=True, check=True)
    assert ran.stdout.decode() == f"{value}\n"


@pytest.mark.parametrize("text", ["END a\n", "first\nEND a\nsecond\n", "no newline at the end", ""])
def test_content_that_would_end_its_heredoc_is_refused(text: str) -> None:
    """A content that could break out of its heredoc, or swallow the end of it, is an error here and not on a host."""
    with pytest.raises(ValueError, match="a: must end with a newline and not contain the line 'END a'"):
        _ = _script(files={"a": text}).text


def test_unknown_name_in_a_template_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt variable raises; lax templates would write `bind :443`."""
    with pytest.raises(UndefinedError):
        fill("trust/hosts.toml.j2")
    assert rendering.fill("trust/hosts.toml.j2", endpoint="registry:5000", ways=[]).startswith('server = "https://registry:5000"')


def test_digest_changes_with_any_script_and_its_order() -> None:
    """One changed byte in one script changes the digest, which is 16 hex digits."""
    one, two = _script(), _script(host="registry02")
    changed = _script(host="registry02", files={"a": "b\n", "z": "z\n"})
    found = {digest([one, two]), digest([two, one]), digest([one, changed]), digest([one])}
    assert len(found) == 4
    assert all(len(value) == 16 and int(value, 16) >= 0 for value in found)
    assert digest([one, two]) == digest([_script(), _script(host="registry02")])


def test_scripts_without_library_source_the_installed_one() -> None:
    """Only what runs before `base` carries the library: it would be the same diff in every script of every host."""
    library = rendering.library()
    assert library not in _script().text
    assert library in _script(carries=rendering.LIBRARY).text
