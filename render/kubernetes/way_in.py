"""How clients and Prometheus reach the pods, and who else may not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from render.front import SILENT_S
from render.kubernetes.manifest import (
    AUTHORITY,
    HTTPS_PORT,
    ISSUED_TLS,
    METRICS,
    METRICS_PORT,
    NOT_AWAITED,
    PAGE,
    REGISTRY,
    SERVICE_PORT,
    TLS,
    Manifest,
    is_direct,
    manifest,
    selector,
)
from settings import Kubernetes, Metrics

SCRAPE_S = 30
GATEWAY_API = "gateway.networking.k8s.io/v1"
NAMES = tuple({"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP"))
"""Ports of DNS."""


def service(system: Kubernetes) -> Manifest:
    """The one way to the pods: of clients themselves, or of the Ingress or Gateway before it."""
    cluster = system.cluster
    direct = is_direct(system)
    ports = [service_port(system, port) for port in (system.service_ports if direct else (SERVICE_PORT,))]
    spec: dict[str, Any] = {"type": service_type(system), "selector": selector(REGISTRY), "ports": ports}
    if _keeps_clients(system):
        spec["sessionAffinity"] = "ClientIP"
    annotations = cluster.annotations if direct else None
    return manifest("v1", "Service", REGISTRY, namespace=cluster.namespace, annotations=annotations, spec=spec)


def service_type(system: Kubernetes) -> str:
    """Of a Service that clients, or what is before it, come to."""
    return {"nodePort": "NodePort", "loadBalancer": "LoadBalancer"}.get(system.cluster.expose, "ClusterIP")


def service_port(system: Kubernetes, port: int) -> dict[str, Any]:
    """A port of such a Service, which leads to the port `https` of its pods."""
    made: dict[str, Any] = {"name": f"https-{port}", "port": port, "targetPort": "https", "protocol": "TCP", "appProtocol": "https"}
    return {**made, "nodePort": port} if system.cluster.expose == "nodePort" else made


def _keeps_clients(system: Kubernetes) -> bool:
    """Whether a client stays with one pod: on NFS, and what may be NFS, another sees late what this one wrote."""
    storage = system.storage
    return system.registry.replicas > 1 and bool(storage.nfs or storage.storage_class or storage.existing)


def routes(system: Kubernetes) -> Iterator[Manifest]:
    """What a controller of the cluster makes a way in of; nothing where clients go to the Service itself.

    It ends TLS with our certificate and verifies that of the pods. A request may have any size and last as long as it
    likes; the storage may be silent for a quarter of an hour in the last one of a push.
    """
    if system.cluster.expose == "ingress":
        yield _ingress(system)
    if system.cluster.expose == "gateway":
        yield from _gateway(system)


def _ingress(system: Kubernetes) -> Manifest:
    cluster = system.cluster
    paths = [
        {"path": path, "pathType": "Prefix", "backend": {"service": {"name": name, "port": {"number": SERVICE_PORT}}}}
        for path, name in _paths(system).items()
    ]
    spec = {
        "ingressClassName": cluster.class_name,
        "tls": [{"hosts": [system.name], "secretName": _certificate(system)}],
        "rules": [{"host": system.name, "http": {"paths": paths}}],
    }
    nginx = {
        "backend-protocol": "HTTPS",
        "proxy-body-size": "0",
        "proxy-buffering": "off",
        "proxy-request-buffering": "off",
        "proxy-read-timeout": str(SILENT_S),
        "proxy-send-timeout": str(SILENT_S),
        "proxy-ssl-verify": "on",
        "proxy-ssl-name": system.name,
        "proxy-ssl-server-name": "on",
        "proxy-ssl-secret": f"{cluster.namespace}/{TLS}",
    }
    # Not awaited: some controllers never write a status
    annotations = (
        NOT_AWAITED
        | _issuer(system)
        | {f"nginx.ingress.kubernetes.io/{name}": value for name, value in nginx.items()}
        | dict(cluster.annotations)
    )
    return manifest("networking.k8s.io/v1", "Ingress", REGISTRY, namespace=cluster.namespace, annotations=annotations, spec=spec)


def _certificate(system: Kubernetes) -> str:
    """The Secret whose certificate clients see at an Ingress or a Gateway."""
    return ISSUED_TLS if system.cluster.issuer else TLS


def _issuer(system: Kubernetes) -> dict[str, str]:
    """By which annotation cert-manager makes and renews that Secret (cert-manager, "Annotated Ingress" and "Annotated Gateway")."""
    issuer = system.cluster.issuer
    if issuer is None:
        return {}
    return {f"cert-manager.io/{'issuer' if issuer.kind == 'Issuer' else 'cluster-issuer'}": issuer.name}


def _paths(system: Kubernetes) -> dict[str, str]:
    """Below which path which Service is: with a page, the registry has its API's path alone."""
    return {"/v2": REGISTRY, "/": PAGE} if system.ui else {"/": REGISTRY}


def _gateway(system: Kubernetes) -> Iterator[Manifest]:
    cluster = system.cluster
    listeners = [
        {
            "name": f"https-{port}",
            "port": port,
            "protocol": "HTTPS",
            "hostname": system.name,
            "tls": {"mode": "Terminate", "certificateRefs": [{"group": "", "kind": "Secret", "name": _certificate(system)}]},
            "allowedRoutes": {"namespaces": {"from": "Same"}},
        }
        for port in system.ports
    ]
    gateway = {"gatewayClassName": cluster.class_name, "listeners": listeners}
    yield manifest(
        GATEWAY_API, "Gateway", REGISTRY, namespace=cluster.namespace, annotations=_issuer(system) | dict(cluster.annotations), spec=gateway
    )
    rules = [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": path}}],
            "backendRefs": [{"group": "", "kind": "Service", "name": name, "port": SERVICE_PORT}],
            # 0s: none (Gateway API, HTTPRouteTimeouts); it would be one for the whole of an upload
            "timeouts": {"request": "0s", "backendRequest": "0s"},
        }
        for path, name in _paths(system).items()
    ]
    parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": REGISTRY}
    route = {"parentRefs": [parent], "hostnames": [system.name], "rules": rules}
    yield manifest(GATEWAY_API, "HTTPRoute", REGISTRY, namespace=cluster.namespace, spec=route)
    policy = {
        "targetRefs": [{"group": "", "kind": "Service", "name": name} for name in _paths(system).values()],
        "validation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": AUTHORITY}], "hostname": system.name},
    }
    yield manifest(GATEWAY_API, "BackendTLSPolicy", REGISTRY, namespace=cluster.namespace, spec=policy)


def network_policy(system: Kubernetes) -> Manifest:
    """Images are for everybody who has a way in; metrics for named namespaces; pods themselves reach their storage only."""
    allowed: list[dict[str, Any]] = [{"ports": [{"port": HTTPS_PORT, "protocol": "TCP"}]}]
    if system.metrics:
        named = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(system.metrics.namespaces)}
        readers = [{"namespaceSelector": {"matchExpressions": [named]}}]
        allowed.append({"from": readers, "ports": [{"port": METRICS_PORT, "protocol": "TCP"}]})
    spec: dict[str, Any] = {"podSelector": {"matchLabels": selector(REGISTRY)}, "policyTypes": ["Ingress"], "ingress": allowed}
    # Where registry.config lets it call out (notifications, hooks), only its writer knows where to
    if not system.registry.config:
        spec |= {"policyTypes": ["Ingress", "Egress"], "egress": _egress(system)}
    return manifest("networking.k8s.io/v1", "NetworkPolicy", REGISTRY, namespace=system.cluster.namespace, spec=spec)


def _egress(system: Kubernetes) -> list[dict[str, Any]]:
    """A bucket and the names of its store; volumes are mounted by the node."""
    s3 = system.storage.s3
    if s3 is None:
        return []
    return [{"ports": [*NAMES, {"port": s3.port, "protocol": "TCP"}]}]


def metrics(system: Kubernetes) -> Iterator[Manifest]:
    """A Service for Prometheus, and how the Prometheus operator finds it."""
    if system.metrics is None:
        return
    spec = {"selector": selector(REGISTRY), "ports": [{"name": "metrics", "port": METRICS_PORT, "targetPort": "metrics"}]}
    yield manifest("v1", "Service", METRICS, namespace=system.cluster.namespace, part=METRICS, spec=spec)
    yield from _service_monitor(system, system.metrics)


def _service_monitor(system: Kubernetes, wanted: Metrics) -> Iterator[Manifest]:
    if wanted.service_monitor:
        endpoints = [{"port": "metrics", "path": "/metrics", "interval": f"{SCRAPE_S}s"}]
        spec = {"selector": {"matchLabels": selector(METRICS)}, "endpoints": endpoints}
        yield manifest("monitoring.coreos.com/v1", "ServiceMonitor", REGISTRY, namespace=system.cluster.namespace, spec=spec)
