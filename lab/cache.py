"""Where the lab keeps what it makes: everything below one root, and each lab's own state."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path

DEFAULT_NAME = "dev"


def root() -> Path:
    """Images, package caches, logs: slow to make again, shared by all labs."""
    return Path(environ.get("HA_REGISTRY_CACHE") or Path.home() / ".cache" / "ha-registry")


def state(name: str) -> Path:
    """Keys, certificates and addresses of the lab `name`."""
    return Path(environ.get("HA_REGISTRY_LAB") or Path.home() / ".cache" / "ha-registry" / "lab" / name)


@contextmanager
def locked(purpose: str) -> Iterator[None]:
    """Only one process of this machine at a time does what `purpose` names."""
    root().mkdir(parents=True, exist_ok=True)
    with (root() / f"{purpose}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
