"""`python -m engine build | env | go | check`: a Pulumi CLI with its plugins, ready to use."""

from __future__ import annotations

import signal
import sys
from typing import Annotated, Never

import click
import typer
from rich.console import Console

from engine import cache, check, environment, stock, toolchain
from engine.build import build as build_parts
from engine.errors import EngineError
from engine.extras import EXTRAS, Extra
from engine.progress import say

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(stderr=True)
"""Standard output is for `env` and `go` alone."""
INTERRUPTED = 130
"""What typer makes of a KeyboardInterrupt."""


With = Annotated[list[str] | None, typer.Option("--with", help=f"A plugin besides: {', '.join(EXTRAS)}.", metavar="PLUGIN")]


@app.command()
def build(extra: With = None) -> None:
    """Makes `pulumi` ready: takes the installed one if it can get the plugins, else builds what is missing."""
    extras = _extras(extra)
    found = stock.find()
    if found and found.get(extras):
        say(console, f"engine: {found.program} has all plugins, nothing to build")
        return
    home = build_parts(console, extras)
    say(console, f"engine: ready in {home.path}")


@app.command()
def env(extra: With = None) -> None:
    """Prints the variables to set, for `eval "$(python -m engine env)"`."""
    sys.stdout.write(environment.exports(environment.variables(_extras(extra))))


@app.command("go")
def print_go() -> None:
    """Prints the path of a Go that is new enough, fetched where there is none; the lab builds its registry image with it."""
    sys.stdout.write(f"{toolchain.find(cache.root(), console)}\n")


@app.command("check")
def check_parts() -> None:
    """Starts every part and asks it what it is."""
    found = stock.find()
    if found and not found.lacks():
        say(console, f"engine: {found.program} has all plugins")
        return
    variables, home, bad = environment.variables(), cache.home(), 0
    for name, fault in check.faults(home, variables):
        say(console, f"{'fault' if fault else 'ok'} {name}{': ' if fault else ''}{fault}")
        bad += bool(fault)
    if bad:
        raise EngineError("check", f"{bad} parts do not answer as they should", f"remove {home.path} and run `python -m engine build`")


def _extras(names: list[str] | None) -> list[Extra]:
    for name in names or []:
        if name not in EXTRAS:
            remedy = f"write one of: {', '.join(EXTRAS)}; others come with the official Pulumi, which can download them"
            raise EngineError(f"--with {name}", "this engine has no such plugin", remedy)
    return [EXTRAS[name] for name in dict.fromkeys(names or [])]


def _interrupt(_signal: int, _frame: object) -> Never:
    raise KeyboardInterrupt


def main() -> int:
    """Runs one command; the user's mistakes and the machine's end in a message."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code: int = app(standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except EngineError as error:
        say(console, str(error))
        return 1
    if code == INTERRUPTED:
        say(console, "engine: interrupted; what is finished is kept, run this again to go on")
    return code


if __name__ == "__main__":
    sys.exit(main())
