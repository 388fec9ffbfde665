"""up, destroy, show, pin: the stack as a whole."""

from __future__ import annotations

import typer

from ops import pin as pinning
from ops.deployment import Deployment
from ops.terminal import ConfigFile, Stack, console, run, say

app = typer.Typer()


@app.command()
def up(stack: Stack = "dev", config_file: ConfigFile = None) -> None:
    """Like `pulumi up --yes`, and heals what a killed run left behind first."""
    run(Deployment(stack=stack, config_file=config_file), "up")


@app.command()
def destroy(stack: Stack = "dev", config_file: ConfigFile = None) -> None:
    """Like `pulumi destroy --yes`, and heals what a killed run left behind first."""
    run(Deployment(stack=stack, config_file=config_file), "destroy")


@app.command()
def show(stack: Stack = "dev") -> None:
    """Where the registry is, where its CA and passwords are, and what to try next. Prints no secret."""
    outputs = Deployment(stack=stack).outputs()
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
    say([f"{title:<10} {words}" for title, words in rows.items()])


@app.command()
def pin(stack: Stack = "dev", config_file: ConfigFile = None) -> None:
    """Writes the digest behind the tag of `registry.image` into the stack file, whose comments stay. Changes nothing that runs.

    Asks the registry of the image, with registry.source's CA, proxy, user and password. Applies to every topology.
    """
    say([pinning.pin(Deployment(stack=stack, config_file=config_file))])
