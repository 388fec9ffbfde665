"""verify, status, compare, proof: how a stack is; nothing is changed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from ops import compare as comparing
from ops import move, passphrase
from ops import proof as proving
from ops import status as stating
from ops import verify as verifying
from ops.backup import Backup
from ops.compare import Compared
from ops.deployment import DeploymentError
from ops.https import AskError
from ops.screen import screen
from ops.sealed import Sealed, SealedError
from ops.ssh import UNREACHABLE
from ops.tags import entry, tags
from ops.terminal import Json, PassphraseFile, Stack, deployed, do, end, say

WATCH_S = 2

app = typer.Typer()


@app.command()
def verify(stack: Stack = "dev", as_json: Json = False) -> None:
    """What differs on the machines from what was deployed. Changes nothing; asks every concern of every host at once, by SSH.

    Exit code 0: nothing differs. 3: something does. 4: a host or a concern could not be asked, whatever the others said.
    On machines only; objects in a cluster are compared by `pulumi preview --refresh`.
    """
    machines = deployed(stack).machines("verify", f"run: pulumi preview --refresh --diff --stack {stack}")
    found = asyncio.run(verifying.verify(machines))
    say(verifying.as_json(found) if as_json else verifying.as_lines(found))
    raise typer.Exit(verifying.exit_code(found))


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
        machines = deployed(stack).machines("status", "ask its API with: kubectl get deployment,pods")
    except DeploymentError as error:
        end(error, stating.UNKNOWN)
    screened = Console(highlight=False)
    if watch:
        with Live(console=screened, auto_refresh=False) as live:
            while True:
                live.update(screen(asyncio.run(stating.status(machines, drift=drift))), refresh=True)
                time.sleep(WATCH_S)
    seen = asyncio.run(stating.status(machines, drift=drift))
    if as_json:
        say(stating.as_json(seen))
    else:
        screened.print(screen(seen))
    raise typer.Exit(seen.exit_code)


@app.command()
def compare(
    stack: Stack = "dev",
    as_json: Json = False,
    backup: Annotated[Path | None, typer.Option("--backup", help="Compare with the list of images in this backup.")] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Which tags are missing, extra or different on the registries of a pair, judged by the one that holds the VIP. Copies nothing.

    Asks each registry at its own address, so this machine must be one of `access.pull`.
    With --backup: which tags of a backup the registry lacks or has with another digest, asked where clients come in.
    Exit code 0: all have the same. 3: something differs. 4: a registry gave no answer.
    Of a pair only, but for --backup: replicas on shared storage, and pods, have one store.
    """
    found = _with_backup(stack, backup, passphrase_file) if backup else _among_nodes(stack)
    if found is None:
        say({"shared": True} if as_json else [f"{stack}: all registries share one store, so there is nothing to compare"])
        return
    say(comparing.as_json(found) if as_json else comparing.as_lines(found))
    raise typer.Exit(found.exit_code)


def _among_nodes(stack: str) -> Compared | None:
    """None where all have the same store."""
    machines = deployed(stack).machines("compare", "where its pods share one store there is nothing to compare")
    if comparing.shares_images(machines) or len(machines.with_concern("registry")) < 2:
        return None
    holders = [each.host for each in asyncio.run(move.members(machines)) if each.holds]
    try:
        return comparing.compare(machines, holders[0] if holders else next(iter(machines.with_concern("registry"))))
    except AskError as error:
        end(error, UNREACHABLE)


def _with_backup(stack: str, place: Path, passphrase_file: str | None) -> Compared:
    opened = Backup.opened(Sealed.read(place), passphrase.known(passphrase_file))
    if opened.tags is None:
        raise SealedError(f"{place}: has no list of images: it was made with --without-tags; compare with another backup")
    now = deployed(stack)
    try:
        return comparing.with_backup(opened.tags, str(now.outputs["registryUrl"]), tags(entry(now)))
    except AskError as error:
        end(error, UNREACHABLE)


@app.command()
def proof(stack: Stack = "dev") -> None:
    """What ends each `up`, once more: a client pushes and pulls a fresh image through the VIP and each registry. Keeps nothing of it.

    Exit code 0: proved. 4: the client cannot be asked. Any other: what it expected and got is said.
    On machines only; in a cluster the proof is Jobs that `up` makes.
    """
    do(proving.prove(deployed(stack).machines("proof", "its proof is made by: pulumi up")))
