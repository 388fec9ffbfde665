"""A valid stack in a folder of its own."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.unit.settings.authority import Authority, pem
from tests.unit.settings.valid import BEFORE, FRONTED, KUBECONFIG, KUBERNETES, STORE_KEYS, VALID, Stack


@pytest.fixture(scope="session")
def private_key() -> bytes:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


@pytest.fixture
def stack(tmp_path: Path, private_key: bytes) -> Stack:
    made = _with_key(Stack(tmp_path, copy.deepcopy(dict(VALID))), private_key)
    made.pin("192.168.23.51", "192.168.23.52", "192.168.23.53")
    return made


@pytest.fixture
def fronted(tmp_path: Path, private_key: bytes) -> Stack:
    """Two fronts before three registries on a bucket."""
    made = _with_key(Stack(tmp_path, copy.deepcopy(dict(FRONTED)), secrets=STORE_KEYS), private_key)
    made.pin(*(f"10.20.0.{last}" for last in (11, 12, 21, 22, 23, 31)))
    (tmp_path / "rgw-ca.pem").write_bytes(pem(Authority().certificate))
    return made


@pytest.fixture
def kubernetes(tmp_path: Path) -> Stack:
    """A registry in a cluster, on the disk of one node."""
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    return Stack(tmp_path, copy.deepcopy(dict(KUBERNETES)))


@pytest.fixture
def before(kubernetes: Stack, private_key: bytes) -> Stack:
    """The same behind two fronts."""
    made = _with_key(kubernetes, private_key)
    made.pin("192.168.44.11", "192.168.44.12", "192.168.44.31")
    return made.change(**BEFORE)


def _with_key(stack: Stack, private_key: bytes) -> Stack:
    key = stack.base / "id_ed25519"
    key.write_bytes(private_key)
    key.chmod(0o600)
    return stack
