"""The programs of a cluster's nodes and its DNS, built from source once for all labs."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from lab import cache, go, image_archive

SOURCE = Path(__file__).parent / "kubernetes-image"
VERSION = "1.34.3"
DNS_VERSION = "1.12.1"
_VERSION_OF = "k8s.io/component-base/version"
# The API server answers with it, and clients look at it
_FLAGS = f"-s -w -X {_VERSION_OF}.gitVersion=v{VERSION} -X {_VERSION_OF}.gitMajor=1 -X {_VERSION_OF}.gitMinor=34"


@dataclass(frozen=True)
class Program:
    """One Go program and the folder of its module."""

    name: str
    module: str
    package: str
    ldflags: str = "-s -w"
    tags: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Where `ensure` puts it."""
        return _place() / self.name


KUBE = Program("kube", "kube", ".", _FLAGS, ("netgo", "osusergo", "selinux", "notest", "providerless"))
PAUSE = Program("pause", "kube", "./pause")
DNS = Program("coredns", "coredns", ".")
PROGRAMS = (KUBE, PAUSE, DNS)
IMAGES = {"localhost/pause:1": PAUSE, f"localhost/coredns:{DNS_VERSION}": DNS}
"""What nodes have from the beginning, as the files of `kubernetes-image/node` call it."""


def digest() -> str:
    """Changes whenever programs made now would differ."""
    sources = sorted(path for path in SOURCE.rglob("*") if path.suffix in {".go", ".mod", ".sum"})
    parts = [repr(PROGRAMS), *(f"{path.relative_to(SOURCE)}\n{path.read_text()}" for path in sources)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def ensure() -> None:
    """All programs are there afterwards, and their images. Raises LabError where Go is missing or a build fails."""
    missing = [program for program in PROGRAMS if not program.path.exists()]
    if missing:
        print("building Kubernetes from source (once, about 10 minutes on 2 cores)", flush=True)
        _place().mkdir(parents=True, exist_ok=True)
    for program in missing:
        candidate = program.path.with_suffix(".part")
        go.build(SOURCE / program.module, program.package, candidate, ldflags=program.ldflags, tags=program.tags)
        candidate.rename(program.path)
    for image, program in IMAGES.items():
        if not archive(program).exists():
            layer = image_archive.pack({program.name: (program.path.read_bytes(), 0o755)})
            image_archive.write(archive(program), image, layer, {"Entrypoint": [f"/{program.name}"]})


def archive(program: Program) -> Path:
    """The `docker save` archive of the image with this program alone."""
    return program.path.with_suffix(".tar")


def _place() -> Path:
    return cache.root() / "kubernetes" / digest()
