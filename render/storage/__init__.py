"""storage: the file system that all registries share is mounted, and is the one of this stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from render.layout import ACCOUNT_ID, CEPH_KEYRING, SENTINEL, STORE_UNIT
from render.script import Script, files_of
from settings import CephFs, Host, Nfs, Vms

MOUNT_S = 60
"""How long a mount may take; an NFS client alone would go on for two minutes (nfs(5), retry)."""
NFS_OPTIONS = ("vers=4.1", "hard", "noatime", "nosharecache", "lookupcache=none", "actimeo=0")
"""What one registry wrote, the next sees: no name and no attribute is remembered (nfs(5), "Directory entry caching"; with
the defaults nearly every push through two replicas failed, distribution issue 1176). `noac` would also make every write wait."""
CEPH_OPTIONS = ("noatime", "recover_session=clean")
"""A client that the cluster has cut off comes back by itself (mount.ceph(8))."""


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A shared file system as a registry host has it."""

    path: str
    unit: str
    """The unit that mounts it."""
    shown: str
    """Columns of findmnt by which it is known again."""
    expected: str
    """What they say."""
    what: str = ""
    kind: str = ""
    options: tuple[str, ...] = ()
    packages: tuple[str, str] | None = None
    """That bring its program: for apt, for dnf; None where the host mounts it by itself."""

    @property
    def by_program(self) -> bool:
        """Whether a program of ours keeps it mounted, not the kernel."""
        return self.unit == STORE_UNIT


def mount_of(system: Vms) -> Mount | None:
    """The file system that must be mounted before a registry starts; None where images are elsewhere."""
    storage = system.storage
    if storage.nfs:
        return _nfs(storage.nfs)
    if storage.cephfs:
        return _cephfs(storage.cephfs)
    if storage.mounted:
        path = storage.mounted.path
        return Mount(path=path, unit=unit_name(path), shown="TARGET", expected=path)
    return None


def unit_name(path: str) -> str:
    r"""What systemd calls the mount at `path`: `/data/my-images` is `data-my\\x2dimages.mount` (systemd-escape(1))."""
    inner = path.strip("/")
    plain = [one.isalnum() or one in "_:" or (one == "." and at > 0) for at, one in enumerate(inner)]
    escaped = ("-" if one == "/" else one if is_plain else f"\\x{ord(one):02x}" for one, is_plain in zip(inner, plain, strict=True))
    return f"{''.join(escaped)}.mount"


def keyring(cephfs: CephFs, key: str) -> str:
    """What `identity` writes to CEPH_KEYRING (mode 0600): a keyring for ceph-fuse, the bare key for the kernel's client."""
    return f"[client.{cephfs.user}]\n\tkey = {key}\n" if cephfs.fuse else f"{key}\n"


def script(system: Vms, host: Host) -> Script:
    """Raises ValueError where `system` shares no file system."""
    mount = mount_of(system)
    if mount is None:
        raise ValueError("storage: settings share no file system")
    return Script(
        host=host.name,
        concern="storage",
        facts={
            "MOUNT": mount.path,
            "UNIT": mount.unit if mount.packages else "",
            "SHOWN": mount.shown,
            "EXPECTED": mount.expected,
            "APT_PACKAGE": mount.packages[0] if mount.packages else "",
            "DNF_PACKAGE": mount.packages[1] if mount.packages else "",
            "KEYRING": CEPH_KEYRING if system.storage.cephfs else "",
            "SETTING": f"storage.{system.storage.kind}",
            "SENTINEL": SENTINEL,
            "STORE": system.name,
            "ADOPT": "yes" if system.adopt else "no",
            "ACCOUNT_ID": str(ACCOUNT_ID),
        },
        files=_unit(system, mount) if mount.packages else {},
    )


def _unit(system: Vms, mount: Mount) -> dict[str, str]:
    name = "ceph-fuse.service" if mount.by_program else "images.mount"
    view: dict[str, Any] = {"mount": mount, "cephfs": system.storage.cephfs, "keyring": CEPH_KEYRING, "mount_s": MOUNT_S}
    return {"unit": files_of("storage", (name,), **view)[name]}


def _nfs(nfs: Nfs) -> Mount:
    what = f"{nfs.server}:{nfs.export}"
    return Mount(
        path=nfs.path,
        unit=unit_name(nfs.path),
        shown="SOURCE,FSTYPE",
        expected=f"{what} nfs4",
        what=what,
        kind="nfs",
        options=(*NFS_OPTIONS, *nfs.options),
        packages=("nfs-common", "nfs-utils"),
    )


def _cephfs(cephfs: CephFs) -> Mount:
    if cephfs.fuse:
        return Mount(
            path=cephfs.path,
            unit=STORE_UNIT,
            shown="FSTYPE",
            expected="fuse.ceph-fuse",
            what=",".join(cephfs.monitors),
            packages=("ceph-fuse", "ceph-fuse"),
        )
    named = (f"mds_namespace={cephfs.filesystem}",) if cephfs.filesystem else ()
    return Mount(
        path=cephfs.path,
        unit=unit_name(cephfs.path),
        shown="FSTYPE",
        expected="ceph",
        what=f"{','.join(cephfs.monitors)}:{cephfs.folder}",
        kind="ceph",
        options=(*CEPH_OPTIONS, f"name={cephfs.user}", f"secretfile={CEPH_KEYRING}", *named),
        packages=("ceph-common", "ceph-common"),
    )
