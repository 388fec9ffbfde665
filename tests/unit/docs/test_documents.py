"""What the documents tell a reader to type or to open is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.unit.docs.documents import DOCUMENTS, OTHERS, ROOT, Command, anchors, commands, links, named_files
from tests.unit.docs.settings_table import PAGE, between_markers, rows, table

COMMANDS = sorted(set(commands()), key=str)
MODULES_OF_VERBS = {"lab", "ops", "engine"}
PULUMI = {
    "cancel": {"--stack"},
    "config rm": {"--stack"},
    "config set": {"--stack", "--secret"},
    "destroy": {"--stack", "--target", "--target-dependents"},
    "preview": {"--diff", "--expect-no-changes", "--stack"},
    "refresh": {"--clear-pending-creates", "--stack"},
    "stack change-secrets-provider": {"--stack"},
    "stack export": {"--file", "--stack"},
    "stack import": {"--file", "--stack"},
    "stack init": {"--stack"},
    "stack output": {"--show-secrets", "--stack"},
    "stack rm": {"--force", "--preserve-config", "--stack"},
    "state delete": {"--stack", "--target-dependents"},
    "up": {"--replace", "--stack"},
}
"""Verbs and options of the Pulumi CLI that the documents use; compared with the CLI where one is there."""


def _options(words: list[str]) -> set[str]:
    return {word.split("=")[0] for word in words if word.startswith("--")}


def _of(program: str) -> list[Command]:
    return [command for command in COMMANDS if command.words[0] == program]


def _of_modules() -> list[Command]:
    return [command for command in COMMANDS if command.words[1] == "-m"]


def _verb(words: list[str]) -> str:
    two = " ".join(words[1:3])
    return two if two in PULUMI else words[1]


@cache
def _help(*module_and_verb: str) -> subprocess.CompletedProcess[str]:
    wide = os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    return subprocess.run(
        [sys.executable, "-m", *module_and_verb, "--help"], cwd=ROOT, env=wide, capture_output=True, text=True, check=False
    )


def test_the_commands_are_found() -> None:
    """Each kind of command is met, so that no test below passes on nothing."""
    assert len(_of("make")) >= 5
    assert len(_of("pulumi")) >= 10
    assert len(_of_modules()) >= 5


@pytest.mark.parametrize("command", _of("make"), ids=str)
def test_make_target_exists(command: Command) -> None:
    """A target that a document names is one of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {word for word in command.words[1:] if "=" not in word and word != "-s"} <= targets


@pytest.mark.parametrize("command", _of_modules(), ids=str)
def test_module_has_that_verb_with_these_options(command: Command) -> None:
    """`python -m MODULE VERB --option` is understood by MODULE."""
    module, *rest = command.words[2:]
    if module not in MODULES_OF_VERBS:
        assert (
            module == "venv" or (ROOT / Path(*module.split("."))).with_suffix(".py").is_file() or (ROOT / module / "__main__.py").is_file()
        )
        return
    verb = rest[0] if rest else ""
    if verb in {"", "VERB"}:
        return
    shown = _help(module, verb)
    assert shown.returncode == 0, shown.stderr
    missing = set() if (module, verb) == ("lab", "exec") else _options(rest) - set(re.findall(r"--[a-z-]+", shown.stdout))
    assert not missing


@pytest.mark.parametrize("command", _of("pulumi"), ids=str)
def test_pulumi_verb_has_these_options(command: Command) -> None:
    """A `pulumi` command of a document uses verbs and options that we know to be there."""
    verb = _verb(command.words)
    assert verb in PULUMI
    assert _options(command.words) <= PULUMI[verb]


def test_every_command_to_type_names_the_stack() -> None:
    """In a block for a shell no `pulumi` command acts on whatever stack happens to be selected."""
    careless = [str(command) for command in _of("pulumi") if command.to_type and "--stack" not in command.words]
    assert [line for line in careless if not line.endswith("pulumi stack init prod")] == []


@pytest.mark.parametrize(("document", "target"), sorted(set(links())), ids=str)
def test_link_resolves(document: Path, target: str) -> None:
    """A link leads to a file, and to a heading where it names one."""
    path, _, anchor = target.partition("#")
    page = (document.parent / path).resolve() if path else document
    assert page.exists()
    assert not anchor or anchor in anchors(page)


@pytest.mark.parametrize(("document", "path"), sorted(set(named_files())), ids=str)
def test_named_file_exists(document: Path, path: str) -> None:
    """A file or folder of the project that a document names is there."""
    assert document.exists()
    assert (ROOT / path).exists()


@pytest.mark.parametrize("document", [*DOCUMENTS, *OTHERS], ids=lambda path: str(path.relative_to(ROOT)))
def test_document_knows_no_machine(document: Path) -> None:
    """No path of the machine that it was written on, and no mirror that this machine takes packages from."""
    text = document.read_text("utf-8")
    assert not [path for path in (str(ROOT), str(Path.home())) if len(path) > 1 and f"{path}/" in text]
    assert not [host for host in _mirrors() if host in text]


def _mirrors() -> set[str]:
    settings = [value for name, value in os.environ.items() if re.search(r"GOPROXY|PIP_|npm_config|PROXY", name, re.IGNORECASE)]
    for path in ("/etc/pip.conf", "/etc/apt/sources.list", "~/.config/pip/pip.conf", "~/.npmrc"):
        file = Path(path).expanduser()
        settings += [file.read_text("utf-8")] if file.is_file() else []
    hosts = {urlsplit(url).hostname or "" for url in re.findall(r"https?://[^\s,|\"']+", " ".join(settings))}
    public = {"", "localhost", "pypi.org", "proxy.golang.org", "deb.debian.org", "security.debian.org", "registry.npmjs.org"}
    return hosts - public


def test_table_of_settings_is_complete() -> None:
    """The settings in the page on `pair` are those of the models, with their defaults and meanings."""
    written = between_markers(PAGE.read_text("utf-8"))
    documented = set(re.findall(r"^\| `([^`]+)`", written, re.MULTILINE))
    assert documented == {path for path, _, _ in rows()}
    assert written == table(), "run: python -m tests.unit.docs.settings_table"


def test_stack_file_of_the_readme_is_the_one_in_the_repository() -> None:
    """The example that explains a stack file says what Pulumi.prod.yaml says."""
    [example] = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert yaml.safe_load(example) == yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text("utf-8"))


def test_decisions_are_listed() -> None:
    """Every decision has a line in the list, and fits on a page."""
    folder = ROOT / "docs" / "adr"
    listed = set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text("utf-8")))
    decisions = {path.name: path.read_text("utf-8") for path in folder.glob("[0-9]*.md")}
    assert listed == set(decisions)
    for text in decisions.values():
        assert all(part in text for part in ("**Decision.**", "**Alternatives.**", "**Why.**", "**Consequences.**"))
        assert len(text.split()) <= 500


def test_pulumi_cli_has_the_verbs_and_options() -> None:
    """The list of Pulumi's verbs and options above is true of the CLI that this machine has."""
    from engine import environment
    from engine.errors import EngineError

    try:
        variables = os.environ | environment.variables()
    except EngineError as error:
        pytest.skip(f"no Pulumi on this machine yet: {error}")
    for verb, options in PULUMI.items():
        shown = subprocess.run(["pulumi", *verb.split(), "--help"], env=variables, capture_output=True, text=True, check=False)
        assert shown.returncode == 0, f"pulumi {verb}: {shown.stderr}"
        assert options <= set(re.findall(r"--[a-z-]+", shown.stdout)), verb
