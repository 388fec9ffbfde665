"""The registry images that the mirror serves: built from source, since nothing here pulls from a public registry."""

import hashlib
import io
import json
import re
import shutil
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from lab import cache
from lab.command import run

PROJECT = Path(__file__).parent.parent
SOURCE = PROJECT / "lab" / "registry-image"
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
NEEDED_GO = (1, 25)
"""What registry-image/go.mod asks for."""


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
        candidate = archive(release).with_suffix(".part")
        _write(candidate, release, programs[release.program].read_bytes())
        candidate.rename(archive(release))
    return True


def _build(program: str, package: str) -> Path:
    out = _place() / program
    argv = [_go(), "build", "-C", str(SOURCE), "-trimpath", "-ldflags", "-s -w", "-o", str(out), package]
    run(argv, f"building {package}", env={"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off"})
    return out


def _go() -> str:
    """The user's Go if it is new enough, else the one that the engine is built with, which gets it where it is missing."""
    on_path = shutil.which("go")
    if on_path is not None:
        version = re.match(r"go(\d+)\.(\d+)", run([on_path, "env", "GOVERSION"], "asking Go for its version"))
        if version is not None and (int(version[1]), int(version[2])) >= NEEDED_GO:
            return on_path
    return run([sys.executable, "-m", "engine", "go"], "looking for Go 1.25 or newer (install it and put it on PATH)", cwd=PROJECT).strip()


def _write(path: Path, release: Release, program: bytes) -> None:
    """A `docker save` archive of one layer; the same input gives the same digests on every machine with the same certificates."""
    layer = _tar(
        {
            "bin/registry": (program, 0o755),
            "etc/distribution/config.yml": (CONFIG.encode(), 0o644),
            "etc/ssl/certs/ca-certificates.crt": (CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b"", 0o644),
        }
    )
    layer_digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps(_config(release, layer_digest), sort_keys=True).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    layer_name = f"{layer_digest}/layer.tar"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name(release)], "Layers": [layer_name]}]).encode()
    path.write_bytes(_tar({config_name: (config, 0o644), layer_name: (layer, 0o644), "manifest.json": (manifest, 0o644)}))


def _config(release: Release, layer_digest: str) -> dict[str, object]:
    return {
        "created": "1970-01-01T00:00:00Z",
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "Entrypoint": ["registry"],
            "Cmd": ["serve", "/etc/distribution/config.yml"],
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "OTEL_TRACES_EXPORTER=none"],
            "ExposedPorts": {"5000/tcp": {}},
            "Volumes": {"/var/lib/registry": {}},
            "Labels": {"org.opencontainers.image.version": release.tag},
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "lab/registry_image.py"}],
    }


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, (content, mode) in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()
