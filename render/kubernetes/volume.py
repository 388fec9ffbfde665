"""The volume of the images: what the cluster must know of it so that the registry's claim gets just this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from render.kubernetes.manifest import CEPH_LOGIN, CLAIM, NOT_AWAITED, Manifest, manifest
from render.storage import NFS_OPTIONS
from settings import CephFsVolume, Kubernetes, LocalVolume, NfsVolume, RbdVolume


def persistent_volume_name(system: Kubernetes) -> str:
    """Of the volume that we describe; it belongs to no namespace, so it carries the registry's."""
    return f"{system.cluster.namespace}-registry"


def storage_class_name(system: Kubernetes) -> str:
    """Of the class of the claim: of a volume that we describe one of its own, so that no other claim is given the images.

    A class needs no object for that. (A `claimRef` would do the same, but the cluster writes into it, and from then on
    every change of the volume would be a conflict.)
    """
    chosen = system.storage.storage_class
    return chosen.name if chosen else f"{system.cluster.namespace}-registry"


def volumes(system: Kubernetes) -> Iterator[Manifest]:
    """StorageClass, volume and claim, as far as the cluster has them not; none where images are in a bucket.

    A volume that we describe says only where the images are: `Retain`, so it goes and comes back and they stay.
    """
    storage = system.storage
    if storage.local:
        yield manifest(
            "storage.k8s.io/v1",
            "StorageClass",
            storage_class_name(system),
            provisioner="kubernetes.io/no-provisioner",
            reclaimPolicy="Retain",
            volumeBindingMode="WaitForFirstConsumer",
        )
    if storage.made:
        yield manifest("v1", "PersistentVolume", persistent_volume_name(system), spec=_persistent_volume(system, storage.made))
    if storage.made or storage.storage_class:
        # Bound when its pod is scheduled: waiting for it before the Deployment would be waiting for ever
        yield manifest(
            "v1", "PersistentVolumeClaim", CLAIM, namespace=system.cluster.namespace, annotations=NOT_AWAITED, spec=_claim(system)
        )


def _persistent_volume(system: Kubernetes, made: LocalVolume | NfsVolume | CephFsVolume | RbdVolume) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "capacity": {"storage": made.size.text},
        "accessModes": [_access_mode(system)],
        "volumeMode": "Filesystem",
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": storage_class_name(system),
        **_source(system, made),
    }
    if isinstance(made, LocalVolume):
        spec["nodeAffinity"] = {
            "required": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [made.node]}]}]
            }
        }
    if isinstance(made, NfsVolume):
        spec["mountOptions"] = [*NFS_OPTIONS, *made.options]
    return spec


def _source(system: Kubernetes, made: LocalVolume | NfsVolume | CephFsVolume | RbdVolume) -> dict[str, Any]:
    if isinstance(made, LocalVolume):
        return {"local": {"path": made.path}}
    if isinstance(made, NfsVolume):
        return {"nfs": {"server": made.server, "path": made.export}}
    if isinstance(made, CephFsVolume):
        attributes = {"fsName": made.filesystem, "rootPath": made.folder}
        return {"csi": _csi(system, made, handle=persistent_volume_name(system), attributes=attributes)}
    attributes = {"pool": made.pool, "imageFeatures": "layering"}
    # Of a static volume the handle is the name of the block device (ceph-csi, docs/static-pvc.md)
    return {"csi": {**_csi(system, made, handle=made.image, attributes=attributes), "fsType": made.file_system}}


def _csi(system: Kubernetes, made: CephFsVolume | RbdVolume, *, handle: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "driver": made.driver,
        "volumeHandle": handle,
        "volumeAttributes": {"clusterID": made.cluster_id, "staticVolume": "true", **attributes},
        "nodeStageSecretRef": {"name": CEPH_LOGIN, "namespace": system.cluster.namespace},
    }


def _claim(system: Kubernetes) -> dict[str, Any]:
    chosen = system.storage.made or system.storage.storage_class
    if chosen is None:
        raise ValueError("storage: settings claim no volume")
    spec: dict[str, Any] = {
        "accessModes": [_access_mode(system)],
        "resources": {"requests": {"storage": chosen.size.text}},
        "storageClassName": storage_class_name(system),
        "volumeMode": "Filesystem",
    }
    if system.storage.made:
        spec["volumeName"] = persistent_volume_name(system)
    return spec


def _access_mode(system: Kubernetes) -> str:
    return "ReadWriteMany" if system.storage.is_shared else "ReadWriteOnce"
