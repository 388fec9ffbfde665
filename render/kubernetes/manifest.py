"""What all objects have: names, labels, and one way to write a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from settings import Kubernetes

Manifest = Mapping[str, Any]

REGISTRY = "registry"
"""Name of the Deployment, the Service and whatever else there is one of."""
CONFIG, AUTHORITY, STORAGE_CA = "registry-config", "registry-ca", "registry-storage-ca"
TLS, USERS, ENVIRONMENT = "registry-tls", "registry-users", "registry-environment"
ISSUED_TLS = "registry-issued-tls"
"""Secret that cert-manager makes and renews."""
IMAGE_LOGIN, CEPH_LOGIN = "registry-image", "registry-ceph"
METRICS, PAGE, PROOF, TRUST = "registry-metrics", "registry-ui", "registry-proof", "registry-trust"
CLAIM = "registry"

HTTPS_PORT, METRICS_PORT, PAGE_PORT = 5443, 5001, 8443
"""On which pods listen: images by TLS; metrics, and Go's profiler with them, in clear; the page by TLS."""
SERVICE_PORT = 443
"""Of the Service where clients come by an Ingress or a Gateway."""

NOT_AWAITED = {"pulumi.com/skipAwait": "true"}
"""For what becomes ready only later, or never says so."""
RESTRICTED, PRIVILEGED = "restricted", "privileged"
"""Levels of the Pod Security Standards."""


def manifest(
    api_version: str,
    kind: str,
    name: str,
    *,
    namespace: str = "",
    part: str = REGISTRY,
    annotations: Mapping[str, str] | None = None,
    **body: Any,
) -> Manifest:
    """The object `name`; `part` of the system it belongs to, `body`: its other top-level keys."""
    metadata: dict[str, Any] = {"name": name, "labels": labels(part)}
    if namespace:
        metadata["namespace"] = namespace
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def labels(part: str) -> dict[str, str]:
    """Of every object and pod of a part (Kubernetes, "Recommended Labels")."""
    return {"app.kubernetes.io/name": "ha-registry", "app.kubernetes.io/component": part, "app.kubernetes.io/managed-by": "pulumi"}


def selector(part: str) -> dict[str, str]:
    """The labels by which the pods of a part are found; they can never change."""
    return {"app.kubernetes.io/name": "ha-registry", "app.kubernetes.io/component": part}


def namespace_of(name: str, level: str) -> Manifest:
    """A namespace whose pods keep to `level` of the Pod Security Standards."""
    made = manifest("v1", "Namespace", name)
    modes = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "audit", "warn")}
    return {**made, "metadata": {**made["metadata"], "labels": {**made["metadata"]["labels"], **modes}}}


def is_direct(system: Kubernetes) -> bool:
    """Whether clients reach the pods through a Service alone, so that each Service has a port of its own."""
    return system.cluster.expose in {"nodePort", "loadBalancer"}


def trust_namespace(system: Kubernetes) -> str:
    """Of the pods that write to the nodes, which the restricted level forbids."""
    return f"{system.cluster.namespace}-trust"


def checksum(*texts: str) -> str:
    """A value that changes with any of `texts`, none of which is secret (SHA-256, 16 hex digits)."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def digest(manifests: Iterable[Manifest]) -> str:
    """The same for whole manifests."""
    return checksum(*(json.dumps(each, sort_keys=True) for each in manifests))


def container_security() -> dict[str, Any]:
    """What the restricted level asks of a container, and a root file system that nobody writes to."""
    return {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def pod_security(account: int) -> dict[str, Any]:
    """What the restricted level asks of a pod; `account`: uid, gid and owner of what its volumes hold."""
    return {
        "runAsNonRoot": True,
        "runAsUser": account,
        "runAsGroup": account,
        "fsGroup": account,
        # A store with many files is walked through once, not at each start
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
