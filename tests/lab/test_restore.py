"""A pair that was lost with its state, and made again from its backup: the same CA, the same password, the same images."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab import certificate
from tests.lab.client import Client
from tests.lab.deployment import Pair
from tests.lab.operating import ops
from tests.lab.settled import assert_nothing_to_change

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]

PASSPHRASE = "correct horse battery staple"
DIFFERENT = 3
KEPT, LOST = "restore/kept:1", "restore/lost:1"


@dataclass(frozen=True)
class Lost:
    """What was known before everything was lost."""

    backup: Path
    client: Client
    ca: str
    serial: int
    """Of the certificate shown at the VIP by the preferred holder."""
    kept: str
    """Digest of an image."""


@pytest.fixture(scope="module")
def lost(deployed: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    """Backed up and destroyed; then state and stack file are deleted. Images stay on the registries' disks, as `destroy` leaves them."""
    client, place = deployed.client, tmp_path_factory.mktemp("restore") / "pair.backup"
    kept = client.push(KEPT)
    client.push(LOST)
    own = ("--config-file", str(deployed.config_file), "--passphrase-file", "-")
    ops(deployed, "backup", str(place), *own, stdin=PASSPHRASE)
    address = str(deployed.registries[0].address)
    serial = certificate.shown(address, asked=deployed.name, ca=deployed.ca).serial
    before = Lost(place, client, deployed.ca.read_text(), serial, kept)
    client.clean()
    deployed.destroy().succeeded()
    shutil.rmtree(deployed.backend)
    deployed.backend.mkdir()
    deployed.config_file.unlink()
    yield before
    deployed.up().succeeded()


@pytest.fixture(scope="module")
def restored(deployed: Pair, lost: Lost) -> Pair:
    """The same after `restore` and the `up` that it names."""
    own = ("--config-file", str(deployed.config_file))
    ops(deployed, "restore", str(lost.backup), *own, "--passphrase-file", "-", stdin=PASSPHRASE)
    ops(deployed, "up", *own)
    return deployed


def test_ca_certificates_and_passwords_are_the_old_ones(restored: Pair, lost: Lost) -> None:
    """Clients need nothing new: the exported CA has the same bytes, the leaf the same serial, and the old password is let in."""
    assert restored.ca.read_text() == lost.ca
    address = str(restored.registries[0].address)
    assert certificate.shown(address, asked=restored.name, ca=restored.ca).serial == lost.serial
    assert lost.client.login().returncode == 0
    assert lost.client.login("wrong").returncode != 0


def test_images_are_those_of_the_backup(restored: Pair, lost: Lost) -> None:
    """The registry is as the backup says, and an old image comes back by its digest; one that is deleted is named, with exit 3."""
    asked = ("compare", "--backup", str(lost.backup), "--passphrase-file", "-")
    assert "nothing differs from the backup" in ops(restored, *asked, stdin=PASSPHRASE).stdout
    assert lost.client.login().returncode == 0
    lost.client.pull(KEPT, lost.kept)
    lost.client.login_skopeo()
    gone = lost.client.digest_by_skopeo(LOST)
    assert lost.client.status(f"/v2/{LOST.partition(':')[0]}/manifests/{gone}", "-X", "DELETE") == "202"
    said = ops(restored, *asked, expect=DIFFERENT, stdin=PASSPHRASE).stdout
    assert f"missing {LOST} on " in said
    assert gone in said


def test_restored_stack_has_nothing_left_to_change(restored: Pair) -> None:
    """What was imported is what the program wants: a preview expects no changes, and a second `up` runs no script."""
    assert_nothing_to_change(restored)
