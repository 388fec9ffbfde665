"""Images of one layer as `docker save` archives, made without Docker: docker, ctr and skopeo read them."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def write(path: Path, name: str, layer: bytes, config: Mapping[str, object]) -> None:
    """An archive of the image `name`; the same input gives the same digests.

    `layer`: a tar archive of its files; `config`: what containers run with (OCI image specification, "config").
    The file is there when it is whole.
    """
    layer_digest = hashlib.sha256(layer).hexdigest()
    whole = {
        "created": "1970-01-01T00:00:00Z",
        "architecture": "amd64",
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "lab/image_archive.py"}],
    }
    text = json.dumps(whole, sort_keys=True).encode()
    config_name, layer_name = f"{hashlib.sha256(text).hexdigest()}.json", f"{layer_digest}/layer.tar"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": [layer_name]}]).encode()
    candidate = path.with_suffix(".part")
    candidate.write_bytes(pack({config_name: (text, 0o644), layer_name: (layer, 0o644), "manifest.json": (manifest, 0o644)}))
    candidate.rename(path)


def pack(files: Mapping[str, tuple[bytes, int]]) -> bytes:
    """A tar archive of files: content and mode by path."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, (content, mode) in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()
