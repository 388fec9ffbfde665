"""rotate: passwords, keys and certificates made anew."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.deployed import Deployed
from ops.deployment import Deployment
from ops.rotate import What, rotation
from ops.terminal import ConfigFile, Stack, Yes, confirm, console, run

app = typer.Typer()
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Which users, or whose certificates; default: all.")]


@app.command()
def rotate(
    what: Annotated[What, typer.Argument(help="What is made anew.", show_default=False)],
    names: Names = None,
    stack: Stack = "dev",
    config_file: ConfigFile = None,
    yes: Yes = False,
) -> None:
    """Makes passwords of users, keys and certificates of hosts, or the http secret anew, by an `up`.

    What is yours (a password of your own, `tls.files`) is yours to change; the CA is refused, and why.
    """
    deployment = Deployment(stack=stack, config_file=config_file)
    planned = rotation(Deployed.of(deployment), what, names or [])
    console.print(f"{stack}: {planned.meaning}", markup=False, soft_wrap=True)
    confirm(f"Rotate {what} of {stack}?", yes=yes)
    run(deployment, "up", *(word for urn in planned.urns for word in ("--replace", urn)))
