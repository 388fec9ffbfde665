"""storage: a shared file system is served only while it is mounted and marked as this stack's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from render.script import library
from settings import Pair
from tests.golden.cases import adopted, loaded, pair
from tests.scripts.concerns import Concerns
from tests.scripts.sandbox import Sandbox
from tests.scripts.snapshot import leftovers, outside_state
from tests.scripts.test_text import INCLUDES, shellcheck

IMAGES = "/var/lib/ha-registry/images"
NFS = {"nfs": {"server": "nas.dev.com", "export": "/images", "options": ["nconnect=4"]}}
KERNEL = {"cephfs": {"monitors": ["10.0.0.1", "10.0.0.2:6790"], "filesystem": "images", "folder": "/registry"}}
FUSE = {"cephfs": {"monitors": ["10.0.0.1"], "fuse": True}}
MOUNTED = {"mounted": {"path": "/srv/images"}}
KINDS = {
    "nfs": (NFS, "nas.dev.com:/images", IMAGES),
    "cephfs": (KERNEL, "10.0.0.1,10.0.0.2:6790:/registry", IMAGES),
    "ceph-fuse": (FUSE, "ceph-fuse", IMAGES),
    "mounted": (MOUNTED, "nas.dev.com:/other", "/srv/images"),
}
OWN_ID = "15443"
Load = Callable[[Mapping[str, Any]], Pair]


def _system(folder: Path, kind: str, **more: object) -> Pair:
    mapping = pair() | {"storage": KINDS[kind][0], "access": {}, **more}
    return loaded(mapping, folder, {"cephKey"} if "ceph" in kind else ())


def _export(host: Sandbox, kind: str) -> Path:
    """An empty file system that a storage team hands over; where hosts mount it themselves, mounted."""
    _, source, path = KINDS[kind]
    export = host.state / "exports" / source.replace("/", "%")
    export.mkdir(parents=True)
    if kind != "mounted":
        return export
    at = host.root / path.lstrip("/")
    at.parent.mkdir(exist_ok=True)
    export.rename(at)
    host.set("mounts", f"{path} {source} nfs4\n")
    return at


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Every way in which hosts share a file system."""
    return str(request.param)


@pytest.fixture
def sharing(kind: str, stack_folder: Path) -> Concerns:
    """Scripts of registry01 for that kind."""
    return Concerns(_system(stack_folder, kind))


@pytest.fixture
def nfs(stack_folder: Path) -> Concerns:
    """Scripts of registry01 with images on NFS."""
    return Concerns(_system(stack_folder, "nfs"))


@pytest.fixture
def nas(nfs: Concerns, host: Sandbox) -> Sandbox:
    """registry01 after `base`, with an empty export."""
    host.run(nfs["base"], "apply")
    _export(host, "nfs")
    return host


def _sentinel(host: Sandbox, path: str = IMAGES) -> Path:
    return host.root / path.lstrip("/") / ".ha-registry"


def test_storage_applies_once_and_leaves_only_its_mark(kind: str, sharing: Concerns, host: Sandbox) -> None:
    """apply mounts and marks, again is silent, verify agrees, remove unmounts and keeps mark and images, remove again is silent."""
    host.run(sharing["base"], "apply")
    host.run(sharing["identity"], "apply")
    _export(host, kind)
    before, host_before = outside_state(host.tree()), host.host()
    path = KINDS[kind][2]

    assert f"changed store {path}: marked as registry01.dev.com's" in host.run(sharing["storage"], "apply").out
    assert host.run(sharing["storage"], "apply").out == ""
    verified = host.run(sharing["storage"], "verify").out
    assert {line.split()[0] for line in verified.splitlines()} == {"ok"}
    assert {f"ok mount {path}", f"ok store {path}"} <= set(verified.splitlines())
    assert _sentinel(host, path).read_text() == "registry01.dev.com\n"
    (_sentinel(host, path).parent / "docker").mkdir()

    assert f"kept {path}" in host.run(sharing["storage"], "remove").out
    kept = [line for line in leftovers(before, outside_state(host.tree())) if "srv/images" not in line]
    assert kept == []
    store = host.root / "srv/images" if kind == "mounted" else host.state / "exports" / KINDS[kind][1].replace("/", "%")
    assert sorted(one.name for one in store.iterdir()) == [".ha-registry", "docker"]
    after = {name: text for name, text in host.host().items() if not name.startswith("exports/")}
    assert leftovers(host_before, after) == []
    assert host.run(sharing["storage"], "remove").out == ""


def test_store_belongs_to_one_number_on_every_host(nfs: Concerns, nas: Sandbox) -> None:
    """A shared file system knows owners by number: the account has the same one everywhere, and owns the root of the store."""
    assert nas.get("accounts/ha-registry") == OWN_ID
    nas.run(nfs["storage"], "apply")
    assert nas.tree()[IMAGES.lstrip("/")].owner == "ha-registry:ha-registry"


@pytest.mark.parametrize("name", ["ha-registry", OWN_ID])
def test_number_of_the_account_that_differs_or_is_taken_is_refused(name: str, nfs: Concerns, host: Sandbox) -> None:
    """Another number would own images that this host cannot write: exit 65 with what to do, no account made or changed."""
    host.set(f"accounts/{name}", "998")
    ran = host.run(nfs["base"], "apply", expect=65)
    assert OWN_ID in ran.err
    assert host.get(f"accounts/{name}") == "998"


def test_second_replica_takes_the_store_as_it_is(nfs: Concerns, nas: Sandbox) -> None:
    """A store that carries this stack's mark is served; nothing in it is given to another owner."""
    export = nas.state / "exports/nas.dev.com:%images"
    (export / ".ha-registry").write_text("registry01.dev.com\n")
    (export / "docker").mkdir()
    nas.forget_calls()
    assert "changed store" not in nas.run(nfs["storage"], "apply").out
    assert not [call for call in nas.calls if call.startswith("chown") and call.endswith(IMAGES)]


@pytest.mark.parametrize(
    ("mark", "content", "words"),
    [
        ("registry.other.com", "docker", "it holds the images of registry.other.com"),
        ("", "docker", "it is not empty (docker) and not marked as this stack's"),
        ("", "holiday.jpg", "it is not empty (holiday.jpg) and not marked as this stack's"),
    ],
)
def test_store_of_others_is_refused(mark: str, content: str, words: str, nfs: Concerns, nas: Sandbox) -> None:
    """Images of another stack, or files of anybody: exit 65 in the words of the settings, nothing written into the store."""
    export = nas.state / "exports/nas.dev.com:%images"
    (export / content).mkdir()
    if mark:
        (export / ".ha-registry").write_text(f"{mark}\n")
    ran = nas.run(nfs["storage"], "apply", expect=65)
    assert f"refused storage.nfs: {IMAGES}: {words}; " in ran.err
    assert {one.name for one in _sentinel(nas).parent.iterdir()} == {content, *([".ha-registry"] if mark else [])}
    assert not mark or _sentinel(nas).read_text() == f"{mark}\n"


def test_images_of_a_hand_made_registry_are_adopted(stack_folder: Path, nas: Sandbox) -> None:
    """With adopt: true a store that holds a registry's images and nothing else becomes this stack's, owners and all."""
    (nas.state / "exports/nas.dev.com:%images/docker").mkdir()
    adopting = Concerns(_system(stack_folder, "nfs", **{key: adopted()[key] for key in ("adopt", "tls")}))
    nas.run(adopting["storage"], "apply")
    assert nas.tree()[f"{IMAGES.lstrip('/')}/docker"].owner == "ha-registry:ha-registry"


def test_store_that_lost_its_mark_is_not_marked_again(nfs: Concerns, nas: Sandbox) -> None:
    """Another export at the same place, or an emptied one: images were served from here, so it is refused and not taken for new."""
    nas.run(nfs["storage"], "apply")
    _sentinel(nas).unlink()
    assert f"drift store {IMAGES} expected=registry01.dev.com actual=" in nas.run(nfs["storage"], "verify", expect=3).out
    ran = nas.run(nfs["storage"], "apply", expect=65)
    assert "registry01 has served images before" in ran.err
    assert f"echo registry01.dev.com >{IMAGES}/.ha-registry" in ran.err
    assert not _sentinel(nas).exists()


def test_images_on_the_own_disk_are_not_forgotten_by_a_move(nfs: Concerns, nas: Sandbox) -> None:
    """From the own disk to an empty export: refused until the images are copied, else every pull would fail."""
    nas.file("/var/lib/ha-registry/ledger/registry", "data /data/registry\n")
    assert "registry01 has served images before" in nas.run(nfs["storage"], "apply", expect=65).err


def test_store_that_may_not_be_written_is_refused(nfs: Concerns, nas: Sandbox) -> None:
    """root is nobody on a server of others: what counts is whether the registry's account may write, and who must change what."""
    nas.set("read-only", "")
    ran = nas.run(nfs["storage"], "apply", expect=65)
    assert f"uid {OWN_ID}, may not write there" in ran.err
    assert f"chown {OWN_ID}:{OWN_ID}" in ran.err


def test_server_that_does_not_answer_is_named(nfs: Concerns, nas: Sandbox) -> None:
    """No mount, no registry: exit 75 with the unit to look at; the next run goes on."""
    export = nas.state / "exports/nas.dev.com:%images"
    export.rename(export.with_name("away"))
    ran = nas.run(nfs["storage"], "apply", expect=75)
    assert "images.mount did not restart; see journalctl" in ran.err
    export.with_name("away").rename(export)
    assert "changed store" in nas.run(nfs["storage"], "apply").out


def test_what_nfs_brings_and_does_not_need_is_silent(nfs: Concerns, nas: Sandbox) -> None:
    """rpcbind comes with the package and listens to everybody: it is stopped, unless it was there before us."""
    nas.run(nfs["storage"], "apply")
    assert not nas.has("units/active/rpcbind.socket")
    (nas.state / "units/active/rpcbind.socket").touch()
    assert "drift quiet rpcbind.socket expected=yes actual=no" in nas.run(nfs["storage"], "verify", expect=3).out


def test_rpcbind_of_the_admin_goes_on(nfs: Concerns, nas: Sandbox) -> None:
    """What was there before us is not stopped."""
    (nas.state / "packages/rpcbind").touch()
    nas.unit("rpcbind.socket", active=True)
    nas.run(nfs["storage"], "apply")
    assert nas.has("units/active/rpcbind.socket")


def test_folder_with_files_is_not_hidden_by_a_mount(nfs: Concerns, nas: Sandbox) -> None:
    """Files below the mount would vanish from sight: refused before anything is mounted."""
    nas.file(f"{IMAGES}/docker/blob", "image\n")
    ran = nas.run(nfs["storage"], "apply", expect=65)
    assert f"refused storage.nfs.path: {IMAGES}: the folder on registry01 is not empty" in ran.err
    assert not nas.has("mounts")


def test_mount_of_others_is_not_taken(nfs: Concerns, nas: Sandbox) -> None:
    """Somebody mounts there already: refused with the setting for it."""
    nas.set("mounts", f"{IMAGES} old.dev.com:/images nfs4\n")
    assert f"write storage: {{mounted: {{path: {IMAGES}}}}}" in nas.run(nfs["storage"], "apply", expect=65).err


def test_what_is_not_mounted_by_the_host_is_refused(stack_folder: Path, host: Sandbox) -> None:
    """storage.mounted only checks: without the mount exit 65, with verify drift."""
    concerns = Concerns(_system(stack_folder, "mounted"))
    host.run(concerns["base"], "apply")
    (host.root / "srv/images").mkdir(parents=True)
    assert "refused storage.mounted: /srv/images: on registry01 it is not mounted" in host.run(concerns["storage"], "apply", expect=65).err
    assert "drift mount /srv/images expected=/srv/images actual=" in host.run(concerns["storage"], "verify", expect=3).out


@pytest.mark.parametrize("harm", ["unmounted", "other"])
def test_drift_of_the_mount_is_found(harm: str, nfs: Concerns, nas: Sandbox) -> None:
    """Unmounted, or another file system in its place: verify ends with 3 and names the mount."""
    nas.run(nfs["storage"], "apply")
    nas.set("mounts", "" if harm == "unmounted" else f"{IMAGES} old.dev.com:/images nfs4\n")
    ran = nas.run(nfs["storage"], "verify", expect=3)
    assert f"drift mount {IMAGES} expected=nas.dev.com:/images nfs4 actual=" in ran.out


def test_mount_in_use_is_not_lost_from_sight(nfs: Concerns, nas: Sandbox) -> None:
    """remove while something uses the mount: exit 75 with what to do, images untouched; the next remove finishes."""
    nas.run(nfs["storage"], "apply")
    nas.set("mount-is-busy", "")
    ran = nas.run(nfs["storage"], "remove", expect=75)
    assert f"fuser -vm {IMAGES}" in ran.err
    assert _sentinel(nas).exists()
    (nas.state / "mount-is-busy").unlink()
    nas.run(nfs["storage"], "remove")
    assert not nas.has("mounts")
    assert (nas.state / "exports/nas.dev.com:%images/.ha-registry").exists()


def test_changed_options_are_taken_live(stack_folder: Path, nfs: Concerns, nas: Sandbox) -> None:
    """Another option in the settings: the unit is written and mounted again, the store stays the same."""
    nas.run(nfs["storage"], "apply")
    plain = {"nfs": {"server": "nas.dev.com", "export": "/images"}}
    other = Concerns(loaded(pair() | {"access": {}, "storage": plain}, stack_folder))
    said = nas.run(other["storage"], "apply").out
    assert "images.mount: restart" in said
    assert "store" not in said


def test_new_key_mounts_again(stack_folder: Path, host: Sandbox) -> None:
    """identity brings another key of the Ceph client: its apply mounts again, because the unit is known to run with that file."""
    concerns = Concerns(_system(stack_folder, "cephfs"))
    host.run(concerns["base"], "apply")
    host.file("/etc/ha-registry/identity/ceph.keyring", "old\n", 0o600)
    _export(host, "cephfs")
    host.run(concerns["storage"], "apply")
    host.file("/etc/ha-registry/identity/ceph.keyring", "new\n", 0o600)
    assert "images.mount: restart" in host.run(concerns["identity"], "apply").out


def test_whole_script_passes_shellcheck(sharing: Concerns) -> None:
    """Facts, unit, library and concern together are clean."""
    assert shellcheck(INCLUDES.sub(lambda _: library(), sharing["storage"].text)) == ""
