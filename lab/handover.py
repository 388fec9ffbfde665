"""What the storage's operator hands over, set as secrets of a stack: never in an argument, and encrypted in its stack file."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from lab.ceph import SECRETS
from lab.command import LabError, run
from lab.state import State
from settings import SettingsError, StackFile

PROJECT = Path(__file__).parent.parent


def ensure(state: State, stack: str, stack_file: Path) -> list[str]:
    """The secrets that `stack_file` needs for its storage and that this sets in it; the stack is there afterwards.

    Works on a copy, because `pulumi stack select` knows no --config-file. Raises LabError where pulumi fails.
    """
    try:
        storage = cast("Mapping[str, object]", StackFile(stack_file).system.get("storage") or {})
    except SettingsError as fault:
        raise LabError(f"reading {stack_file}: {fault}") from fault
    names = [name for kind, named in SECRETS.items() if kind in storage for name in named]
    with TemporaryDirectory() as place:
        folder, own = Path(place), f"Pulumi.{stack}.yaml"
        shutil.copy(PROJECT / "Pulumi.yaml", folder)
        shutil.copy(stack_file, folder / own)
        pulumi = ["pulumi", "--cwd", place, "--non-interactive"]
        run([*pulumi, "stack", "select", "--create", "--stack", stack], f"selecting stack {stack}")
        for name in names:
            doing = f"setting the secret {name} of stack {stack}"
            run([*pulumi, "config", "set", "--secret", "--stack", stack, name], doing, stdin=state.secret(name).read_text())
        if names:
            shutil.copy(folder / own, stack_file)
    return names
