"""Where images are kept: the kinds of storage. Their keys are secrets beside the settings."""

from __future__ import annotations

import re
from typing import Literal, get_args

from pydantic import Field

from settings.bucket import BucketName, Endpoint, ObjectFolder, Region
from settings.quantity import Size
from settings.section import Section
from settings.share import CephFolder, CephUser, Export, FileSystemName, Monitor, NfsOption, NfsServer
from settings.value import FilePath, Flag

Kind = Literal["local", "s3", "nfs", "cephfs", "mounted"]
MOUNT = "/var/lib/ha-registry/images"
"""Where a shared file system is mounted on every registry host, unless the settings say otherwise."""


class Local(Section):
    """Images on each registry's own disk."""

    path: FilePath = "/var/lib/ha-registry/data"
    """Folder of the images, the same on every registry host."""
    reserve: Size = Size("1Gi")
    """Free space that must be left on the disk before anything is changed."""


class S3(Section):
    """Images in a bucket, of Ceph's RGW or of AWS; the keys are the secrets `s3AccessKey` and `s3SecretKey`."""

    bucket: BucketName = Field(examples=["registry"])
    """The bucket; it is there already, and the keys may read, write, list and delete in it."""
    region: Region = "us-east-1"
    """Its region; RGW takes any."""
    endpoint: Endpoint | None = Field(default=None, examples=["https://rgw.example.com"])
    """`https://HOST[:PORT]` of the store; left out: AWS."""
    ca: FilePath | None = None
    """PEM file beside the stack file: the CA of the endpoint; left out: one that the image trusts."""
    force_path_style: Flag | None = None
    """Whether the bucket stands in the path of a URL, not in its host name; left out: yes with an endpoint, as RGW needs it."""
    redirect: Flag = False
    """Whether clients fetch blobs from the store itself; every client must then reach and trust it. Else the registry passes blobs on."""
    folder: ObjectFolder = ""
    """Folder in the bucket; left out: its root."""

    @property
    def port(self) -> int:
        """Where the store listens."""
        found = re.search(r":([0-9]+)$", self.endpoint or "")
        return int(found[1]) if found else 443

    @property
    def is_path_style(self) -> bool:
        """Whether the bucket stands in the path of a URL."""
        return self.endpoint is not None if self.force_path_style is None else self.force_path_style


class Nfs(Section):
    """Images on an NFS server, mounted by us with NFS 4.1 on every registry host."""

    server: NfsServer = Field(examples=["nas.example.com"])
    """Name or address of the server."""
    export: Export = Field(examples=["/images"])
    """The exported folder; the server exports it with `sync`, so that what it acknowledges is on its disk."""
    path: FilePath = MOUNT
    """Where it is mounted, the same on every registry host."""
    options: tuple[NfsOption, ...] = ()
    """Mount options besides ours; those with which data are lost are refused."""


class CephFs(Section):
    """Images on CephFS, mounted by us on every registry host; the key of `user` is the secret `cephKey`."""

    monitors: tuple[Monitor, ...] = Field(examples=["[10.0.0.1, 10.0.0.2, 10.0.0.3]"])
    """The monitors, each `HOST` or `HOST:PORT`."""
    filesystem: FileSystemName | None = None
    """Name of the file system; left out: the cluster's default."""
    folder: CephFolder = "/"
    """Folder of the file system that is mounted."""
    user: CephUser = "registry"
    """Name of the Ceph client, without `client.`."""
    path: FilePath = MOUNT
    """Where it is mounted, the same on every registry host."""
    fuse: Flag = False
    """Whether ceph-fuse mounts it, where the kernel cannot; slower."""


class Mounted(Section):
    """Images on a shared file system that every registry host mounts already; we only check it."""

    path: FilePath = Field(examples=["/srv/images"])
    """Where it is mounted, the same on every registry host."""


class Storage(Section):
    """Where images are kept: exactly one kind."""

    local: Local | None = None
    """On each registry's own disk."""
    s3: S3 | None = None
    """In a bucket, shared by all registries."""
    nfs: Nfs | None = None
    """On an NFS server, shared by all registries."""
    cephfs: CephFs | None = None
    """On CephFS, shared by all registries."""
    mounted: Mounted | None = None
    """On a shared file system that every registry host mounts already."""

    @property
    def kinds(self) -> dict[Kind, Local | S3 | Nfs | CephFs | Mounted]:
        """What stands beneath `storage`, by kind: one, where the settings are checked."""
        return {name: made for name in get_args(Kind) if (made := vars(self).get(name)) is not None}

    @property
    def kind(self) -> Kind:
        """The one kind; of checked settings only."""
        (kind,) = self.kinds
        return kind

    @property
    def mount(self) -> Nfs | CephFs | Mounted | None:
        """The file system that must be mounted before a registry starts; None where there is none."""
        return self.nfs or self.cephfs or self.mounted

    @property
    def path(self) -> str | None:
        """Folder of the images on a registry host; None where they are in a bucket."""
        on_disk = self.local or self.mount
        return on_disk.path if on_disk else None

    @property
    def is_shared(self) -> bool:
        """Whether all registries have the same images at once."""
        return self.local is None
