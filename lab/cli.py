"""`python -m lab`: up, status, exec, secrets, down."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lab import cache, daemon, docker, handover, lifecycle, machine
from lab import state as states
from lab.command import LabError
from lab.plan import MIRROR_PORT, Plan

STACK_FILES = {"pair": "Pulumi.dev.yaml", "fronted": "lab/stacks/fronted.yaml", "kubernetes": "lab/stacks/kubernetes.yaml"}
NAMES = {"pair": cache.DEFAULT_NAME}
"""Of the lab of a topology, where it is not the topology's own."""
PROJECT = Path(__file__).parent.parent

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Real hosts, thrown away afterwards.")
console = Console(soft_wrap=True, highlight=False)

Name = Annotated[str, typer.Option(help="Name of the lab; another one gets networks and a stack file of its own.")]


@app.command()
def up(
    topology: Annotated[str, typer.Argument(help=f"One of: {', '.join(STACK_FILES)}.")] = "pair",
    name: Annotated[str, typer.Option(help=f"Name of the lab; default: {cache.DEFAULT_NAME} for pair, else the topology.")] = "",
    stack_file: Annotated[Path | None, typer.Option(help="Stack file that names the hosts; default: the topology's own.")] = None,
) -> None:
    """Start the hosts of a topology, or whatever of them is missing."""
    if topology not in STACK_FILES:
        raise LabError(f"starting a lab: no topology {topology!r}; one of: {', '.join(STACK_FILES)}")
    name = name or NAMES.get(topology, topology)
    started = time.monotonic()
    plan, changes = lifecycle.up(topology, stack_file or PROJECT / STACK_FILES[topology], name)
    for thing, done in changes.made.items():
        console.print(f"{done:>10}  {thing}")
    if not changes.made:
        console.print(f"lab {name} is up, nothing to do")
    else:
        console.print(f"lab {name} is up after {time.monotonic() - started:.0f} s")
    _show(plan)


@app.command()
def status(name: Name = cache.DEFAULT_NAME) -> None:
    """Show the machines of a lab; exit 1 unless all of them run."""
    plan = states.of(name).plan()
    if not _show(plan):
        raise LabError(f"lab {name} is not complete; repair it with: python -m lab up {plan.topology} --name {name}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False})
def exec(
    host: Annotated[str, typer.Argument(help="A host, ceph, router, outsider or mirror.")],
    command: Annotated[list[str], typer.Argument(help="Program and arguments, run as root; options of ours come before the host.")],
    name: Name = cache.DEFAULT_NAME,
    stdin: Annotated[bool, typer.Option("--stdin", "-i", help="Pass standard input on.")] = False,
) -> None:
    """Run a command as root on a host; its streams and exit code are passed through."""
    container = machine.container(name, host)
    if not docker.answers() or docker.inspect("container", container) is None:
        raise LabError(f"running {command[0]} on {host}: lab {name} has no such host; see: python -m lab status --name {name}")
    interactive = ["--interactive"] if stdin else []
    raise typer.Exit(subprocess.run(["docker", "exec", *interactive, container, *command], check=False).returncode)


@app.command()
def secrets(
    name: Name = cache.DEFAULT_NAME,
    stack: Annotated[str, typer.Option(help="Which stack; default: the lab's name.")] = "",
    config_file: Annotated[Path | None, typer.Option(help="Its stack file; default: the one that `up` wrote.")] = None,
) -> None:
    """Set what the lab's storage wants from its users as secrets of a stack, by the pulumi on PATH."""
    state = states.of(name)
    state.plan()
    for one in handover.ensure(state, stack or name, config_file or state.stack_file):
        console.print(f"       set  {one}")


@app.command()
def down(
    name: Name = cache.DEFAULT_NAME,
    every: Annotated[bool, typer.Option("--all", help="Every lab on this machine.")] = False,
    keep: Annotated[bool, typer.Option(help="Keep keys and known_hosts for the next `up`.")] = False,
) -> None:
    """Remove a lab: containers, networks, volumes, keys; and stop the Docker daemon that `up` started, if it was the last lab."""
    names = sorted({name, *docker.labs()}) if every and docker.answers() else [name]
    removed = [thing for one in names for thing in lifecycle.down(one, keep=keep)]
    for thing in removed:
        console.print(f"   removed  {thing}")
    if not removed:
        console.print(f"nothing was left of lab {name}")
    stays = ["packages of this machine", f"images and caches in {cache.root()} and in Docker"]
    if docker.answers():
        stays.append("the Docker daemon: " + (f"used by {', '.join(docker.labs())}" if daemon.is_ours() else "not started by the lab"))
    console.print(f"     stays  {'; '.join(stays)}")


def _show(plan: Plan) -> bool:
    """Prints the machines; whether all run."""
    table = Table("host", "address", "role", "state")
    extra = [("mirror", f"{plan.mirror}:{MIRROR_PORT}", "registry of images"), ("router", " ".join(map(str, plan.router)), "router")]
    rows = [*((one.name, str(one.address), one.role) for one in plan.booted), *extra, ("outsider", str(plan.outsider), "outside")]
    states_seen = [_state(machine.container(plan.lab, host)) for host, _, _ in rows]
    for row, seen in zip(rows, states_seen, strict=True):
        table.add_row(*row, seen)
    console.print(table)
    console.print(f"{f'VIP {plan.vip}; ' if plan.vip else ''}files in {states.of(plan.lab).place}")
    return all(seen == "running" for seen in states_seen)


def _state(container: str) -> str:
    found = docker.inspect("container", container) if docker.answers() else None
    return "missing" if found is None else str(found["State"]["Status"])


def main() -> None:
    """Runs the command line; a fault is one message and exit code 1."""
    try:
        app(prog_name="python -m lab")
    except LabError as fault:
        sys.exit(f"lab: {fault}")
