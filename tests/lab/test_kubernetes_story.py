"""The life of a registry in a cluster in one story: made, pushed to and pulled from, hurt, destroyed with its images kept."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.lab.client import Client
from tests.lab.cluster import Cluster
from tests.lab.outcome import Run
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(2400)]
"""The first of all builds Kubernetes from source where no lab had a cluster before."""

KINDS = (
    "namespaces",
    "configmaps",
    "secrets",
    "persistentvolumes",
    "persistentvolumeclaims",
    "services",
    "deployments.apps",
    "daemonsets.apps",
)
OTHERS = "build"
"""A namespace of others, whose pods pull."""


@pytest.fixture(scope="module")
def first(cluster: Cluster) -> Run:
    if not cluster.is_untouched:
        cluster.renew()
    return cluster.up()


@pytest.fixture(scope="module")
def served(cluster: Cluster, first: Run) -> Cluster:
    first.succeeded()
    return cluster


@pytest.fixture(scope="module")
def client(served: Cluster) -> Iterator[Client]:
    with served.known_to_client() as made:
        yield made


@pytest.fixture(scope="module")
def kept(client: Client) -> str:
    """Digest of `story/kept:1`, which outlives pods and the stack."""
    return client.push("story/kept:1")


@pytest.fixture(scope="module")
def image(served: Cluster, client: Client) -> str:
    """What pods of others run, pushed from outside."""
    return served.push_toolbox(client, "story/toolbox:1")


def test_first_up_ends_with_a_registry_that_is_ready(cluster: Cluster, first: Run) -> None:
    """The first `up` on a fresh cluster ends with 0, one pod is ready on the node of its volume, every node trusts the CA."""
    first.succeeded()
    (pod,) = cluster.pods()
    local = cluster.system.storage.local
    assert local is not None
    assert pod["spec"]["nodeName"] == local.node
    assert {one["type"]: one["status"] for one in pod["status"]["conditions"]}["Ready"] == "True"
    assert [node.name for node in cluster.nodes if not cluster.trusted_on(node)] == []


def test_image_comes_back_through_every_node(served: Cluster, client: Client) -> None:
    """What Docker pushed from outside by the name and one node's port comes back with its digest through each node."""
    digest = client.push("story/shared:1")
    for node in served.nodes:
        served.point_client_at(node)
        client.pull("story/shared:1", digest)


def test_wrong_password_is_refused(client: Client) -> None:
    """A login with a wrong password fails, where one with the right one succeeds."""
    assert [client.login(password).returncode == 0 for password in (client.password, "wrong")] == [True, False]


def test_who_does_not_trust_the_ca_is_refused(served: Cluster, client: Client) -> None:
    """TLS by the CA that the stack exports: with it curl gets an answer, without it none, and by plain HTTP neither."""
    address, port = served.nodes[0].address, served.system.ports[0]
    asked = ["curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", "--resolve", f"{served.system.name}:{port}:{address}"]
    trusting = ["--cacert", f"/etc/docker/certs.d/{served.endpoint}/ca.crt"]
    url = f"{served.endpoint}/v2/"
    assert client.host.exec([*asked, *trusting, f"https://{url}"]).stdout == "401"
    assert client.host.exec([*asked, f"https://{url}"]).stdout == "000"
    assert client.host.exec([*asked, f"http://{url}"]).stdout in {"000", "400"}


def test_deployment_of_others_pulls_by_its_pull_secret(served: Cluster, image: str) -> None:
    """A Deployment in another namespace runs an image of the registry by the pull secret that is there, on a node of any kind."""
    run_for_others(served, image)


@pytest.mark.parametrize("secret", ["wrong", "missing"])
def test_pod_without_the_right_password_waits_for_its_image(served: Cluster, image: str, secret: str) -> None:
    """With a wrong password, or a pull secret that is not there, the kubelet gives up with the registry's refusal as the reason."""
    if secret == "wrong":
        served.apply(login(served, "wrong"))
    served.apply(pod(secret, image, secret))
    message = served.await_waiting(secret, OTHERS)
    served.kubectl("delete", "pod", secret, "--namespace", OTHERS, "--wait=false")
    served.kubectl("delete", "secret", "wrong", "--namespace", OTHERS, "--ignore-not-found")
    assert re.search("401|unauthorized|no basic auth", message), message


def test_images_survive_their_pod(served: Cluster, client: Client, kept: str) -> None:
    """After its pod was deleted another one serves the same image from the same volume."""
    (before,) = served.pods()
    served.kubectl("delete", "pod", before["metadata"]["name"], "--namespace", served.namespace)
    served.kubectl("rollout", "status", "deployment/registry", "--namespace", served.namespace, "--timeout=60s")
    eventually(lambda: client.login().returncode, lambda code: code == 0, what="the registry serves again", within_s=30, successes=1)
    client.pull("story/kept:1", kept)
    (after,) = served.pods()
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


def test_second_up_changes_nothing(served: Cluster) -> None:
    """Without a change, `preview` expects none, and `up` leaves every pod alone."""
    served.assert_nothing_to_change()


@pytest.mark.parametrize("setting", ["pullSecrets", "storage.local.node"])
def test_what_the_cluster_has_not_ends_a_preview(served: Cluster, setting: str) -> None:
    """A namespace and a node that are not there are told with their setting, before anything is changed: objects and state stay."""
    before = objects(served), served.resources()
    done = served.preview(changes=wrong(served, setting))
    assert done.code != 0, done.output
    assert f"{setting}-absent" in done.output
    assert "resource 'absent' does not exist" in done.output
    assert (objects(served), served.resources()) == before


def test_changed_password_counts_without_a_restart(served: Cluster, client: Client, image: str) -> None:
    """Within 2 minutes of `up` the same pod takes a new password and refuses the old one, and the pull secret of others has the new one."""
    (before,) = served.pods()
    password = secrets.token_urlsafe(24)
    served.up(secrets={f"password-{client.user}": password}).succeeded()
    eventually(lambda: client.login(password).returncode, lambda code: code == 0, what="the new password counts", within_s=120)
    assert client.login().returncode != 0
    (after,) = served.pods()
    assert restarts(after) == restarts(before)
    run_for_others(served, image)


@pytest.mark.usefixtures("kept")
def test_destroy_leaves_the_images_alone_and_nothing_else(served: Cluster, client: Client) -> None:
    """`destroy` takes every object and every node's trust away, and leaves the images on the disk of their node."""
    client.clean()
    files = served.store()
    assert files
    served.destroy().succeeded()
    assert served.store() == files
    served.assert_left()


def test_next_up_serves_the_images_that_stayed(cluster: Cluster, kept: str) -> None:
    """After `destroy`, `up` finds the volume as it was left: an image pushed before is pulled, by the new CA and the new password."""
    cluster.up().succeeded()
    with cluster.known_to_client() as client:
        assert client.login().returncode == 0
        client.pull("story/kept:1", kept)
    cluster.destroy().succeeded()


def wrong(served: Cluster, setting: str) -> Mapping[str, object]:
    """The change by which `setting` names what the settings alone cannot know to be absent."""
    if setting == "pullSecrets":
        return {setting: [*served.system.pull_secrets, "absent"]}
    nodes = {name: str(address) for name, address in served.system.nodes.items()}
    return {"nodes": {**nodes, "absent": str(served.nodes[-1].address + 1)}, setting: "absent"}


def objects(served: Cluster) -> Mapping[str, str]:
    """Of the kinds that the stack makes: which there are, and in which version."""
    found = served.get(",".join(KINDS), "--all-namespaces")
    return {one["metadata"]["uid"]: one["metadata"]["resourceVersion"] for one in found}


def restarts(found: Mapping[str, Any]) -> tuple[str, list[int]]:
    """Which pod it is, and how often each of its containers was started again."""
    return found["metadata"]["uid"], [one["restartCount"] for one in found["status"]["containerStatuses"]]


def run_for_others(served: Cluster, image: str) -> None:
    """A Deployment in their namespace pulls by the pull secret that is there, and runs; it is gone afterwards."""
    served.apply(deployment("app", image, served.system.name))
    served.kubectl("rollout", "status", "deployment/app", "--namespace", OTHERS, "--timeout=90s")
    served.kubectl("delete", "deployment/app", "--namespace", OTHERS)


def pod_spec(image: str, secret: str) -> dict[str, Any]:
    # Also where a node has it from before: what is looked at is the way there
    container = {"name": "app", "image": image, "imagePullPolicy": "Always", "command": ["sleep", "3600"]}
    return {"imagePullSecrets": [{"name": secret}], "containers": [container], "terminationGracePeriodSeconds": 1}


def pod(name: str, image: str, secret: str) -> Mapping[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": OTHERS}, "spec": pod_spec(image, secret)}


def deployment(name: str, image: str, secret: str) -> Mapping[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(image, secret)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": OTHERS},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
    }


def login(served: Cluster, password: str) -> Mapping[str, Any]:
    """A pull secret with that password, called as it is."""
    auth = base64.b64encode(f"{served.system.users[0]}:{password}".encode()).decode()
    config = json.dumps({"auths": {served.endpoint: {"auth": auth}}})
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": password, "namespace": OTHERS},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": config},
    }
