"""The web page of the images: a pod with the page, and the registry behind it under the same origin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from render.front import TLS as TLS_SETTINGS
from render.kubernetes.manifest import (
    HTTPS_PORT,
    PAGE,
    PAGE_PORT,
    REGISTRY,
    SERVICE_PORT,
    TLS,
    USERS,
    Manifest,
    checksum,
    container_security,
    is_direct,
    labels,
    manifest,
    pod_security,
    selector,
)
from render.kubernetes.pods import SECRET_MODE
from render.kubernetes.way_in import NAMES, service_port, service_type
from render.layout import ACCOUNT_ID, INSIDE
from render.script import fill, static
from render.trust import endpoints
from settings import Kubernetes, Page

SCRIPT, CONFIG = "page.sh", "nginx.conf"


def page(system: Kubernetes, generation: object) -> Iterator[Manifest]:
    """The pod with all that it needs; nothing where no page is wanted. `generation` changes with the certificate."""
    if system.ui is None:
        return
    namespace, data = system.cluster.namespace, {SCRIPT: static(f"kubernetes/{SCRIPT}"), CONFIG: _nginx(system, system.ui)}
    yield manifest("v1", "ConfigMap", PAGE, namespace=namespace, part=PAGE, data=data)
    yield _network_policy(system)
    annotations = {"ha-registry/configuration": checksum(*data.values()), "ha-registry/generation": generation}
    spec = {
        "replicas": 1,
        "revisionHistoryLimit": 5,
        "selector": {"matchLabels": selector(PAGE)},
        "template": {"metadata": {"labels": labels(PAGE), "annotations": annotations}, "spec": _pod(system, system.ui)},
    }
    yield manifest("apps/v1", "Deployment", PAGE, namespace=namespace, part=PAGE, spec=spec)


def service(system: Kubernetes) -> Iterator[Manifest]:
    """The way to the page: a port of its own, or the Ingress or Gateway that leads to the registry too."""
    if system.ui is None:
        return
    port = page_port(system)
    spec = {"type": service_type(system), "selector": selector(PAGE), "ports": [service_port(system, port)]}
    annotations = system.cluster.annotations if is_direct(system) else None
    yield manifest("v1", "Service", PAGE, namespace=system.cluster.namespace, part=PAGE, annotations=annotations, spec=spec)


def page_port(system: Kubernetes) -> int:
    """Of the Service of the page."""
    if not is_direct(system):
        return SERVICE_PORT
    if system.ui is None or system.ui.port is None:
        raise ValueError("ui.port: settings name it where the page has a port of its own")
    return system.ui.port


def _nginx(system: Kubernetes, wanted: Page) -> str:
    behind = system.service_ports[0] if is_direct(system) else SERVICE_PORT
    return fill(
        f"kubernetes/{CONFIG}.j2",
        name=system.name,
        port=PAGE_PORT,
        identity=INSIDE["identity"],
        auth=INSIDE["auth"],
        ciphers=TLS_SETTINGS["ciphers"],
        delete=wanted.delete,
        registry=f"{REGISTRY}.{system.cluster.namespace}.svc:{behind}",
    )


def _pod(system: Kubernetes, wanted: Page) -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security(ACCOUNT_ID),
        "containers": [_container(system, wanted)],
        "volumes": [
            {"name": "ui", "configMap": {"name": PAGE}},
            {"name": "identity", "secret": {"secretName": TLS, "defaultMode": SECRET_MODE}},
            {"name": "users", "secret": {"secretName": USERS, "defaultMode": SECRET_MODE}},
            {"name": "page", "emptyDir": {"sizeLimit": "64Mi"}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
        ],
    }


def _container(system: Kubernetes, wanted: Page) -> dict[str, Any]:
    readable = {"ui": "/ui", "identity": INSIDE["identity"], "users": INSIDE["auth"]}
    mounts: list[dict[str, Any]] = [{"name": name, "mountPath": path, "readOnly": True} for name, path in readable.items()]
    mounts += [{"name": name, "mountPath": f"/{name}"} for name in ("page", "tmp")]
    answers = {"httpGet": {"path": "/ready", "port": "https", "scheme": "HTTPS"}}
    return {
        "name": PAGE,
        "image": wanted.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", f"/ui/{SCRIPT}"],
        "env": [{"name": name, "value": value} for name, value in _facts(system, wanted).items()],
        "ports": [{"name": "https", "containerPort": PAGE_PORT}],
        "readinessProbe": {**answers, "periodSeconds": 5},
        "livenessProbe": {**answers, "periodSeconds": 10, "failureThreshold": 3},
        "securityContext": container_security(),
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "volumeMounts": mounts,
    }


def _facts(system: Kubernetes, wanted: Page) -> dict[str, str]:
    """What docker-registry-ui takes from its environment; no REGISTRY_URL: the registry is where the page is."""
    return {
        "SINGLE_REGISTRY": "true",
        "REGISTRY_TITLE": system.name,
        "PULL_URL": endpoints(system)[0],
        "SHOW_CONTENT_DIGEST": "true",
        "DELETE_IMAGES": str(wanted.delete).lower(),
        "READ_ONLY_REGISTRIES": "true",
        "REGISTRY_SECURED": "true",
        "DISABLE_VERSION_CHECK": "true",
    }


def _network_policy(system: Kubernetes) -> Manifest:
    """Everybody who has a way in sees the page; it speaks to the registry and to DNS alone."""
    pods = {"to": [{"podSelector": {"matchLabels": selector(REGISTRY)}}], "ports": [{"port": HTTPS_PORT, "protocol": "TCP"}]}
    spec = {
        "podSelector": {"matchLabels": selector(PAGE)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": [{"port": PAGE_PORT, "protocol": "TCP"}]}],
        "egress": [pods, {"ports": list(NAMES)}],
    }
    return manifest("networking.k8s.io/v1", "NetworkPolicy", PAGE, namespace=system.cluster.namespace, part=PAGE, spec=spec)
