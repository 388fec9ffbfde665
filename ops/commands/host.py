"""join, remove, rebuild: hosts come, go, and come again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from ops.deployment import Deployment
from ops.hosts import GROUP, LEFT, Edited, Role, forget, group_of, refuse_last
from ops.terminal import ConfigFile, HostName, Stack, Yes, confirm, console, heal, run
from settings import StackFile

app = typer.Typer()


@app.command()
def join(
    host: HostName,
    address: Annotated[str, typer.Argument(help="Its address.", show_default=False)],
    role: Annotated[Role, typer.Argument(help="What it does.", show_default=False)],
    stack: Stack = "dev",
    config_file: ConfigFile = None,
    yes: Yes = False,
) -> None:
    """Adds a host: to the stack file, whose comments stay, then by an `up` after a preview. Pin its host key before.

    Fronts send requests to a registry only once it served. On machines only; in a cluster it is a node of the cluster.
    """
    deployment = Deployment(stack=stack, config_file=config_file)
    edited = _previewed(deployment, lambda file: file.add(GROUP[role], host, address))
    confirm(f"Add {host} to {stack}?", yes=yes)
    edited.write()
    run(deployment, "up")


@app.command()
def remove(
    host: HostName,
    stack: Stack = "dev",
    config_file: ConfigFile = None,
    dead: Annotated[bool, typer.Option("--dead", help="It is gone for good: it is forgotten, not asked.")] = False,
    yes: Yes = False,
) -> None:
    """Takes a host out: of the stack file, whose comments stay, then by an `up` after a preview. What it was is undone on it at the end.

    With --dead nothing is undone on it: what is left there, should it come back, is named. On machines only.
    """
    deployment = Deployment(stack=stack, config_file=config_file)
    file = StackFile(deployment.stack_file)
    refuse_last(file, host)
    group = group_of(file, host)
    edited = _previewed(deployment, lambda file: file.remove(group, host))
    if dead:
        words = f"{host} is not asked: what the preview deletes of it is forgotten instead. Left on it are {LEFT}"
        console.print(words, markup=False, soft_wrap=True)
    confirm(f"Take {host} out of {stack}?", yes=yes)
    if dead:
        forget(deployment, host)
    edited.write()
    run(deployment, "up")


@app.command()
def rebuild(host: HostName, stack: Stack = "dev", config_file: ConfigFile = None, yes: Yes = False) -> None:
    """Applies every concern again on a host that was installed anew under its old address, as on a new one. Pin its new host key before.

    On a host that is as deployed nothing changes. No image is copied to it. On machines only.
    """
    deployment = Deployment(stack=stack, config_file=config_file)
    file = StackFile(deployment.stack_file)
    group_of(file, host)
    file.load()
    confirm(f"Apply everything on {host} again?", yes=yes)
    heal(deployment)
    concerns = forget(deployment, host)
    console.print(f"{host}: applied again: {', '.join(concerns) or 'all, as nothing was'}", markup=False, soft_wrap=True)
    run(deployment, "up")


def _previewed(deployment: Deployment, change: Callable[[StackFile], None]) -> Edited:
    """The changed stack file, after a preview of it; ends with the preview's exit code where that failed. Nothing is written yet."""
    Edited(deployment.stack_file, change)
    heal(deployment)
    # Healing may have written how secrets are encrypted
    edited = Edited(deployment.stack_file, change)
    for line in (*edited.lines, *edited.warnings):
        console.print(line, markup=False, soft_wrap=True)
    with TemporaryDirectory() as folder:
        candidate = Path(folder) / f"Pulumi.{deployment.stack}.yaml"
        candidate.write_text(edited.text, "utf-8")
        code = Deployment(stack=deployment.stack, config_file=candidate).run("preview")
    if code:
        console.print("the preview failed; nothing was changed")
        raise typer.Exit(code)
    return edited
