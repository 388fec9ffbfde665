"""The docker command line of this machine."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any, Literal

from lab.command import Completed, LabError, attempt, run

LABEL = "ha-registry.lab"
"""On every container, network and volume: the name of the lab it belongs to."""

Kind = Literal["container", "network", "volume"]


def docker(*arguments: str, doing: str, stdin: str | None = None) -> str:
    """Output of one docker command, without the last newline; raises LabError where it fails."""
    return run(["docker", *arguments], doing, stdin=stdin).rstrip("\n")


def answers() -> bool:
    """Whether a Docker daemon answers on this machine."""
    try:
        return attempt(["docker", "version", "--format", "{{.Server.Version}}"], "asking for the Docker daemon").returncode == 0
    except LabError:
        return False


def inspect(kind: Kind | Literal["image"], name: str) -> dict[str, Any] | None:
    """What Docker knows about one object; None where there is none of that name."""
    done = attempt(["docker", kind, "inspect", name], f"looking at {kind} {name}")
    if done.returncode:
        if "no such" in done.stderr.lower() or "not found" in done.stderr.lower():
            return None
        raise LabError(f"looking at {kind} {name}: {done.stderr.strip()}")
    return json.loads(done.stdout)[0]


def labelled(kind: Kind, lab: str | None = None) -> list[str]:
    """Names of all objects of one lab, or of all labs."""
    wanted = LABEL if lab is None else f"{LABEL}={lab}"
    every = ("--all",) if kind == "container" else ()
    name = "{{.Names}}" if kind == "container" else "{{.Name}}"
    return docker(kind, "ls", *every, "--filter", f"label={wanted}", "--format", name, doing=f"listing every {kind} of the lab").split()


def labs() -> list[str]:
    """Names of all labs of which anything is left on this machine."""
    kinds: tuple[Kind, ...] = ("container", "network", "volume")
    names = {label_of(inspect(kind, name), kind) for kind in kinds for name in labelled(kind)}
    return sorted(names - {""})


def label_of(found: dict[str, Any] | None, kind: Kind, label: str = LABEL) -> str:
    """The value of a label of an inspected object; empty where it has none."""
    if found is None:
        return ""
    labels: dict[str, str] | None = found["Config"]["Labels"] if kind == "container" else found["Labels"]
    return (labels or {}).get(label, "")


def in_container(container: str, argv: Sequence[str], *, stdin: str | None = None, timeout_s: float | None = None) -> Completed:
    """What `argv` did as root in a running container; any exit status is an answer."""
    interactive = ["--interactive"] if stdin is not None else []
    command = ["docker", "exec", *interactive, container, *argv]
    return attempt(command, f"running {argv[0]} in {container}", stdin=stdin, timeout_s=timeout_s)


def put(container: str, archive: bytes) -> None:
    """Unpacks a tar archive at the root of a container, running or not, with the owners that it names."""
    done = subprocess.run(["docker", "cp", "--archive", "-", f"{container}:/"], input=archive, capture_output=True, check=False)
    if done.returncode:
        raise LabError(f"writing files into {container}: {done.stderr.decode().strip()}")
