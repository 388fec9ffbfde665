"""drain, undrain, failover: which host serves."""

from __future__ import annotations

import typer

from ops import move
from ops.terminal import HostName, Stack, deployed, do

app = typer.Typer()


@app.command()
def drain(host: HostName, stack: Stack = "dev") -> None:
    """Takes a host out of service, for work on it: its VIP goes elsewhere, or the fronts send nothing new to its registry.

    What is open at a VIP that moves is reset once; at a registry behind fronts it may finish. A reboot ends the draining.
    Exit code 69: no other host could take over, and nothing was changed. 75: none did in time, and the host serves again.
    4: it cannot be asked.
    On machines only; in a cluster it is `kubectl drain`.
    """
    do(move.drain(deployed(stack).machines("drain", "drain a node with: kubectl drain"), host))


@app.command()
def undrain(host: HostName, stack: Stack = "dev") -> None:
    """Lets a drained host serve again. The VIP stays where it is, unless `vip.preempt` is set.

    On machines only; in a cluster it is `kubectl uncordon`.
    """
    do(move.undrain(deployed(stack).machines("undrain", "give a node back with: kubectl uncordon"), host))


@app.command()
def failover(stack: Stack = "dev") -> None:
    """Moves the VIP to another host: drains its holder, waits until another holds it and serves, undrains.

    What is open is reset once, and clients that try again are served. Exit codes as of `drain`.
    On machines only; a cluster has no VIP of ours, unless fronts stand before it.
    """
    do(move.failover(deployed(stack).machines("failover", "it has no VIP of ours")))
