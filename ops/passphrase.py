"""The passphrase of a sealed file: from the terminal, a file, or standard input; never from an argument or the environment."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path

LEAST = 12
"""Characters of a passphrase for a new file: whoever has the file may try others for years."""


class PassphraseError(Exception):
    """No passphrase, or one that will not do: why, and what to do now. Never holds it."""


def known(place: str | None) -> str:
    """The passphrase of a file that is there: from the file `place`, from standard input where it is `-`, else asked at the terminal.

    Raises:
        PassphraseError: there is none.
    """
    return _read(place) if place else _asked("Passphrase of the backup: ")


def chosen(place: str | None) -> str:
    """A passphrase for a new file, asked twice where it is asked at the terminal.

    Raises:
        PassphraseError: there is none, it is too short, or the second was another than the first.
    """
    if place:
        passphrase = _read(place)
    else:
        passphrase = _asked("Passphrase for the backup: ")
        if _asked("The same again: ") != passphrase:
            raise PassphraseError("the second passphrase was another than the first; run it again")
    if len(passphrase) < LEAST:
        raise PassphraseError(f"the passphrase has {len(passphrase)} characters, and at least {LEAST} are needed; choose a longer one")
    return passphrase


def _read(place: str) -> str:
    try:
        text = sys.stdin.read() if place == "-" else Path(place).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "is not UTF-8"
        raise PassphraseError(f"--passphrase-file {place}: cannot be read: {why}; name a file with nothing but the passphrase") from error
    passphrase = text.removesuffix("\n").removesuffix("\r")
    if not passphrase:
        raise PassphraseError(f"--passphrase-file {place}: is empty; name a file with nothing but the passphrase")
    if "\n" in passphrase:
        raise PassphraseError(f"--passphrase-file {place}: has several lines; name a file with nothing but the passphrase")
    return passphrase


def _asked(question: str) -> str:
    if not sys.stdin.isatty():
        raise PassphraseError("no terminal to ask for the passphrase; give it with --passphrase-file FILE, or - for standard input")
    passphrase = getpass(question)
    if not passphrase:
        raise PassphraseError("the passphrase is empty; run it again")
    return passphrase
