"""A valid stack in a folder of its own."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.unit.settings.valid import VALID, Stack


@pytest.fixture(scope="session")
def private_key() -> bytes:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


@pytest.fixture
def stack(tmp_path: Path, private_key: bytes) -> Stack:
    made = Stack(tmp_path, copy.deepcopy(dict(VALID)))
    key = tmp_path / "id_ed25519"
    key.write_bytes(private_key)
    key.chmod(0o600)
    made.pin("192.168.23.51", "192.168.23.52", "192.168.23.53")
    return made
