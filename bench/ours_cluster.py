"""What this program makes in a cluster: pods that share a bucket, and a single one on a local volume, both in one lab."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bench.cluster import ClusterSystem
from bench.ours import Ours
from settings import StackFile

FOLDER, PORT = "/data/docker", 30501
"""Of the single pod, beside those of the lab's stack file."""


class OursInCluster(Ours, ClusterSystem):
    """One stack in the cluster."""

    plugins = ("kubernetes",)

    selector = "app.kubernetes.io/component=registry"


class OursShared(OursInCluster):
    """Two pods on S3 of the lab's Ceph: the lab's stack file as it is."""

    namespace, replicas = "docker-registry", 2

    def prepare(self) -> None:
        """What the storage's operator handed over."""
        self.hand_over()


class OursAlone(OursInCluster):
    """One pod on a volume of its node: a second stack in the same cluster, with a namespace and a port of its own."""

    namespace, replicas = "docker-registry-alone", 1

    @property
    def place(self) -> Path:
        """A folder in the lab's: the other stack has the same name."""
        return self.folder / "alone"

    def prepare(self) -> None:
        """The folder of the volume, and what is different in the stack file."""
        node = self.nodes[1]
        node.output(["mkdir", "-p", FOLDER])
        stack = StackFile(self.stack.file)
        for path, value in differences(node.name).items():
            stack.set(path, value)
        stack.write()

    def anew(self) -> float:
        """Destroys the stack and applies it again: seconds of the latter, which ends when the proof does."""
        self.stack.destroy()
        with suppress(AttributeError):  # nobody has asked for them yet
            del self.outputs
        started = time.monotonic()
        self.stack.up()
        return time.monotonic() - started


def differences(node: str) -> Mapping[str, object]:
    """Of the stack file with one pod on `node` from the lab's, value by path; nothing that both make has the same name."""
    return {
        "storage": {"local": {"path": FOLDER, "node": node, "size": "5Gi"}},
        "registry.replicas": OursAlone.replicas,
        "cluster.namespace": OursAlone.namespace,
        "ports": [PORT],
        "pullSecrets": [],
    }
