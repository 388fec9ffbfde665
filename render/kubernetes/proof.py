"""The end of every `up`: one pod pushes an image through every way in, then the kubelet pulls it for another that runs it."""

from __future__ import annotations

import base64
from typing import Any

from render.kubernetes.manifest import (
    PAGE,
    PROOF,
    REGISTRY,
    SERVICE_PORT,
    Manifest,
    container_security,
    is_direct,
    labels,
    manifest,
    pod_security,
)
from render.kubernetes.nonce import PROGRAM, Nonce
from render.kubernetes.page import page_port
from render.layout import ACCOUNT_ID
from render.script import static
from render.trust import endpoints
from settings import Kubernetes

REPOSITORY = "ha-registry/proof"
SCRIPT = "proof.sh"
PUSH, PULL = "registry-proof-push", "registry-proof-pull"
PATIENCE_S = 150
"""Until a pod knows a changed password: a kubelet looks after mounted Secrets each minute, in a cache of up to another minute."""
DEADLINE_S = PATIENCE_S + 180
"""For each of the two: some time for an image to come, and for a pod that was killed to be started again."""


def ways(system: Kubernetes) -> list[str]:
    """Where a pod reaches the registry: every node with its port, else the Service."""
    port = system.service_ports[0]
    if system.addresses:
        return [f"{address}:{port}" for address in system.addresses]
    behind = port if is_direct(system) else SERVICE_PORT
    return [f"{REGISTRY}.{system.cluster.namespace}.svc:{behind}"]


def _page(system: Kubernetes) -> dict[str, str]:
    """Where a pod reaches the page, and by which port clients do; both empty where there is none."""
    if system.ui is None:
        return {"PAGE": "", "PAGE_PORT": ""}
    port = page_port(system)
    return {"PAGE": f"{PAGE}.{system.cluster.namespace}.svc:{port}", "PAGE_PORT": str(port if is_direct(system) else system.ports[0])}


def files(system: Kubernetes, image: Nonce, ca_bundle: object) -> Manifest:
    """The script, the CA and what is pushed."""
    content = {digest.replace(":", "-"): base64.b64encode(text).decode() for digest, text in image.content.items()}
    data = {SCRIPT: static(f"kubernetes/{SCRIPT}"), "ca.crt": ca_bundle}
    return manifest("v1", "ConfigMap", PROOF, namespace=system.cluster.namespace, part=PROOF, data=data, binaryData=content)


def push(system: Kubernetes, image: Nonce, generation: object) -> Manifest:
    """Done when every way in answers as it must; `generation` changes with what is not in the objects: passwords, certificates."""
    facts = {
        "NAME": system.name,
        "PORT": str(system.ports[0]),
        "WAYS": " ".join(ways(system)),
        "REPOSITORY": REPOSITORY,
        "CONTENT": " ".join(image.content),
        "INDEX": image.index,
        "PATIENCE_S": str(PATIENCE_S),
        **_page(system),
    }
    mounts: list[dict[str, Any]] = [{"name": name, "mountPath": f"/{name}", "readOnly": True} for name in ("proof", "login")]
    container = {
        "image": system.proof.image,
        "command": ["sh", f"/proof/{SCRIPT}"],
        "env": [{"name": name, "value": value} for name, value in facts.items()],
        "volumeMounts": [*mounts, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - in a container of its own
    }
    volumes: list[dict[str, Any]] = [
        {"name": "proof", "configMap": {"name": PROOF}},
        {"name": "login", "secret": {"secretName": PROOF, "defaultMode": 0o440}},
        {"name": "tmp", "emptyDir": {}},
    ]
    return _job(system, PUSH, container, generation, volumes=volumes)


def pull(system: Kubernetes, image: Nonce, generation: object) -> Manifest:
    """Done when a node resolved the name, trusted the CA, logged in by the pull secret, fetched the image and ran it."""
    container = {
        "image": f"{endpoints(system)[0]}/{REPOSITORY}@{image.index}",
        # Also where a node has it from before: what is proved is the way there
        "imagePullPolicy": "Always",
        "command": [f"/{PROGRAM}"],
    }
    return _job(system, PULL, container, generation, imagePullSecrets=[{"name": system.name}])


def _job(system: Kubernetes, name: str, container: dict[str, Any], generation: object, **pod: Any) -> Manifest:
    whole = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "securityContext": pod_security(ACCOUNT_ID),
        "containers": [
            {
                "name": PROOF,
                "securityContext": container_security(),
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "128Mi"}},
                **container,
            }
        ],
        **pod,
    }
    template = {"metadata": {"labels": labels(PROOF), "annotations": {"ha-registry/generation": generation}}, "spec": whole}
    spec = {"backoffLimit": 2, "activeDeadlineSeconds": DEADLINE_S, "template": template}
    return manifest("batch/v1", "Job", name, namespace=system.cluster.namespace, part=PROOF, spec=spec)
