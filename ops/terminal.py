"""What all verbs share where they meet the one who typed them: options, words, questions, and how a verb ends."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from ops.deployed import Deployed
from ops.deployment import Deployment
from ops.ssh import UNREACHABLE, HostError, VerbError

Stack = Annotated[str, typer.Option("--stack", "-s", help="Which stack.")]
ConfigFile = Annotated[Path | None, typer.Option("--config-file", help="Its stack file, where it is not Pulumi.<stack>.yaml.")]
HostName = Annotated[str, typer.Argument(help="Its name in the stack file.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="For programs: one JSON object on standard output.")]
PassphraseFile = Annotated[
    str | None, typer.Option("--passphrase-file", help="Where the passphrase is; - for standard input. Default: asked at the terminal.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

console = Console(stderr=True, highlight=False)


def say(words: Mapping[str, object] | Iterable[str]) -> None:
    """An object as JSON, or lines as they are, on standard output: no markup, nothing wrapped."""
    lines = [json.dumps(words, indent=2)] if isinstance(words, Mapping) else words
    sys.stdout.writelines(f"{line}\n" for line in lines)


def end(error: Exception, code: int) -> NoReturn:
    """Ends with what kept the verb from being done, as it is."""
    console.print(str(error), markup=False, soft_wrap=True)
    raise typer.Exit(code) from error


def do(doing: Coroutine[Any, Any, Sequence[str]]) -> None:
    """Says what a verb on hosts did; ends with its exit code where it was refused, with UNREACHABLE where a host could not be asked."""
    try:
        say(asyncio.run(doing))
    except (VerbError, HostError) as error:
        end(error, error.code if isinstance(error, VerbError) else UNREACHABLE)


def deployed(stack: str) -> Deployed:
    """What the stack deployed. Raises DeploymentError as `Deployed.of`."""
    return Deployed.of(Deployment(stack=stack))


def confirm(question: str, *, yes: bool) -> None:
    """Goes on where the answer is yes, typed or given before; ends with 1 where it is no, or where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        console.print("no terminal to ask at: give --yes to do it unasked; nothing was changed", markup=False, soft_wrap=True)
        raise typer.Exit(1)
    if not typer.confirm(question, err=True):
        console.print("nothing was changed")
        raise typer.Exit(1)


def heal(deployment: Deployment) -> None:
    """Makes the stack where it is not there, heals what a killed run left behind, and names it. Raises DeploymentError where it cannot."""
    if deployment.drop_torn_attributes():
        console.print(f"{deployment.stack}: dropped attributes of the state that a killed run had half written")
    deployment.select()
    if deployment.free_dead_lock():
        console.print(f"{deployment.stack}: freed the lock of a run that is gone")
    if deployment.clear_pending_creates():
        console.print(f"{deployment.stack}: what a killed run had begun will be applied again")


def run(deployment: Deployment, verb: str, *arguments: str) -> NoReturn:
    """`pulumi VERB --yes` without a preview, after healing; ends with its exit code."""
    heal(deployment)
    raise typer.Exit(deployment.run(verb, "--yes", "--skip-preview", *arguments))
