"""The direction of imports and the size of things: what may know what, and how long it may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LAYERS = {
    "settings": {"settings"},
    "render": {"render", "settings"},
    "components": {"components", "render", "settings"},
    "ops": {"ops", "settings"},
    "lab": {"lab", "settings"},
    "policy": {"policy"},
    "engine": {"engine"},
    "__main__": {"components", "settings"},
}
"""Which of ours each may import (docs/architecture.md)."""
OURS = set(LAYERS) | {"bench", "tests"}
IO = {"os", "subprocess", "socket", "shutil", "tempfile", "random", "secrets", "time", "datetime", "uuid", "urllib", "http", "asyncio"}
"""What makes a rendering depend on anything but the settings."""
MODULE_LINES, FUNCTION_LINES, MAIN_LINES = 300, 40, 60


def _modules(*layers: str) -> list[Path]:
    found = [path for layer in layers for path in (PROJECT / layer).rglob("*.py")] if layers != ("__main__",) else []
    return sorted([*found, *([PROJECT / "__main__.py"] if "__main__" in layers else [])])


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_import_only_downwards(layer: str) -> None:
    """An arrow of the architecture means "may import"; nothing else imports anything of ours."""
    found = {_name(path): sorted(set(_imports(path)) & OURS - LAYERS[layer]) for path in _modules(layer)}
    assert {name: above for name, above in found.items() if above} == {}


@pytest.mark.parametrize("layer", ["settings", "render", "lab"])
def test_pulumi_stays_out_of_layers_that_others_use_without_it(layer: str) -> None:
    """Settings and texts serve operators, lab and tests, where no engine runs."""
    assert [_name(path) for path in _modules(layer) if any(name.startswith("pulumi") for name in _imports(path))] == []


def test_render_does_no_input_or_output() -> None:
    """Settings in, text out: no clock, no randomness, no files but its own templates."""
    assert {_name(path): sorted(set(_imports(path)) & IO) for path in _modules("render") if set(_imports(path)) & IO} == {}


def test_one_module_opens_ssh() -> None:
    """Only components/host.py knows pulumi_command: pinned keys and safe options stand once."""
    users = [_name(path) for path in _modules("settings", "render", "components", "ops", "__main__") if "pulumi_command" in _imports(path)]
    assert users == ["components/host.py"]


def test_one_module_speaks_to_clusters() -> None:
    """Only components/kube_object.py knows pulumi_kubernetes: no object slips past the one named context."""
    users = [_name(path) for path in _modules("components", "ops", "__main__") if "pulumi_kubernetes" in _imports(path)]
    assert users == ["components/kube_object.py"]


def test_modules_stay_short() -> None:
    """A module that grew beyond 300 lines has two subjects."""
    paths = _modules("settings", "render", "components", "ops", "lab", "engine", "policy")
    paths += [*(PROJECT / "render").rglob("*.j2"), *(PROJECT / "tests").rglob("*.py")]
    long = {_name(path): lines for path in paths if (lines := len(path.read_text().splitlines())) >= MODULE_LINES}
    assert long == {}
    assert len((PROJECT / "__main__.py").read_text().splitlines()) <= MAIN_LINES


def test_host_scripts_stay_short() -> None:
    """The same for shell: the whole library travels to every host."""
    long = {
        _name(path): lines for path in (PROJECT / "render").rglob("*.sh") if (lines := len(path.read_text().splitlines())) >= MODULE_LINES
    }
    assert long == {}


def test_functions_stay_short() -> None:
    """A function of more than 40 lines does more than one thing."""
    long = {}
    for path in _modules("settings", "render", "components", "ops", "lab", "engine", "policy", "__main__"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES and not _is_table(node):
                    long[f"{_name(path)}:{node.name}"] = lines
    assert long == {}


def _is_table(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it only builds one value: a long literal is a table, not a long function."""
    return len([statement for statement in node.body if not isinstance(statement, ast.Expr)]) <= 2


def test_no_drawer_for_leftovers() -> None:
    """A module is named for what it is about."""
    forbidden = {"utils", "helpers", "util", "helper", "common", "misc"}
    paths = [path for path in PROJECT.rglob("*.py") if ".venv" not in path.parts]
    assert [_name(path) for path in paths if forbidden & {path.stem, *path.relative_to(PROJECT).parts}] == []
