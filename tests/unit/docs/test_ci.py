"""The workflow for users and the command of continuous integration."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from engine import toolchain
from engine.cache import root
from engine.errors import EngineError
from tests.unit.docs.documents import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "registry.yaml"
RUN = ROOT / ".ci" / "run"
ACTIONLINT, VERSION = "github.com/rhysd/actionlint/cmd/actionlint", "v1.7.7"


@pytest.fixture(scope="module")
def actionlint() -> Path:
    """The linter, built once into the cache."""
    folder = root() / "tools" / f"actionlint-{VERSION}"
    program = folder / "actionlint"
    if not program.exists():
        try:
            go = toolchain.find(root(), Console(stderr=True))
        except EngineError as error:
            pytest.skip(f"no Go on this machine: {error}")
        variables = toolchain.environment(go) | {"GOBIN": str(folder), "GOFLAGS": ""}
        subprocess.run([go, "install", f"{ACTIONLINT}@{VERSION}"], env=variables, cwd=root(), check=True, capture_output=True, timeout=280)
    return program


def test_actionlint_finds_nothing(actionlint: Path) -> None:
    """GitHub understands the workflow, and its scripts are clean for shellcheck."""
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run([actionlint, WORKFLOW], env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _workflow() -> dict[Any, Any]:
    return yaml.safe_load(WORKFLOW.read_text("utf-8"))


def test_workflow_may_only_read() -> None:
    """The token of a run reads the repository and nothing else, and is not left in the checkout."""
    workflow = _workflow()
    assert workflow["permissions"] == {"contents": "read"}
    [job] = workflow["jobs"].values()
    assert "permissions" not in job
    assert [step["with"]["persist-credentials"] for step in job["steps"] if "checkout" in step.get("uses", "")] == [False]


def test_workflow_gives_no_secret_to_forks_or_to_whole_jobs() -> None:
    """Secrets are in the environment of single steps of our own, never in a command or of an action, and forks start no job."""
    workflow = _workflow()
    [job] = workflow["jobs"].values()
    assert "head.repo.full_name == github.repository" in job["if"]
    assert "pull_request_target" not in workflow[True]  # YAML 1.1 reads `on` as true
    assert "secrets." not in str(workflow.get("env")) + str(job.get("env"))
    for step in job["steps"]:
        assert "secrets." not in step.get("run", "") + str(step.get("with"))
        assert "uses" not in step or "env" not in step


def test_workflow_prints_no_secret() -> None:
    """No command asks Pulumi for secrets in clear."""
    assert "--show-secrets" not in WORKFLOW.read_text("utf-8")


def test_workflow_runs_the_three_things() -> None:
    """A preview for pull requests, `up` for main only, a night's look for changes."""
    workflow = _workflow()
    assert workflow[True]["push"] == {"branches": ["main"]}
    assert workflow[True]["schedule"]
    [job] = workflow["jobs"].values()
    commands = {step["if"]: step["run"] for step in job["steps"] if "pulumi " in step.get("run", "")}
    assert "preview" in commands["github.event_name == 'pull_request'"]
    assert "pulumi up" in commands["github.event_name == 'push'"]
    assert any("schedule" in event and "--expect-no-changes" in run for event, run in commands.items())


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """What continuous integration runs at last is what the README calls the test command."""
    named = re.findall(r"^(make [\w-]+)\s+# THE test command", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert len(named) == 1
    assert RUN.read_text("utf-8").rstrip().endswith(f"exec {named[0]}")
    assert os.access(RUN, os.X_OK)


def test_ci_is_clean_for_shellcheck() -> None:
    """Its shell is clean for shellcheck."""
    done = subprocess.run([ROOT / ".venv" / "bin" / "shellcheck", RUN], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
