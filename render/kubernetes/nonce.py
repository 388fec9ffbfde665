"""An image that nobody has pulled yet and that runs: one program that ends with 0, for both common kinds of processor."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CODE: Mapping[str, tuple[int, bytes]] = {
    # mov $60, %eax; xor %edi, %edi; syscall: exit(0) (Linux, x86-64)
    "amd64": (0x3E, bytes.fromhex("b83c00000031ff0f05")),
    # mov x8, #93; mov x0, #0; svc #0: the same (Linux, arm64)
    "arm64": (0xB7, bytes.fromhex("a80b80d2000080d2010000d4")),
}
"""ELF's number of the processor, and machine code."""
ADDRESS, ELF_HEADER, PROGRAM_HEADER = 0x400000, 64, 56
PROGRAM = "exit"
_OCI = "application/vnd.oci.image"


@dataclass(frozen=True)
class Nonce:
    """An image with all that belongs to it, by digest; what is referred to comes before what refers to it."""

    content: Mapping[str, bytes]

    @property
    def index(self) -> str:
        """Digest of the whole."""
        return list(self.content)[-1]


def nonce(seed: str) -> Nonce:
    """Another image for another `seed`, the same for the same."""
    content: dict[str, bytes] = {}
    manifests: list[dict[str, Any]] = []
    for architecture in CODE:
        layer = _layer(architecture, seed)
        config = _json({"architecture": architecture, "config": {"Entrypoint": [f"/{PROGRAM}"]}, "os": "linux", **_rootfs(layer)})
        described = {"config": _descriptor("config.v1+json", config), "layers": [_descriptor("layer.v1.tar", layer)]}
        image = _json({**described, "mediaType": f"{_OCI}.manifest.v1+json", "schemaVersion": 2})
        content |= {_digest(each): each for each in (layer, config, image)}
        manifests.append({**_descriptor("manifest.v1+json", image), "platform": {"architecture": architecture, "os": "linux"}})
    index = _json({"manifests": manifests, "mediaType": f"{_OCI}.index.v1+json", "schemaVersion": 2})
    return Nonce({**content, _digest(index): index})


def program(architecture: str) -> bytes:
    """An ELF executable of one segment that ends with 0 (System V ABI, "Object Files")."""
    machine, code = CODE[architecture]
    size = ELF_HEADER + PROGRAM_HEADER + len(code)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    start = ADDRESS + ELF_HEADER + PROGRAM_HEADER
    header = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, start, ELF_HEADER, 0, 0, ELF_HEADER, PROGRAM_HEADER, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, ADDRESS, ADDRESS, size, size, 0x1000)
    return ident + header + segment + code


def _layer(architecture: str, seed: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, mode, text in ((PROGRAM, 0o755, program(architecture)), ("seed", 0o644, f"{seed}\n".encode())):
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size = mode, len(text)
            archive.addfile(entry, io.BytesIO(text))
    return packed.getvalue()


def _rootfs(layer: bytes) -> dict[str, Any]:
    return {"rootfs": {"diff_ids": [_digest(layer)], "type": "layers"}}


def _descriptor(kind: str, content: bytes) -> dict[str, Any]:
    return {"digest": _digest(content), "mediaType": f"{_OCI}.{kind}", "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
