"""The control of a registry in a cluster: plain manifests as people apply them by hand, in the same cluster.

One replica on a folder of a node; no probes, no `preStop`, the strategy that a Deployment has where nobody names one.
"""

from __future__ import annotations

import json
from pathlib import Path

from bench.cluster import ClusterSystem
from bench.system import STACK_FILES
from lab import lifecycle, registry_image
from lab.certificate import Authority
from lab.plan import MIRROR_PORT
from lab.prober import Target

NAMESPACE, NAME, PORT = "by-hand", "docker-registry", 32500
MANIFESTS = """\
apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  replicas: 1
  revisionHistoryLimit: 5
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      nodeSelector: {{kubernetes.io/hostname: {node}}}
      containers:
        - name: registry
          image: {image}
          env:
            - {{name: REGISTRY_HTTP_TLS_CERTIFICATE, value: /certs/tls.crt}}
            - {{name: REGISTRY_HTTP_TLS_KEY, value: /certs/tls.key}}
            - {{name: REGISTRY_STORAGE_DELETE_ENABLED, value: "true"}}
          ports: [{{containerPort: 5000}}]
          resources: {{requests: {{cpu: 100m, memory: 200Mi}}}}
          volumeMounts:
            - {{name: images, mountPath: /var/lib/registry}}
            - {{name: certs, mountPath: /certs, readOnly: true}}
      volumes:
        - {{name: images, hostPath: {{path: /data/by-hand, type: DirectoryOrCreate}}}}
        - {{name: certs, secret: {{secretName: {name}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  type: NodePort
  selector: {{app: {name}}}
  ports: [{{port: 5000, nodePort: {port}}}]
---
{secret}
"""


class ControlInCluster(ClusterSystem):
    """A Deployment, a Secret and a Service, beside ours."""

    namespace, selector, replicas = NAMESPACE, f"app={NAME}", 1

    def __init__(self) -> None:
        """Starts the lab where it does not run, and applies the manifests where they are not there."""
        lifecycle.up(self.topology, STACK_FILES[self.topology], self.LAB)
        super().__init__()
        self._ca, self._certificate = self.folder / "by-hand-ca.pem", self.folder / "by-hand.crt"
        self._make()
        self.mend()
        self.await_whole()

    @property
    def target(self) -> Target:
        """`/` of the registry at the node's address."""
        return Target(address=str(self.address), name=str(self.address), ca=str(self._ca), port=PORT)

    def _make(self) -> None:
        if self.kubectl("get", "namespace", NAMESPACE, "--ignore-not-found", "--output=name"):
            return
        authority = Authority("control")
        self._ca.write_text(authority.pem)
        authority.issue(self.address, self._certificate)
        release = registry_image.RELEASES[0]
        image = f"{self._plan.mirror}:{MIRROR_PORT}/{registry_image.REPOSITORY}:{release.tag}"
        self.kubectl("apply", "--filename=-", stdin=manifests(image, self.nodes[1].name, self._certificate))


def manifests(image: str, node: str, certificate: Path) -> str:
    """All objects, for kubectl; the key of `certificate` lies beside it."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": certificate.read_text(), "tls.key": certificate.with_suffix(".key").read_text()},
    }
    return MANIFESTS.format(namespace=NAMESPACE, name=NAME, port=PORT, image=image, node=node, secret=json.dumps(secret))
