"""The registry images that the mirror serves: built from source, since nothing here pulls from a public registry."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from lab import cache, go, image_archive

SOURCE = Path(__file__).parent / "registry-image"
PACKAGE = "github.com/distribution/distribution/v3/cmd/registry"
REPOSITORY = "library/registry"
CONFIG = """\
version: 0.1
log: {fields: {service: registry}}
storage: {filesystem: {rootdirectory: /var/lib/registry}}
http: {addr: ":5000"}
"""
"""What the image runs with where nobody mounts a configuration, as in the official image."""
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Release:
    """One tag that the mirror serves."""

    tag: str
    program: str
    """Which of the built programs is its registry."""


RELEASES = (Release("3.1.1", "registry"), Release("3.1.2", "registry"), Release("3.1.99", "broken"))
"""The one that stacks name; an upgrade: the same program under another digest; a bad one, whose program ends at once."""


def digest() -> str:
    """Changes whenever images made now would differ."""
    parts = [CONFIG, repr(RELEASES), *(path.read_text() for path in sorted(SOURCE.rglob("*")) if path.suffix in {".go", ".mod", ".sum"})]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def name(release: Release) -> str:
    """What the machine's own Docker calls it."""
    return f"ha-registry/registry:{digest()}-{release.tag}"


def archive(release: Release) -> Path:
    """Where `ensure` puts the `docker save` archive of a release."""
    return _place() / f"registry-{release.tag}.tar"


def _place() -> Path:
    return cache.root() / "registry-image" / digest()


def ensure() -> bool:
    """Whether archives had to be built; all are there afterwards. Raises LabError where Go is missing or a build fails."""
    if all(archive(release).exists() for release in RELEASES):
        return False
    print("building the registry image from source (once, 2 to 4 minutes)", flush=True)
    _place().mkdir(parents=True, exist_ok=True)
    programs = {"registry": _build("registry", PACKAGE), "broken": _build("broken", "./broken")}
    for release in RELEASES:
        image_archive.write(archive(release), name(release), _layer(programs[release.program].read_bytes()), _config(release))
    return True


def _build(program: str, package: str) -> Path:
    out = _place() / program
    go.build(SOURCE, package, out)
    return out


def _layer(program: bytes) -> bytes:
    return image_archive.pack(
        {
            "bin/registry": (program, 0o755),
            "etc/distribution/config.yml": (CONFIG.encode(), 0o644),
            "etc/ssl/certs/ca-certificates.crt": (CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b"", 0o644),
        }
    )


def _config(release: Release) -> dict[str, object]:
    return {
        "Entrypoint": ["registry"],
        "Cmd": ["serve", "/etc/distribution/config.yml"],
        "Env": [image_archive.PATH, "OTEL_TRACES_EXPORTER=none"],
        "ExposedPorts": {"5000/tcp": {}},
        "Volumes": {"/var/lib/registry": {}},
        "Labels": {"org.opencontainers.image.version": release.tag},
    }
