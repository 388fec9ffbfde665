"""storage: units, options and keys as they are rendered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from render import storage
from tests.golden.cases import pair


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/data/images", "data-images.mount"),
        ("/var/lib/ha-registry/images", r"var-lib-ha\x2dregistry-images.mount"),
        ("/.a/b_c.d", r"\x2ea-b_c.d.mount"),
    ],
)
def test_unit_has_the_name_that_systemd_wants(path: str, unit: str) -> None:
    """A mount unit whose name is not its escaped path is refused by systemd."""
    assert storage.unit_name(path) == unit


def test_mount_keeps_nothing_in_mind_and_never_gives_up(load_system: Callable[[Mapping[str, Any]], Any]) -> None:
    """What one registry wrote the next must see, and a slow server must not lose data: NFS 4.1, hard, no cached names or attributes."""
    system = load_system(pair() | {"access": {}, "storage": {"nfs": {"server": "nas", "export": "/images", "options": ["nconnect=4"]}}})
    (line,) = (line for line in storage.script(system, system.registries[0]).files["unit"].splitlines() if line.startswith("Options="))
    options = line.removeprefix("Options=").split(",")
    assert {"vers=4.1", "hard", "nosharecache", "lookupcache=none", "actimeo=0", "noatime"} <= set(options)
    assert options[-1] == "nconnect=4"
    assert not {"soft", "nolock", "noac", "ro"} & set(options)


@pytest.mark.parametrize(("fuse", "option"), [(False, "secretfile="), (True, "-k ")])
def test_key_of_ceph_is_in_no_script(fuse: bool, option: str, load_system: Callable[[Mapping[str, Any]], Any]) -> None:
    """The key is in identity's file alone; script and command lines name that file."""
    system = load_system(pair() | {"access": {}, "storage": {"cephfs": {"monitors": ["10.0.0.1"], "fuse": fuse}}})
    assert f"{option}/etc/ha-registry/identity/ceph.keyring" in storage.script(system, system.registries[0]).text


def test_keyring_has_the_form_that_its_reader_wants(load_system: Callable[[Mapping[str, Any]], Any]) -> None:
    """ceph-fuse reads a keyring, the kernel's client a file with the key alone (mount.ceph(8), secretfile)."""
    written = {}
    for fuse in (False, True):
        system = load_system(pair() | {"access": {}, "storage": {"cephfs": {"monitors": ["10.0.0.1"], "fuse": fuse}}})
        written[fuse] = storage.keyring(system.storage.cephfs, "AQ==")
    assert written == {False: "AQ==\n", True: "[client.registry]\n\tkey = AQ==\n"}
