"""`python -m ops VERB`: what an operator does with a stack."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.live import Live

from ops import compare as comparing
from ops import move
from ops import pin as pinning
from ops import proof as proving
from ops import status as stating
from ops import verify as verifying
from ops.deployed import Deployed
from ops.deployment import Deployment, DeploymentError
from ops.https import AskError
from ops.screen import screen
from ops.ssh import UNREACHABLE, HostError, VerbError
from settings import SettingsError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(stderr=True, highlight=False)

Stack = Annotated[str, typer.Option("--stack", "-s", help="Which stack.")]
ConfigFile = Annotated[Path | None, typer.Option("--config-file", help="Its stack file, where it is not Pulumi.<stack>.yaml.")]

WATCH_S = 2
HostName = Annotated[str, typer.Argument(help="Its name in the stack file.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="For programs: one JSON object on standard output.")]


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
    for title, words in rows.items():
        sys.stdout.write(f"{title:<10} {words}\n")


@app.command()
def verify(stack: Stack = "dev", as_json: Json = False) -> None:
    """What differs on the machines from what was deployed. Changes nothing; asks every concern of every host at once, by SSH.

    Exit code 0: nothing differs. 3: something does. 4: a host or a concern could not be asked, whatever the others said.
    On machines only; objects in a cluster are compared by `pulumi preview --refresh`.
    """
    machines = _deployed(stack).machines("verify", f"run: pulumi preview --refresh --diff --stack {stack}")
    found = asyncio.run(verifying.verify(machines))
    _print(verifying.as_json(found) if as_json else verifying.as_lines(found))
    raise typer.Exit(verifying.exit_code(found))


@app.command()
def drain(host: HostName, stack: Stack = "dev") -> None:
    """Takes a host out of service, for work on it: its VIP goes elsewhere, or the fronts send nothing new to its registry.

    What is open at a VIP that moves is reset once; at a registry behind fronts it may finish. A reboot ends the draining.
    Exit code 69: no other host could take over, and nothing was changed. 75: none did in time, and the host serves again.
    4: it cannot be asked.
    On machines only; in a cluster it is `kubectl drain`.
    """
    _do(move.drain(_deployed(stack).machines("drain", "drain a node with: kubectl drain"), host))


@app.command()
def undrain(host: HostName, stack: Stack = "dev") -> None:
    """Lets a drained host serve again. The VIP stays where it is, unless `vip.preempt` is set.

    On machines only; in a cluster it is `kubectl uncordon`.
    """
    _do(move.undrain(_deployed(stack).machines("undrain", "give a node back with: kubectl uncordon"), host))


@app.command()
def failover(stack: Stack = "dev") -> None:
    """Moves the VIP to another host: drains its holder, waits until another holds it and serves, undrains.

    What is open is reset once, and clients that try again are served. Exit codes as of `drain`.
    On machines only; a cluster has no VIP of ours, unless fronts stand before it.
    """
    _do(move.failover(_deployed(stack).machines("failover", "it has no VIP of ours")))


@app.command()
def status(
    stack: Stack = "dev",
    as_json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="Again every 2 s, until it is ended.")] = False,
    drift: Annotated[bool, typer.Option("--drift", help="Ask what `verify` asks, too.")] = False,
) -> None:
    """How a stack is: hosts, who holds the VIP as they and as a client see it, disks, certificates, replicas, versions.

    Exit code for monitoring, 0: well. 1: degraded, each fault is named. 2: nobody gets an answer at the VIP. 3: the state cannot be read.
    On machines only; of a cluster `kubectl get pods` tells.
    """
    try:
        machines = _deployed(stack).machines("status", "ask its API with: kubectl get deployment,pods")
    except DeploymentError as error:
        _end(error, stating.UNKNOWN)
    screened = Console(highlight=False)
    if watch:
        with Live(console=screened, auto_refresh=False) as live:
            while True:
                live.update(screen(asyncio.run(stating.status(machines, drift=drift))), refresh=True)
                time.sleep(WATCH_S)
    seen = asyncio.run(stating.status(machines, drift=drift))
    if as_json:
        _print(stating.as_json(seen))
    else:
        screened.print(screen(seen))
    raise typer.Exit(seen.exit_code)


@app.command()
def compare(stack: Stack = "dev", as_json: Json = False) -> None:
    """Which tags are missing, extra or different on the registries of a pair, judged by the one that holds the VIP. Copies nothing.

    Asks each registry at its own address, so this machine must be one of `access.pull`.
    Exit code 0: all have the same. 3: something differs. 4: a registry gave no answer.
    Of a pair only: replicas on shared storage, and pods, have one store.
    """
    machines = _deployed(stack).machines("compare", "where its pods share one store there is nothing to compare")
    if comparing.shares_images(machines) or len(machines.with_concern("registry")) < 2:
        _print({"shared": True} if as_json else [f"{stack}: all registries share one store, so there is nothing to compare"])
        return
    holders = [each.host for each in asyncio.run(move.members(machines)) if each.holds]
    try:
        found = comparing.compare(machines, holders[0] if holders else next(iter(machines.with_concern("registry"))))
    except AskError as error:
        _end(error, UNREACHABLE)
    _print(comparing.as_json(found) if as_json else comparing.as_lines(found))
    raise typer.Exit(found.exit_code)


@app.command()
def proof(stack: Stack = "dev") -> None:
    """What ends each `up`, once more: a client pushes and pulls a fresh image through the VIP and each registry. Keeps nothing of it.

    Exit code 0: proved. 4: the client cannot be asked. Any other: what it expected and got is said.
    On machines only; in a cluster the proof is Jobs that `up` makes.
    """
    _do(proving.prove(_deployed(stack).machines("proof", "its proof is made by: pulumi up")))


@app.command()
def pin(stack: Stack = "dev", config_file: ConfigFile = None) -> None:
    """Writes the digest behind the tag of `registry.image` into the stack file, whose comments stay. Changes nothing that runs.

    Asks the registry of the image, with registry.source's CA, proxy, user and password. Applies to every topology.
    """
    _print([pinning.pin(Deployment(stack=stack, config_file=config_file))])


def _do(doing: Coroutine[Any, Any, Sequence[str]]) -> None:
    try:
        _print(asyncio.run(doing))
    except (VerbError, HostError) as error:
        _end(error, error.code if isinstance(error, VerbError) else UNREACHABLE)


def _end(error: Exception, code: int) -> NoReturn:
    """Ends with what kept the verb from being done, as it is."""
    console.print(str(error), markup=False, soft_wrap=True)
    raise typer.Exit(code) from error


def _deployed(stack: str) -> Deployed:
    return Deployed.of(Deployment(stack=stack))


def _print(said: Mapping[str, object] | Iterable[str]) -> None:
    """An object as JSON, or lines as they are: no markup, nothing wrapped."""
    lines = [json.dumps(said, indent=2)] if isinstance(said, Mapping) else said
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _run(deployment: Deployment, verb: str, *arguments: str) -> None:
    if deployment.drop_torn_attributes():
        console.print(f"{deployment.stack}: dropped attributes of the state that a killed run had half written")
    deployment.select()
    if deployment.free_dead_lock():
        console.print(f"{deployment.stack}: freed the lock of a run that is gone")
    if deployment.clear_pending_creates():
        console.print(f"{deployment.stack}: what a killed run had begun will be applied again")
    raise typer.Exit(deployment.run(verb, *arguments))


def main() -> None:
    """Runs the verb that was typed; what keeps it from being done is said in one line, with exit code 1."""
    try:
        app()
    except (DeploymentError, SettingsError) as error:
        console.print(str(error), markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
