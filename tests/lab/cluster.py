"""A registry in the lab's cluster."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import settings
from lab import docker, image, toolbox
from lab.archive import Archive
from lab.host import Host
from lab.kubernetes import NAMESPACES
from settings import StackFile
from tests.lab import engine
from tests.lab.client import WORK, Client
from tests.lab.deployment import STACK, Deployment
from tests.lab.on_ceph import OnCeph
from tests.lab.wait import eventually

SYSTEM = {"kube-system", "kube-public", "kube-node-lease"}
REGISTRY_PODS = "app.kubernetes.io/component=registry"


class Cluster(Deployment):
    """The stack `test` with the topology `kubernetes`."""

    topology = "kubernetes"
    plugins = ("kubernetes",)

    @property
    def system(self) -> settings.Kubernetes:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The settings without any change."""
        system = settings.load(StackFile(self.stack_file).system, self.stack_file.parent, STACK, self.handed_over)
        assert isinstance(system, settings.Kubernetes)
        return system

    @property
    def nodes(self) -> Sequence[Host]:
        """The control plane first."""
        return [self.host(name) for name in self.system.nodes]

    @property
    def endpoint(self) -> str:
        """The registry as image names write it."""
        return f"{self.system.name}:{self.system.ports[0]}"

    @property
    def namespace(self) -> str:
        """Where the registry is."""
        return self.system.cluster.namespace

    @property
    def client(self) -> Client:
        """push53 as the first user, by the registry's name with its port."""
        user = self.system.users[0]
        return Client(self.host("push53"), self.endpoint, str(self.nodes[0].address), user, self.outputs()["passwords"][user])

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Output of kubectl as the administrator; raises LabError where it fails."""
        return self.nodes[0].output(["kubectl", *arguments], stdin)

    def get(self, *arguments: str) -> Sequence[Mapping[str, Any]]:
        """Objects that `kubectl get` lists."""
        return cast("Sequence[Mapping[str, Any]]", json.loads(self.kubectl("get", *arguments, "--output=json"))["items"])

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Makes objects of others, who use the registry."""
        self.kubectl("apply", "--filename=-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}))

    def pods(self) -> Sequence[Mapping[str, Any]]:
        """Those of the registry."""
        return self.get("pods", "--namespace", self.namespace, "--selector", REGISTRY_PODS)

    @contextmanager
    def known_to_client(self) -> Iterator[Client]:
        """The client finds the registry by its name at the control plane and trusts its CA, as long as the block lasts."""
        made, place = self.client, f"/etc/docker/certs.d/{self.endpoint}"
        before = made.host.output(["cat", "/etc/hosts"])
        made.host.output(["sh", "-c", f"mkdir -p {place} && cat >{place}/ca.crt"], self.outputs()["caCertificatePem"])
        self.point_client_at(self.nodes[0])
        try:
            yield made
        finally:
            made.host.output(["sh", "-c", "cat >/etc/hosts"], before)
            made.host.output(["rm", "-rf", place])
            made.clean()

    def point_client_at(self, node: Host) -> None:
        """The client's name for the registry leads to that node from now on."""
        known = self.host("push53").output(["cat", "/etc/hosts"]).splitlines()
        lines = [*(line for line in known if not line.endswith(f" {self.system.name}")), f"{node.address} {self.system.name}"]
        self.host("push53").output(["sh", "-c", "cat >/etc/hosts"], "".join(f"{line}\n" for line in lines))

    def push_toolbox(self, client: Client, repository: str) -> str:
        """Pushes an image whose programs run, by the client's Docker, and returns the reference that pods name it by."""
        loaded, reference = f"ha-registry/{toolbox.REPOSITORY}:{toolbox.TAG}", f"{self.endpoint}/{repository}"
        packed = Archive()
        packed.file(f"{WORK.removeprefix('/')}/toolbox.tar", toolbox.ensure(image.recipe()).read_bytes(), 0o600)
        docker.put(client.host.container, packed.packed())
        client.host.output(["docker", "load", "--quiet", "--input", f"{WORK}/toolbox.tar"])
        client.host.output(["docker", "tag", loaded, reference])
        assert (done := client.login()).returncode == 0, done.stderr
        done = client.docker("push", "--quiet", reference)
        assert done.returncode == 0, done.stdout + done.stderr
        client.host.output(["docker", "image", "rm", "--force", reference, loaded])
        return reference

    def await_waiting(self, pod: str, namespace: str, *, within_s: float = 90) -> str:
        """The reason for which a pod's container waits with its image, once its kubelet has given up for now, and what it said."""

        def seen() -> tuple[str, str]:
            (found,) = [one for one in self.get("pods", "--namespace", namespace) if one["metadata"]["name"] == pod]
            statuses = found["status"].get("containerStatuses") or [{}]
            waiting = statuses[0].get("state", {}).get("waiting", {})
            return waiting.get("reason", ""), waiting.get("message", "")

        _, message = eventually(
            seen, lambda now: now[0] == "ImagePullBackOff", what=f"{pod} waits for its image", within_s=within_s, successes=1
        )
        return message

    def await_replaced(self, gone: Mapping[str, Any]) -> None:
        """Returns once the pod `gone` is away and as many as the settings say are ready."""

        def ready() -> list[bool]:
            return [gone["metadata"]["uid"] != one["metadata"]["uid"] and is_ready(one) for one in self.pods()]

        wanted = [True] * self.system.registry.replicas
        eventually(ready, lambda seen: seen == wanted, what=f"{gone['metadata']['name']} is replaced", within_s=120, every_s=1)

    def store(self) -> list[str]:
        """Files of images on the disk of the node that keeps them."""
        local = self.system.storage.local
        assert local is not None
        return self.host(local.node).output(["find", local.path, "-type", "f"]).splitlines()

    def assert_nothing_to_change(self) -> None:
        """`preview` expects no change, and `up` leaves every pod alone."""
        before = [one["metadata"]["uid"] for one in self.get("pods", "--all-namespaces")]
        for done in (self.preview("--expect-no-changes"), self.up()):
            assert re.search(r"^Resources:\n +\d+ unchanged$", done.succeeded().output, re.MULTILINE), done.output
        assert [one["metadata"]["uid"] for one in self.get("pods", "--all-namespaces")] == before

    def assert_left(self) -> None:
        """Nothing of the stack is in the cluster or on its nodes any more."""
        assert {one["metadata"]["name"] for one in self.get("namespaces")} == NAMESPACES | SYSTEM
        for kind in ("persistentvolumes", "storageclasses"):
            assert self.get(kind) == []
        assert [one["metadata"]["name"] for one in self.get("secrets", "--all-namespaces")] == []
        assert [node.name for node in self.nodes if self.trusted_on(node)] == []

    def trusted_on(self, node: Host) -> bool:
        """Whether containerd of a node is told of the registry's CA."""
        return node.exec(["test", "-e", f"/etc/containerd/certs.d/{self.endpoint}/ca.crt"]).returncode == 0


class ClusterOnS3(OnCeph, Cluster):
    """Two pods that share a bucket of the lab's Ceph."""

    def boot(self) -> None:
        """As for every deployment, with the stack file of a cluster beside a Ceph."""
        source = engine.PROJECT / "lab" / "stacks" / "kubernetes-s3.yaml"
        self._lab("up", self.topology, "--name", self.lab, "--stack-file", str(source))


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether a pod gets requests and nobody has begun to end it."""
    conditions = {one["type"]: one["status"] for one in pod["status"].get("conditions") or ()}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]
