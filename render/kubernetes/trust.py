"""What makes the nodes trust the registry: one pod on each that writes files of the container runtimes, and removes them."""

from __future__ import annotations

from typing import Any

from render.kubernetes.manifest import IMAGE_LOGIN, TRUST, Manifest, container_security, labels, manifest, selector, trust_namespace
from render.script import static
from render.trust import STORES, endpoints, hosts_toml
from settings import Kubernetes

RUNTIMES = {"containerd": STORES["containerd"], "docker": STORES["docker"], "crio": STORES["podman"]}
"""Where each runtime looks for a registry's CA; read again at every pull."""
LEAVE_S = 15
SCRIPT = "trust.sh"


def files(system: Kubernetes, ca_bundle: object) -> Manifest:
    """The script, the CA and what containerd is told; `ca_bundle` may be known only after `up`."""
    data: dict[str, object] = {SCRIPT: static(f"kubernetes/{SCRIPT}"), "ca.crt": ca_bundle}
    for number, endpoint in enumerate(endpoints(system)):
        data[f"hosts-{number}.toml"] = hosts_toml(endpoint, ways(system, system.ports[number]) or [endpoint])
    return manifest("v1", "ConfigMap", TRUST, namespace=trust_namespace(system), part=TRUST, data=data)


def ways(system: Kubernetes, port: int) -> list[str]:
    """Addresses that containerd asks before the name: with node ports the nodes, so no DNS is needed and no single node either.

    With fronts the VIP, which is where `ports` are. None with a certificate of the user's own, which names only the name.
    """
    if system.tls.files:
        return []
    addresses = [system.vip.address.ip] if system.fronts and system.vip else system.addresses
    return [f"{address}:{port}" for address in addresses]


def daemon_set(system: Kubernetes) -> Manifest:
    """On every node, whatever its taints. A new pod is there before the old one leaves, and takes the files over."""
    spec = {
        "selector": {"matchLabels": selector(TRUST)},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {"metadata": {"labels": labels(TRUST)}, "spec": _pod(system)},
    }
    return manifest("apps/v1", "DaemonSet", TRUST, namespace=trust_namespace(system), part=TRUST, spec=spec)


def login(system: Kubernetes) -> bool:
    """Whether the image of these pods is fetched by `registry.source.user`, whose password they then need in their namespace."""
    return bool(system.registry.source.user) and system.trust.image is None


def _runtimes(system: Kubernetes) -> list[str]:
    trust = system.trust
    chosen = {"containerd": trust.containerd, "docker": trust.docker, "crio": trust.crio}
    return [name for name in RUNTIMES if chosen[name]]


def _pod(system: Kubernetes) -> dict[str, Any]:
    on_node = [{"name": name, "hostPath": {"path": RUNTIMES[name], "type": "DirectoryOrCreate"}} for name in _runtimes(system)]
    logins = [{"name": IMAGE_LOGIN}] if login(system) else []
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **({"imagePullSecrets": logins} if logins else {}),
        "terminationGracePeriodSeconds": LEAVE_S,
        "tolerations": [{"operator": "Exists"}],
        # root without a capability: the folders are root's
        "securityContext": {"runAsUser": 0, "runAsGroup": 0, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(system)],
        "volumes": [{"name": "trust", "configMap": {"name": TRUST}}, {"name": "tmp", "emptyDir": {}}, *on_node],
    }


def _container(system: Kubernetes) -> dict[str, Any]:
    mounts = [{"name": "trust", "mountPath": "/trust", "readOnly": True}, {"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108 - in a container of its own
    plain = {"STORES": " ".join(_runtimes(system)), "ENDPOINTS": " ".join(endpoints(system))}
    environment: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in plain.items()]
    return {
        "name": TRUST,
        "image": system.trust.image or system.registry.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", f"/trust/{SCRIPT}", "apply"],
        "env": [*environment, {"name": "POD_UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}],
        "lifecycle": {"preStop": {"exec": {"command": ["sh", f"/trust/{SCRIPT}", "remove"]}}},
        "readinessProbe": {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 2},  # noqa: S108 - the same
        # Where SELinux enforces, no other type may write to the node (container-selinux)
        "securityContext": {**container_security(), "seLinuxOptions": {"type": "spc_t"}},
        "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}},
        "volumeMounts": [*mounts, *({"name": name, "mountPath": f"/host/{name}"} for name in _runtimes(system))],
    }
