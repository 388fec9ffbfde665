"""Where pods keep images: a volume that is described here, one that is there, or a bucket."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from settings.kube_value import ClusterId, ObjectName, PoolName
from settings.quantity import Size
from settings.section import Section
from settings.share import CephFolder, CephUser, Export, FileSystemName, NfsOption, NfsServer
from settings.storage import S3
from settings.value import FilePath

AccessMode = Literal["ReadWriteOnce", "ReadWriteMany"]


class LocalVolume(Section):
    """Images on the disk of one node; the folder is made by whoever runs that node."""

    path: FilePath = Field(examples=["/data/docker"])
    """Folder on the node; it must be there."""
    node: ObjectName = Field(examples=["k8s-node1"])
    """The node whose disk it is, one of `nodes`; the registry runs there and nowhere else."""
    size: Size = Field(examples=["5Gi"])
    """Size that the volume is known by; a folder has no limit of its own."""


class NfsVolume(Section):
    """Images on an NFS server, mounted by the nodes with NFS 4.1."""

    server: NfsServer = Field(examples=["nas.example.com"])
    """Name or address of the server, as the nodes resolve it."""
    export: Export = Field(examples=["/images"])
    """The exported folder, writable for uid 15443; the server exports it with `sync`."""
    size: Size = Field(examples=["100Gi"])
    """Size that the volume is known by; the server has the real limit."""
    options: tuple[NfsOption, ...] = ()
    """Mount options besides ours; those with which data are lost are refused."""


class CephFsVolume(Section):
    """Images in a folder of CephFS, mounted by the Ceph CSI driver; the key of `user` is the secret `cephKey`."""

    cluster_id: ClusterId = Field(examples=["b9127830-b0cc-4e34-aa47-9d1a2e9949a8"])
    """The clusterID that the CSI driver knows, for which it has the monitors."""
    filesystem: FileSystemName = Field(examples=["cephfs"])
    """Name of the file system."""
    folder: CephFolder = Field(examples=["/volumes/registry"])
    """Folder of the file system; it is there already."""
    user: CephUser = "registry"
    """Name of the Ceph client, without `client.`."""
    size: Size = Field(examples=["1Ti"])
    """Size that the volume is known by; a quota of the folder is the real limit."""
    driver: ObjectName = "cephfs.csi.ceph.com"
    """Name of the CSI driver; Rook puts its namespace before it."""


class RbdVolume(Section):
    """Images on a Ceph block device, mapped by the Ceph CSI driver on one node at a time; the key of `user` is the secret `cephKey`."""

    cluster_id: ClusterId = Field(examples=["b9127830-b0cc-4e34-aa47-9d1a2e9949a8"])
    """The clusterID that the CSI driver knows, for which it has the monitors."""
    pool: PoolName = "rbd"
    """The pool of the block device."""
    image: PoolName = "registry"
    """Name of the block device in its pool; it is there already, and formatted at its first use only."""
    user: CephUser = "registry"
    """Name of the Ceph client, without `client.`."""
    size: Size = Field(examples=["1Ti"])
    """Size of the block device."""
    file_system: Literal["ext4", "xfs"] = "ext4"
    """The file system on it."""
    driver: ObjectName = "rbd.csi.ceph.com"
    """Name of the CSI driver; Rook puts its namespace before it."""


class ClassVolume(Section):
    """Images on a volume that a StorageClass of the cluster makes."""

    name: ObjectName = Field(examples=["ceph-block"])
    """The StorageClass."""
    size: Size = Field(examples=["1Ti"])
    """Size that is asked for; it may grow where the class allows it."""
    access_mode: AccessMode = "ReadWriteOnce"
    """`ReadWriteMany` only where several nodes may write to such a volume at once (CephFS, NFS)."""


class ExistingVolume(Section):
    """Images on a volume that is claimed already, with all that is on it."""

    claim: ObjectName = Field(examples=["registry-pvc"])
    """The PersistentVolumeClaim in `cluster.namespace`; it is neither changed nor deleted."""
    access_mode: AccessMode = "ReadWriteOnce"
    """How it may be used."""


class Volumes(Section):
    """Where pods keep images: exactly one kind."""

    local: LocalVolume | None = None
    """On the disk of one node."""
    nfs: NfsVolume | None = None
    """On an NFS server."""
    cephfs: CephFsVolume | None = None
    """In a folder of CephFS."""
    rbd: RbdVolume | None = None
    """On a Ceph block device."""
    storage_class: ClassVolume | None = None
    """On a volume that a StorageClass of the cluster makes."""
    existing: ExistingVolume | None = None
    """On a volume that is claimed already."""
    s3: S3 | None = None
    """In a bucket."""

    @property
    def kinds(self) -> dict[str, Section]:
        """What stands beneath `storage`, by key: one, where the settings are checked."""
        fields = type(self).model_fields
        return {fields[name].alias or name: made for name in fields if (made := vars(self).get(name)) is not None}

    @property
    def made(self) -> LocalVolume | NfsVolume | CephFsVolume | RbdVolume | None:
        """The volume that is described here; None where the cluster has it, or a bucket is used."""
        return self.local or self.nfs or self.cephfs or self.rbd

    @property
    def is_shared(self) -> bool:
        """Whether several pods may write at once."""
        chosen = self.storage_class or self.existing
        if chosen:
            return chosen.access_mode == "ReadWriteMany"
        return bool(self.s3 or self.nfs or self.cephfs)
