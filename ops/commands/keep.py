"""backup, restore: what must outlive the hosts and the state."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops import passphrase
from ops.backup import Backup
from ops.deployed import Deployed
from ops.deployment import Deployment
from ops.https import AskError
from ops.restore import restore as restoring
from ops.sealed import Sealed, refuse_existing, write
from ops.ssh import UNREACHABLE
from ops.tags import entry, tags
from ops.terminal import ConfigFile, PassphraseFile, Stack, end, say

app = typer.Typer()
Place = Annotated[Path, typer.Argument(help="The file of the backup.", show_default=False)]


@app.command()
def backup(
    file: Place,
    stack: Stack = "dev",
    config_file: ConfigFile = None,
    passphrase_file: PassphraseFile = None,
    without_tags: Annotated[bool, typer.Option("--without-tags", help="Do not ask the registry which images it has.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Writes stack file, its secrets, CA, certificates, users and the list of images with their digests into one encrypted file (0600).

    No image is in it: docs/operations.md says how images are kept. Changes nothing; for every topology.
    Exit code 4: the registry cannot be asked for its images, and nothing was written.
    """
    refuse_existing(file, force=force)
    deployment = Deployment(stack=stack, config_file=config_file)
    deployed = Deployed.of(deployment)
    try:
        held = None if without_tags else tags(entry(deployed))
    except AskError as error:
        end(AskError(f"{error}; mend that, or leave the list of images out with --without-tags"), UNREACHABLE)
    made = Backup.of(deployment, held)
    write(file, made.sealed(passphrase.chosen(passphrase_file)), force=force)
    say([made.summary(file)])


@app.command()
def restore(file: Place, stack: Stack = "dev", config_file: ConfigFile = None, passphrase_file: PassphraseFile = None) -> None:
    """Puts CA, certificates, users and secrets of a backup into a stack without hosts, and writes its stack file where there is none.

    The next `up` makes the hosts, or takes over those that still run: the same URL, CA and passwords. Asks and changes no host.
    """
    opened = Backup.opened(Sealed.read(file), passphrase.known(passphrase_file))
    say([opened.summary(file), *restoring(opened, Deployment(stack=stack, config_file=config_file))])
