"""A short hash over files: it differs whenever what is made of them may."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def of(paths: Iterable[Path], folder: Path, told: bytes = b"") -> str:
    """Of `told`, and of name below `folder` and content of each file, whatever their order."""
    digest = hashlib.sha256(told)
    for path in sorted(paths):
        digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
