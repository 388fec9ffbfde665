"""`python -m ops VERB`: what an operator does with a stack."""

from __future__ import annotations

import sys

import typer

from ops.commands import host, identity, keep, report, service, stack
from ops.deployment import DeploymentError
from ops.passphrase import PassphraseError
from ops.sealed import SealedError
from ops.terminal import console
from settings import SettingsError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for noun in (stack, report, service, keep, identity, host):
    app.add_typer(noun.app)


@app.callback()
def verbs() -> None:
    """What an operator does with a stack."""


def main() -> None:
    """Runs the verb that was typed; what keeps it from being done is said in one line, with exit code 1."""
    try:
        app()
    except (DeploymentError, PassphraseError, SealedError, SettingsError) as error:
        console.print(str(error), markup=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
