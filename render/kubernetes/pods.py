"""The registry's Deployment, what it is configured by, and what keeps pods available."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from render.kubernetes.manifest import (
    CLAIM,
    CONFIG,
    ENVIRONMENT,
    HTTPS_PORT,
    IMAGE_LOGIN,
    METRICS_PORT,
    REGISTRY,
    STORAGE_CA,
    TLS,
    USERS,
    Manifest,
    checksum,
    container_security,
    labels,
    manifest,
    pod_security,
    selector,
)
from render.layout import ACCOUNT_ID, DRAIN_S, INSIDE, READY_S, STOP_S
from render.registry.configuration import config
from settings import Kubernetes, Resources

LEAVE_S = 5
"""How long a pod serves on after its end has begun: until then no node sends it new connections."""
LOST_S = 5
"""How long after its node is NotReady a pod is replaced elsewhere; Kubernetes' default is 300."""
REVISIONS = 5
SECRET_MODE = 0o440
CONFIG_FILE, STORAGE_CA_FILE = "config.yml", "storage-ca.crt"


def drain_s(system: Kubernetes) -> int:
    """How long a pod that ends may finish what clients began: long only where another serves meanwhile."""
    return DRAIN_S if system.storage.is_shared else STOP_S


def configuration(system: Kubernetes) -> str:
    """config.yml; every pod purges, for none of them is the first."""
    return config(system, read_only=False, purges=True, drain_s=drain_s(system), debug=f":{METRICS_PORT}")


def config_maps(system: Kubernetes, storage_ca: str) -> Iterator[Manifest]:
    """What pods read that is no secret. Raises ValueError where the settings name a CA of the store and `storage_ca` is empty."""
    if bool(storage_ca) != bool(system.storage.s3 and system.storage.s3.ca):
        raise ValueError("storage.s3.ca: its text goes with it")
    namespace = system.cluster.namespace
    yield manifest("v1", "ConfigMap", CONFIG, namespace=namespace, data={CONFIG_FILE: configuration(system)})
    if storage_ca:
        yield manifest("v1", "ConfigMap", STORAGE_CA, namespace=namespace, data={STORAGE_CA_FILE: storage_ca.rstrip("\n") + "\n"})


def deployment(system: Kubernetes, storage_ca: str, generation: object) -> Manifest:
    """Rolling where pods share the storage, else one pod ends before the next begins.

    `generation` changes with every secret that a registry reads only at its start.
    """
    shared = system.storage.is_shared
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    annotations = {"ha-registry/configuration": checksum(configuration(system), storage_ca), "ha-registry/generation": generation}
    spec = {
        "replicas": system.registry.replicas,
        "revisionHistoryLimit": REVISIONS,
        "selector": {"matchLabels": selector(REGISTRY)},
        "strategy": rolling if shared else {"type": "Recreate"},
        "template": {"metadata": {"labels": labels(REGISTRY), "annotations": annotations}, "spec": _pod(system)},
    }
    return manifest("apps/v1", "Deployment", REGISTRY, namespace=system.cluster.namespace, spec=spec)


def disruption_budget(system: Kubernetes) -> Iterator[Manifest]:
    """A drain of nodes takes one pod at a time; of a single one it takes that, or nobody could drain its node."""
    if system.registry.replicas > 1:
        spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector(REGISTRY)}}
        yield manifest("policy/v1", "PodDisruptionBudget", REGISTRY, namespace=system.cluster.namespace, spec=spec)


def _pod(system: Kubernetes) -> dict[str, Any]:
    shared, registry = system.storage.is_shared, system.registry
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        # A Service called registry would give REGISTRY_* variables, which the registry takes for configuration
        "enableServiceLinks": False,
        "securityContext": pod_security(ACCOUNT_ID),
        "terminationGracePeriodSeconds": drain_s(system) + (LEAVE_S if shared else 0) + 15,
        "containers": [_container(system)],
        "volumes": _volumes(system),
    }
    if shared:
        pod["tolerations"] = [
            {"key": f"node.kubernetes.io/{state}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": LOST_S}
            for state in ("not-ready", "unreachable")
        ]
    if registry.replicas > 1:
        pod |= _spread()
    if registry.priority_class:
        pod["priorityClassName"] = registry.priority_class
    if registry.source.user:
        pod["imagePullSecrets"] = [{"name": IMAGE_LOGIN}]
    return pod


def _spread() -> dict[str, Any]:
    """On different nodes and in different zones where there are some; a pod too many is better than one that waits."""
    found = {"labelSelector": {"matchLabels": selector(REGISTRY)}}
    apart = {"weight": 100, "podAffinityTerm": {**found, "topologyKey": "kubernetes.io/hostname"}}
    zones = {**found, "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
    return {
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [apart]}},
        "topologySpreadConstraints": [zones],
    }


def _container(system: Kubernetes) -> dict[str, Any]:
    registry = system.registry
    made: dict[str, Any] = {
        "name": REGISTRY,
        "image": registry.image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["serve", INSIDE["config"]],
        "env": _environment(system),
        "ports": [{"name": "https", "containerPort": HTTPS_PORT}, {"name": "metrics", "containerPort": METRICS_PORT}],
        "securityContext": container_security(),
        "resources": {"requests": _amounts(registry.requests), "limits": _amounts(registry.limits)},
        "volumeMounts": _mounts(system),
        **_probes(),
    }
    if system.storage.is_shared:
        # Needs no program in the image; on by default from Kubernetes 1.30
        made["lifecycle"] = {"preStop": {"sleep": {"seconds": LEAVE_S}}}
    return made


def _probes() -> dict[str, Any]:
    """`/` says 503 when the storage fails, so it tells who is ready; only metrics tell who is alive whatever the storage does.

    A pod whose storage is away gets no requests; started again it would not get it back.
    """
    ready = {"httpGet": {"path": "/", "port": "https", "scheme": "HTTPS"}, "timeoutSeconds": 2}
    alive = {"httpGet": {"path": "/metrics", "port": "metrics"}, "timeoutSeconds": 5}
    return {
        "startupProbe": {**alive, "periodSeconds": 1, "failureThreshold": READY_S},
        "readinessProbe": {**ready, "periodSeconds": 2, "failureThreshold": 2},
        "livenessProbe": {**alive, "periodSeconds": 10, "failureThreshold": 3},
    }


def _environment(system: Kubernetes) -> list[dict[str, Any]]:
    plain = {"REGISTRY_HTTP_ADDR": f":{HTTPS_PORT}", "OTEL_TRACES_EXPORTER": "none"}
    if system.storage.s3 and system.storage.s3.ca:
        plain["SSL_CERT_DIR"] = INSIDE["storage_ca"]
    secret = ["REGISTRY_HTTP_SECRET"]
    if system.storage.s3:
        secret += ["REGISTRY_STORAGE_S3_ACCESSKEY", "REGISTRY_STORAGE_S3_SECRETKEY"]
    return [
        *({"name": name, "value": value} for name, value in plain.items()),
        *({"name": name, "valueFrom": {"secretKeyRef": {"name": ENVIRONMENT, "key": name}}} for name in secret),
    ]


def _mounts(system: Kubernetes) -> list[dict[str, Any]]:
    at = {
        "config": INSIDE["config"].rpartition("/")[0],
        "identity": INSIDE["identity"],
        # Whole, not single files: only then does the kubelet bring changes of htpasswd
        "users": INSIDE["auth"],
    }
    if system.storage.s3 and system.storage.s3.ca:
        at["storage-ca"] = INSIDE["storage_ca"]
    mounts: list[dict[str, Any]] = [{"name": name, "mountPath": path, "readOnly": True} for name, path in at.items()]
    if not system.storage.s3:
        mounts.append({"name": "data", "mountPath": INSIDE["data"]})
    return [*mounts, {"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108 - in a container of its own


def _volumes(system: Kubernetes) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = [
        {"name": "config", "configMap": {"name": CONFIG}},
        {"name": "identity", "secret": {"secretName": TLS, "defaultMode": SECRET_MODE}},
        {"name": "users", "secret": {"secretName": USERS, "defaultMode": SECRET_MODE}},
    ]
    if system.storage.s3 and system.storage.s3.ca:
        volumes.append({"name": "storage-ca", "configMap": {"name": STORAGE_CA}})
    if not system.storage.s3:
        existing = system.storage.existing
        volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": existing.claim if existing else CLAIM}})
    return [*volumes, {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}]


def _amounts(resources: Resources) -> dict[str, str]:
    amounts = {"cpu": resources.cpu, "memory": resources.memory and resources.memory.text}
    return {name: amount for name, amount in amounts.items() if amount}
