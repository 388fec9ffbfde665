"""A registry in the lab's cluster, ours or the control, as a measurement sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from typing import Any, ClassVar

from bench.system import System, eventually
from lab.host import Host

SEEN_EVERY_S = 1.0
"""How often a trial looks at pods: kubectl takes a tenth of a second of the processors that pods start on."""


class ClusterSystem(System):
    """Pods of one Deployment behind a node port, which clients reach through one node."""

    topology, LAB = "kubernetes", "bench-kubernetes"
    phase_s = 2.0  # between two questions whether a pod is ready
    namespace: ClassVar[str]
    selector: ClassVar[str]
    """The label of the pods, as kubectl writes it."""
    replicas: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self.nodes = self._hosts("node")

    @property
    def address(self) -> IPv4Address:
        """The control plane's, where no pod of a registry runs: every request goes on to another node."""
        return self.nodes[0].address

    def is_whole(self) -> bool:
        """Whether all pods are ready and none is on its way out."""
        return is_settled(self.pods(), self.replicas)

    def mend(self) -> None:
        """Replaces pods whose container was started again: Kubernetes would wait before it did so a second time (10 s and more)."""
        for pod in self.pods():
            if restarts(pod):
                self.delete(pod)
                self.await_replaced(pod)

    def await_replaced(self, pod: Mapping[str, Any]) -> None:
        """Returns once `pod` is gone and all are ready; raises BenchError after `READY_S`."""

        def replaced() -> bool:
            found = self.pods()
            return is_settled(found, self.replicas) and _uid(pod) not in map(_uid, found)

        eventually(replaced, f"waiting until pod {pod['metadata']['name']} of lab {self.lab} is replaced", in_a_row=1, every_s=SEEN_EVERY_S)

    def await_restarted(self, pod: Mapping[str, Any]) -> None:
        """Returns once the container of `pod` was started again and all are ready; raises BenchError after `READY_S`."""

        def restarted() -> bool:
            found = self.pods()
            return is_settled(found, self.replicas) and any(_uid(one) == _uid(pod) and restarts(one) > restarts(pod) for one in found)

        doing = f"waiting until the container of pod {pod['metadata']['name']} of lab {self.lab} runs again"
        eventually(restarted, doing, in_a_row=1, every_s=SEEN_EVERY_S)

    def delete(self, pod: Mapping[str, Any], *, at_once: bool = False) -> None:
        """Deletes a pod in order, or `at_once`: it is gone for the cluster before its processes are. Returns at once."""
        now = ["--grace-period=0", "--force"] if at_once else []
        self.kubectl("delete", "pod", pod["metadata"]["name"], "--namespace", self.namespace, "--wait=false", *now)

    def kill_container(self, pod: Mapping[str, Any]) -> None:
        """SIGKILL to the process of the pod's one container, by containerd of its node."""
        container = container_id(pod)
        node = Host(self.lab, pod["spec"]["nodeName"])
        node.output(["ctr", "--namespace", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", container])

    def pods(self) -> Sequence[Mapping[str, Any]]:
        """Those of the Deployment, whatever their state."""
        asked = ["get", "pods", "--namespace", self.namespace, "--selector", self.selector, "--output=json"]
        return json.loads(self.kubectl(*asked))["items"]

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Output of kubectl as the administrator of the cluster; raises LabError where it fails."""
        return self.nodes[0].output(["kubectl", *arguments], stdin)


def is_settled(pods: Sequence[Mapping[str, Any]], replicas: int) -> bool:
    """Whether there are just so many pods, each ready, none on its way out."""
    return len(pods) == replicas and all(map(_serves, pods))


def restarts(pod: Mapping[str, Any]) -> int:
    """How often its containers were started again."""
    return sum(one["restartCount"] for one in pod["status"].get("containerStatuses") or ())


def container_id(pod: Mapping[str, Any]) -> str:
    """Of its first container, as containerd knows it."""
    return str(pod["status"]["containerStatuses"][0]["containerID"]).removeprefix("containerd://")


def _serves(pod: Mapping[str, Any]) -> bool:
    conditions = {one["type"]: one["status"] for one in pod["status"].get("conditions") or ()}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def _uid(pod: Mapping[str, Any]) -> str:
    return pod["metadata"]["uid"]
