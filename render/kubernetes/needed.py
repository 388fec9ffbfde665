"""What must be in the cluster before anything is made there, because it is not ours to make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from settings import Kubernetes


@dataclass(frozen=True, kw_only=True)
class Needed:
    """An object that is there already."""

    setting: str
    """Path of the setting that names it."""
    api_version: str
    kind: str
    name: str
    namespace: str = ""


def needed(system: Kubernetes) -> Iterator[Needed]:
    """Namespaces of pull secrets, the node of a local volume, a StorageClass, an existing claim and its namespace."""
    cluster, storage = system.cluster, system.storage
    if not cluster.create_namespace:
        yield Needed(setting="cluster.namespace", api_version="v1", kind="Namespace", name=cluster.namespace)
    for namespace in system.pull_secrets:
        if namespace != cluster.namespace:
            yield Needed(setting="pullSecrets", api_version="v1", kind="Namespace", name=namespace)
    if storage.local:
        yield Needed(setting="storage.local.node", api_version="v1", kind="Node", name=storage.local.node)
    if storage.storage_class:
        name = storage.storage_class.name
        yield Needed(setting="storage.storageClass.name", api_version="storage.k8s.io/v1", kind="StorageClass", name=name)
    if storage.existing:
        yield Needed(
            setting="storage.existing.claim",
            api_version="v1",
            kind="PersistentVolumeClaim",
            name=storage.existing.claim,
            namespace=cluster.namespace,
        )
