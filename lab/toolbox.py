"""An image with a shell and curl, which pods of the program need and the lab's registry image has not: files of the host image."""

import hashlib
import subprocess
from pathlib import Path

from lab import cache, image_archive
from lab.command import LabError
from lab.image import Recipe

REPOSITORY, TAG = "library/toolbox", "1.0.0"
PROGRAMS = ("sh", "cat", "cmp", "cp", "curl", "date", "mkdir", "mv", "rm", "rmdir", "sed", "sleep", "test", "touch", "tr")
COLLECT = """\
set -euo pipefail
programs=$(for name in "$@"; do type -P "$name" || { echo "$name is not there" >&2; exit 1; }; done)
{ echo "$programs"; ldd $programs | sed -n 's#.*[[:space:]]\\(/[^ ]*\\) (0x.*#\\1#p'; } | sed 's#^/##' | sort -u |
  tar --create --dereference --hard-dereference --mtime=@0 --owner=0 --group=0 --directory=/ --files-from=-
"""
"""Prints a tar archive of the programs and of the libraries that the dynamic linker loads for them (ldd(1))."""


def digest(images: Recipe) -> str:
    """Changes whenever an image made now would differ in what it was asked to hold."""
    return hashlib.sha256("\n".join([images.server, COLLECT, *PROGRAMS]).encode()).hexdigest()[:12]


def ensure(images: Recipe) -> Path:
    """Its `docker save` archive; needs the host image. Raises LabError where a program is not in it."""
    path = cache.root() / "toolbox" / f"{digest(images)}.tar"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        image_archive.write(path, f"ha-registry/{REPOSITORY}:{TAG}", _files(images), {"Cmd": ["sh"], "Env": [image_archive.PATH]})
    return path


def _files(images: Recipe) -> bytes:
    argv = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "/bin/bash", images.server, "-c", COLLECT, "bash", *PROGRAMS]
    done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode:
        raise LabError(f"collecting the files of {REPOSITORY}: {done.stderr.decode().strip()}")
    return done.stdout
