"""`python -m ops VERB`: what an operator does with a stack."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ops.deployment import Deployment, DeploymentError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(stderr=True, highlight=False)

Stack = Annotated[str, typer.Option("--stack", "-s", help="Which stack.")]
ConfigFile = Annotated[Path | None, typer.Option("--config-file", help="Its stack file, where it is not Pulumi.<stack>.yaml.")]


@app.callback()
def verbs() -> None:
    """What an operator does with a stack."""


@app.command()
def up(stack: Stack = "dev", config_file: ConfigFile = None) -> None:
    """Like `pulumi up --yes`, and heals what a killed run left behind first."""
    _run(Deployment(stack=stack, config_file=config_file), "up", "--yes", "--skip-preview")


@app.command()
def destroy(stack: Stack = "dev", config_file: ConfigFile = None) -> None:
    """Like `pulumi destroy --yes`, and heals what a killed run left behind first."""
    _run(Deployment(stack=stack, config_file=config_file), "destroy", "--yes", "--skip-preview")


@app.command()
def show(stack: Stack = "dev") -> None:
    """Where the registry is, where its CA and passwords are, and what to try next. Prints no secret."""
    try:
        outputs = Deployment(stack=stack).outputs()
    except DeploymentError as error:
        console.print(str(error))
        raise typer.Exit(1) from error
    if "registryUrl" not in outputs:
        console.print(f"{stack}: nothing is deployed; run: pulumi up --stack {stack}")
        raise typer.Exit(1)
    name, vip = str(outputs["registryUrl"]).removeprefix("https://"), outputs.get("vipAddress")
    trusting, client = ("listed clients", "a listed client") if vip else ("the nodes", "a machine that trusts the CA")
    rows = {
        "registry": f"{outputs['registryUrl']}" + (f"   VIP {vip}" if vip else ""),
        "CA": f"pulumi stack output --stack {stack} caCertificatePem; {trusting} trust it already",
        "passwords": f"pulumi stack output --stack {stack} passwords --show-secrets",
        "try next": f"docker login {name}, on {client}",
    }
    for title, words in rows.items():
        sys.stdout.write(f"{title:<10} {words}\n")


def _run(deployment: Deployment, verb: str, *arguments: str) -> None:
    try:
        if deployment.drop_torn_attributes():
            console.print(f"{deployment.stack}: dropped attributes of the state that a killed run had half written")
        deployment.select()
        if deployment.free_dead_lock():
            console.print(f"{deployment.stack}: freed the lock of a run that is gone")
        if deployment.clear_pending_creates():
            console.print(f"{deployment.stack}: what a killed run had begun will be applied again")
    except DeploymentError as error:
        console.print(str(error))
        raise typer.Exit(1) from error
    raise typer.Exit(deployment.run(verb, *arguments))


if __name__ == "__main__":
    app()
