"""registry on storage that several hosts share: served only where it is there, and only when all have the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from render import registry
from settings import Pair
from tests.golden.cases import fronted_http, loaded, pair
from tests.scripts.concerns import CA, Concerns
from tests.scripts.sandbox import Sandbox, rooted

SWITCH = "/usr/local/lib/ha-registry/switch"
IMAGES = "/var/lib/ha-registry/images"
S3 = {"s3": {"endpoint": "https://rgw.dev.com:8443", "bucket": "registry", "ca": "rgw-ca.pem", "folder": "one/two"}}
NFS = {"nfs": {"server": "nas.dev.com", "export": "/images"}}
PROBE = "ha-registry:PROBE-PASSWORD"
PEER = "192.168.23.52:443"
Prepare = Callable[[Sandbox, Concerns], Sandbox]


def _pair(folder: Path, storage: Mapping[str, Any], **more: object) -> Pair:
    return loaded(pair() | {"access": {}, "storage": storage, **more}, folder)


class _OnS3(Concerns):
    """Scripts of a host with images in a bucket whose store has a CA of its own."""

    def __getitem__(self, concern: str) -> Any:
        if concern == "registry":
            return registry.script(self.system, self.host, CA)
        return super().__getitem__(concern)


@pytest.fixture
def s3(stack_folder: Path) -> Concerns:
    """registry01 with images in a bucket."""
    return _OnS3(_pair(stack_folder, S3))


@pytest.fixture
def nfs(stack_folder: Path) -> Concerns:
    """registry01 with images on NFS."""
    return Concerns(_pair(stack_folder, NFS))


def _prepared(host: Sandbox, concerns: Concerns, *more: str) -> Sandbox:
    """A host before its registry; what is asked there knows the probe's password."""
    host.set("login", PROBE)
    host.set("http/127.0.0.1:443", "ready")
    (host.state / "exports/nas.dev.com:%images").mkdir(parents=True)
    for concern in ("base", "identity", *more):
        host.run(concerns[concern], "apply")
    return host


@pytest.fixture
def on_s3(s3: Concerns, host: Sandbox) -> Sandbox:
    """registry01 before its registry."""
    return _prepared(host, s3)


@pytest.fixture
def on_nfs(nfs: Concerns, host: Sandbox) -> Sandbox:
    """registry01 while it serves from NFS."""
    _prepared(host, nfs, "storage", "registry")
    host.forget_calls()
    return host


def _live(host: Sandbox) -> str:
    return (host.root / "var/lib/ha-registry/live").read_text().strip()


# --- what a container gets


def test_bucket_is_reached_with_keys_from_the_environment_and_its_own_ca(s3: Concerns, on_s3: Sandbox) -> None:
    """No key in config.yml or in an argument, the store's CA in a folder that Go reads, no folder of the host for images."""
    on_s3.run(s3["registry"], "apply")
    on_s3.program(SWITCH, "run", f"writer-{_live(on_s3)}")
    words = on_s3.get("docker/run").splitlines()
    mounts = [words[index + 1] for index, word in enumerate(words) if word == "--volume"]
    assert "SSL_CERT_DIR=/storage-ca" in words
    assert [mount for mount in mounts if mount.endswith(":/storage-ca:ro")]
    assert not [mount for mount in mounts if not mount.endswith(":ro")]
    slot = on_s3.root / "var/lib/ha-registry/slots" / _live(on_s3)
    assert (slot / "storage-ca/ca.crt").read_text() == CA
    assert "SECRET-KEY-TEXT" in (slot / "registry.env").read_text()
    assert "SECRET-KEY-TEXT" not in s3["registry"].text + "\n".join(on_s3.calls)


def test_new_ca_of_the_store_switches_the_registry(s3: Concerns, on_s3: Sandbox) -> None:
    """The running container trusts what it was started with, so another CA is a change like any other."""
    on_s3.run(s3["registry"], "apply")
    other = registry.script(s3.system, s3.host, CA.replace("Q0E=", "TkVX"))
    assert "changed unit ha-registry.service: switch" in on_s3.run(other, "apply").out


def test_configuration_of_a_bucket(s3: Concerns) -> None:
    """Path style and endpoint for RGW, TLS, no redirect of clients to the store, no cache in memory, and no key."""
    storage = yaml.safe_load(s3["registry"].files["writer.yml"])["storage"]
    assert storage["s3"] == {
        "bucket": "registry",
        "region": "us-east-1",
        "regionendpoint": "https://rgw.dev.com:8443",
        "forcepathstyle": True,
        "secure": True,
        "rootdirectory": "/one/two",
    }
    assert storage["redirect"] == {"disable": True}
    assert "cache" not in storage
    assert "filesystem" not in storage


def test_one_replica_removes_unfinished_uploads(nfs: Concerns) -> None:
    """Where all share the uploads one host alone purges them; where each has its own, each does."""

    def purges(system: Pair) -> list[bool]:
        texts = [Concerns(system, host)["registry"].files["writer.yml"] for host in system.registries]
        return [yaml.safe_load(text)["storage"]["maintenance"]["uploadpurging"]["enabled"] for text in texts]

    assert purges(nfs.system) == [True, False]
    assert purges(nfs.system.model_copy(update={"storage": nfs.system.storage.model_validate({"local": {}})})) == [True, True]


def test_replicas_may_push_to_each_other(stack_folder: Path) -> None:
    """With access.push the question whether a store is shared, and copies, still reach the writer; elsewhere it names nobody more."""
    local = {"storage": {"local": {}}}
    for changes, known in (({"storage": NFS}, True), (local, True), (local | {"replication": {"enabled": False}}, False)):
        system = loaded(pair() | changes, stack_folder)
        (line,) = (line for line in Concerns(system)["registry"].files["container.env"].splitlines() if line.startswith("PUSH="))
        assert ("192.168.23.52" in line) is known


# --- a missing mount


def test_unmounted_folder_is_not_served(on_nfs: Sandbox) -> None:
    """The server of images is away when a container starts: no container on the empty folder, exit 69 with the way to look."""
    (on_nfs.state / "exports").rename(on_nfs.state / "away")
    (on_nfs.state / "exports").mkdir()
    on_nfs.run(f'umount "$HA_REGISTRY_ROOT{IMAGES}"\n')
    (on_nfs.state / "exports/nas.dev.com:%images").rename(on_nfs.state / "away/images")
    ran = on_nfs.program(SWITCH, "run", f"writer-{_live(on_nfs)}", expect=69)
    assert f"not started: {IMAGES} is not the mounted file system with the images of registry01.dev.com" in ran.out
    assert len(ran.out) <= 400
    assert not on_nfs.has("docker/run")


def test_mark_on_the_bare_folder_does_not_make_it_a_mount(on_nfs: Sandbox) -> None:
    """A copy of the mark below the mount serves nothing: both are asked for, the mount and the mark."""
    on_nfs.set("mounts", "")
    on_nfs.program(SWITCH, "run", f"writer-{_live(on_nfs)}", expect=69)
    assert not on_nfs.has("docker/run")


def test_images_of_another_stack_are_not_served(on_nfs: Sandbox) -> None:
    """Another file system in the same place: its mark is not ours, so no container starts."""
    (on_nfs.root / f"{IMAGES[1:]}/.ha-registry").write_text("registry.other.com\n")
    on_nfs.program(SWITCH, "run", f"writer-{_live(on_nfs)}", expect=69)
    assert not on_nfs.has("docker/run")


def test_mount_that_came_late_is_served(on_nfs: Sandbox) -> None:
    """The server was away at boot: the next start of the container mounts, and serves."""
    on_nfs.run(f'umount "$HA_REGISTRY_ROOT{IMAGES}"\nrm "$STUB_HOST/units/active/"*.mount\n')
    on_nfs.program(SWITCH, "run", f"writer-{_live(on_nfs)}")
    assert f"{IMAGES}:/var/lib/registry" in on_nfs.get("docker/run").splitlines()


def test_file_system_that_was_mounted_anew_restarts_the_live_slot_alone(on_nfs: Sandbox) -> None:
    """ceph-fuse died and came back: containers that hold its dead mount are started again, the other slot is left alone."""
    on_nfs.program(SWITCH, "remounted")
    assert [call for call in on_nfs.calls if "restart" in call] == [
        f"systemctl try-restart --no-block ha-registry@writer-{_live(on_nfs)}.service"
    ]


def test_candidate_that_cannot_read_its_storage_is_not_taken_live(nfs: Concerns, on_nfs: Sandbox) -> None:
    """Wrong keys, wrong bucket: health notices after three failures only, the switch asks for itself and keeps the old one."""
    live = _live(on_nfs)
    on_nfs.set("candidate", "storeless")
    hurried = (on_nfs.root / SWITCH[1:]).read_text().replace("READY_S=60", "READY_S=0")
    (on_nfs.root / SWITCH[1:]).write_text(hurried)
    ran = on_nfs.program(SWITCH, expect=1)
    assert "the old one keeps serving" in ran.out
    assert _live(on_nfs) == live


@pytest.mark.parametrize(("state", "says"), [("sick", "0"), ("hung", "1"), ("", "1")])
def test_shared_storage_that_fails_takes_no_host_out(state: str, says: str, on_nfs: Sandbox) -> None:
    """503 means storage that all share: every host would go at once. A dead or hung registry is this host's own fault."""
    at = on_nfs.state / f"http/127.0.0.1:{ {'a': 15443, 'b': 15444}[_live(on_nfs)] }"
    at.unlink()
    if state:
        at.write_text(state)
    body = (on_nfs.root / "usr/local/lib/ha-registry/prober").read_text().rstrip().rsplit("\n", 1)[0]
    on_nfs.run(f'{body}\nread -r slot <"$STATE/live"\nload "$slot"\njudge "$slot"\n')
    assert (on_nfs.root / "run/ha-registry/probe.down").read_text().strip() == says


# --- the same store


def test_what_another_replica_took_is_read_here(s3: Concerns, on_s3: Sandbox) -> None:
    """A blob goes in through the peer and comes out here; nothing of it stays, no password in an argument, no word said."""
    on_s3.set(f"http/{PEER}", "ready")
    said = on_s3.run(s3["registry"], "apply").out
    assert "shares-storage" not in said
    assert [call for call in on_s3.calls if "blobs/uploads/" in call and ":192.168.23.52 " in call]
    assert [call for call in on_s3.calls if "/blobs/sha256:" in call and ":127.0.0.1 " in call]
    assert not list((on_s3.state / "store").iterdir())
    assert not [call for call in on_s3.calls if "PROBE-PASSWORD" in call]
    assert not list((on_s3.root / "tmp").iterdir())


def test_what_is_read_from_the_store_itself_is_there(s3: Concerns, on_s3: Sandbox) -> None:
    """`storage.s3.redirect`: the registry looked for the blob before it sent the client to the store."""
    on_s3.set("redirects", "")
    on_s3.set(f"http/{PEER}", "ready")
    assert "shares-storage" not in on_s3.run(s3["registry"], "apply").out


def test_replicas_with_different_stores_are_refused(s3: Concerns, on_s3: Sandbox) -> None:
    """A wrong bucket or export on one host: exit 75 that names both hosts, so the fronts never admit this one."""
    on_s3.set(f"http/{PEER}", "ready")
    on_s3.set("stores-apart", "")
    script = rooted(s3["registry"]).text.replace("readonly SHARE_S=15", "readonly SHARE_S=0")
    ran = on_s3.run(script, "apply", expect=75)
    assert "registry.shares-storage: what registry02 (192.168.23.52) acknowledged is not here (answer 404)" in ran.err
    assert "registry01 and registry02 keep images in different places" in ran.err
    assert not list((on_s3.root / "tmp").iterdir())


def test_registry_is_not_turned_to_another_store(s3: Concerns, on_s3: Sandbox) -> None:
    """What the old container acknowledged is not in the new one: the old one stays live, with its files, and the reason is said."""
    on_s3.run(s3["registry"], "apply")
    live = _live(on_s3)
    on_s3.set("stores-apart", "ports")
    program = on_s3.root / SWITCH[1:]
    program.write_text(program.read_text().replace("SHARE_S=15", "SHARE_S=0"))
    config = on_s3.root / "etc/ha-registry/registry/writer.yml"
    before = config.read_text()
    config.write_text(before.replace("bucket: ", "bucket: another-"))
    ran = on_s3.program(SWITCH, expect=1)
    assert "the new registry does not have what the old one, which keeps serving, just acknowledged" in ran.out
    assert _live(on_s3) == live
    assert config.read_text() == before
    assert not list((on_s3.root / "tmp").iterdir())


@pytest.mark.parametrize(("peer", "answer"), [("", "000"), ("sick", "503"), ("ready", "401")])
def test_first_replica_is_not_held_up(peer: str, answer: str, s3: Concerns, on_s3: Sandbox) -> None:
    """No other replica, one that is ill, or one that does not know the present password yet: named as skipped, exit 0."""
    on_s3.run(s3["registry"], "apply")
    if peer:
        on_s3.set(f"http/{PEER}", peer)
    if answer == "401":
        on_s3.set("login", "ha-registry:PASSWORD-OF-BEFORE")
    ran = on_s3.run(s3["registry"], "apply")
    assert ran.out == f"skipped registry.shares-storage no other replica takes a push yet: registry02 answered {answer}\n"


def test_verify_writes_no_blob(s3: Concerns, on_s3: Sandbox) -> None:
    """verify changes nothing, in the store neither."""
    on_s3.run(s3["registry"], "apply")
    on_s3.forget_calls()
    assert "skipped registry.shares-storage" in on_s3.run(s3["registry"], "verify").out
    assert not [call for call in on_s3.calls if call.startswith("curl")]


def test_registries_with_disks_of_their_own_do_not_ask(scripts: Concerns, serving: Sandbox) -> None:
    """A pair on local disks has nothing to share."""
    assert "shares-storage" not in serving.run(scripts["registry"], "apply").out
    assert not [call for call in serving.calls if "uploads" in call]


def test_shared_images_are_never_deleted(stack_folder: Path, nfs: Concerns, on_nfs: Sandbox) -> None:
    """One replica leaves: whatever the settings say, the images of the others stay."""
    chosen = nfs.system.registry.model_copy(update={"delete_data_on_destroy": True})
    leaving = Concerns(nfs.system.model_copy(update={"registry": chosen}))
    image = on_nfs.root / f"{IMAGES[1:]}/docker"
    image.mkdir()
    on_nfs.run(leaving["registry"], "remove")
    on_nfs.run(leaving["storage"], "remove")
    assert (on_nfs.state / "exports/nas.dev.com:%images/docker").is_dir()


def test_fronted_host_runs_no_reader(stack_folder: Path) -> None:
    """Behind fronts haproxy refuses pushes: one container per host, whatever access.push says."""
    system = loaded(fronted_http(), stack_folder)
    assert system.access.push
    assert registry.roles(system) == ("writer",)
