"""What is measured of a registry in a cluster, and the control beside it."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from http.server import ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from bench import cluster, engine
from bench import pod as measured
from bench.change import LOG_LEVEL
from bench.cluster import ClusterSystem, container_id, is_settled, restarts
from bench.control_cluster import NAMESPACE, PORT, manifests
from bench.kubernetes import KubernetesBench
from bench.ours_cluster import OursAlone, OursInCluster, OursShared, differences
from bench.row import KUBERNETES
from bench.system import STACK_FILES, BenchError
from lab.certificate import Authority
from lab.host import Host
from lab.prober import Target
from render.kubernetes.manifest import PROOF, REGISTRY, labels
from render.kubernetes.plain import plain_objects
from render.kubernetes.pods import deployment
from settings import Kubernetes, StackFile
from tests.golden.cases import loaded
from tests.https_double import Handler, running

AUTHORITY = Authority("storage").pem


def pod(uid: str, *, ready: bool = True, leaving: bool = False, starts: int = 0) -> Mapping[str, Any]:
    container = {"restartCount": starts, "containerID": f"containerd://{uid}0"}
    return {
        "metadata": {"uid": uid, "name": f"registry-{uid}"} | ({"deletionTimestamp": "2026-11-22T02:00:00Z"} if leaving else {}),
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}], "containerStatuses": [container]},
    }


class Scripted(ClusterSystem):
    """Whose pods are one list after the other, the last of them for ever."""

    selector, namespace, replicas = "app=any", "any", 2
    deleted: list[str]

    def __init__(self, *seen: Sequence[Mapping[str, Any]]) -> None:
        self.lab, self.unseen, self.deleted = "any", list(seen), []

    @property
    def target(self) -> Target:
        return Target("any", "any", "any")

    def pods(self) -> Sequence[Mapping[str, Any]]:
        return self.unseen.pop(0) if len(self.unseen) > 1 else self.unseen[0]

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        self.deleted.append(arguments[2])
        return ""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SEEN_EVERY_S", 0.0)


def test_every_row_is_given_by_a_trial() -> None:
    """A published row is measured, and nothing is measured that has no row."""
    given = {row for trial in KubernetesBench(20, 5).trials for row in trial.rows}
    assert given == {row.id for row in KUBERNETES}


def test_few_times_still_measure_everything() -> None:
    """However short a trial run is, no row is left out."""
    assert all(trial.times >= 1 for trial in KubernetesBench(1, 1).trials)


def test_control_is_measured_where_something_ends() -> None:
    """Each end of a pod or container stands beside the same one of the manifests applied by hand."""
    compared = {trial.name for trial in KubernetesBench(20, 5).trials if trial.control_times == 5}
    assert compared == {"pod-killed", "pod-deleted", "container-killed"}


@pytest.mark.parametrize(
    ("pods", "settled"),
    [
        ([pod("a"), pod("b")], True),
        ([pod("a")], False),
        ([pod("a"), pod("b", ready=False)], False),
        ([pod("a"), pod("b", leaving=True)], False),
        ([pod("a"), pod("b"), pod("c", leaving=True)], False),
        ([pod("a"), {"metadata": {"uid": "b"}, "status": {}}], False),
    ],
    ids=["whole", "one is missing", "not ready", "on its way out", "one too many", "not scheduled"],
)
def test_whole_is_as_many_as_wanted_all_ready(pods: Sequence[Mapping[str, Any]], settled: bool) -> None:
    """A trial neither begins nor ends while a pod comes or goes."""
    assert is_settled(pods, 2) == settled


def test_replaced_is_when_another_serves() -> None:
    """A pod that the cluster has not begun to end, or still ends, is not replaced; nor is it by one that is not ready."""
    before, after = [pod("a"), pod("b")], [pod("b"), pod("c")]
    seen = [before, [pod("a", leaving=True), pod("b"), pod("c")], [pod("b"), pod("c", ready=False)], after]
    system = Scripted(*seen)
    system.await_replaced(pod("a"))
    assert system.pods() == after
    assert len(system.unseen) == 1


def test_restarted_is_the_same_pod_with_a_new_container() -> None:
    """A pod whose end nobody has noticed is not restarted, though it counts as ready; nor is another one that was."""
    after = [pod("a", starts=1), pod("b", starts=3)]
    system = Scripted([pod("a"), pod("b", starts=3)], [pod("a", ready=False, starts=1), pod("b", starts=3)], after)
    system.await_restarted(pod("a"))
    assert system.pods() == after
    assert len(system.unseen) == 1


def test_pod_that_never_comes_ends_the_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting has an end, which names the pod and the lab."""
    clock = iter(range(0, 10_000, 100))
    monkeypatch.setattr("bench.system.time.monotonic", lambda: next(clock))
    with pytest.raises(BenchError, match="pod registry-a of lab any is replaced"):
        Scripted([pod("a"), pod("b")]).await_replaced(pod("a"))


def test_only_pods_that_were_started_again_are_mended() -> None:
    """The next trial meets no container that Kubernetes would let wait, and no pod goes without need."""
    system = Scripted([pod("a"), pod("b", starts=1)], [pod("a"), pod("c")])
    system.mend()
    assert system.deleted == ["registry-b"]
    assert (restarts(pod("a", starts=2)), container_id(pod("a"))) == (2, "a0")


def test_both_of_ours_are_valid_and_share_no_object(tmp_path: Path) -> None:
    """The stack of the lab and the one with a single pod are valid, and no object has the same name in both."""
    systems = [_system(tmp_path / "shared.yaml"), _system(tmp_path / "alone.yaml", differences("node82"))]
    for system, made in zip(systems, (OursShared, OursAlone), strict=True):
        assert (system.cluster.namespace, system.registry.replicas) == (made.namespace, made.replicas)
    texts = [AUTHORITY, ""]
    shared, alone = ({_named(each) for each in plain_objects(system, ca)} for system, ca in zip(systems, texts, strict=True))
    assert shared.isdisjoint(alone)
    assert {port for system in systems for port in system.ports} == {30500, 30501}


def test_planned_change_is_one_of_valid_settings(tmp_path: Path) -> None:
    """Both sides of a change are settings that the program takes, and each makes pods that differ."""
    _system(tmp_path / "stack.yaml")
    sides = []
    for _ in range(2):
        engine.Stack(tmp_path / "stack.yaml").toggle(LOG_LEVEL.path, LOG_LEVEL.one, LOG_LEVEL.other)
        system = loaded(StackFile(tmp_path / "stack.yaml").system, tmp_path)
        sides.append(deployment(system, AUTHORITY, "")["spec"]["template"])
    assert sides[0] != sides[1]


def test_label_of_pods_is_the_one_that_is_rendered() -> None:
    """The pods that are looked at are those of the registry."""
    key, value = OursInCluster.selector.split("=")
    assert labels(REGISTRY)[key] == value
    assert labels(PROOF)[key] != value


def test_control_is_as_the_page_of_numbers_says(tmp_path: Path) -> None:
    """One replica, nothing that tells of its state or lets it leave in order, a node port, and its certificate in a Secret."""
    certificate = tmp_path / "by-hand.crt"
    Authority("control").issue(IPv4Address("172.30.0.81"), certificate)
    objects = {each["kind"]: each for each in yaml.safe_load_all(manifests("mirror/registry:1", "node82", certificate))}
    assert set(objects) == {"Namespace", "Deployment", "Service", "Secret"}
    assert {each["metadata"].get("namespace", NAMESPACE) for each in objects.values()} == {NAMESPACE}
    spec = objects["Deployment"]["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert (spec["replicas"], "strategy" in spec, container["image"]) == (1, False, "mirror/registry:1")
    assert {"readinessProbe", "livenessProbe", "startupProbe", "lifecycle"}.isdisjoint(container)
    assert spec["template"]["spec"]["nodeSelector"] == {"kubernetes.io/hostname": "node82"}
    assert objects["Service"]["spec"]["ports"] == [{"port": 5000, "nodePort": PORT}]
    assert objects["Service"]["spec"]["selector"] == spec["template"]["metadata"]["labels"]
    assert objects["Secret"]["stringData"]["tls.crt"] == certificate.read_text()
    assert {each["secret"]["secretName"] for each in spec["template"]["spec"]["volumes"] if "secret" in each} == {
        objects["Secret"]["metadata"]["name"]
    }


AWAY_S = 0.5


class Registry(Handler):
    """Which is away for `AWAY_S` after each end of its pod."""

    protocol_version = "HTTP/1.1"
    away_until = 0.0

    def do_GET(self) -> None:
        self.answer(503 if time.monotonic() < Registry.away_until else 200)


class Served(Scripted):
    """A single pod on this machine."""

    replicas, phase_s = 1, 0.1

    def __init__(self, target: Target) -> None:
        super().__init__([pod("a")])
        self._target, self.client = target, cast("Host", SimpleNamespace(pid=os.getpid(), name="here"))

    @property
    def target(self) -> Target:
        return self._target

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        self._end(pod("b"))
        return super().kubectl(*arguments)

    def kill_container(self, pod: Mapping[str, Any]) -> None:
        self._end(_restarted(pod))

    def _end(self, after: Mapping[str, Any]) -> None:
        Registry.away_until = time.monotonic() + AWAY_S
        self.unseen = [[after]]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    if os.geteuid() != 0:
        pytest.skip("only root enters a network namespace")
    monkeypatch.setattr(measured, "BEFORE_S", 0.5)
    monkeypatch.setattr(measured, "AFTER_S", 1.0)
    authority = Authority("test")
    authority.issue(IPv4Address("127.0.0.1"), tmp_path / "server.crt")
    (tmp_path / "ca.pem").write_text(authority.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    Registry.away_until = 0.0
    with running(server):
        yield Served(Target("127.0.0.1", "127.0.0.1", str(tmp_path / "ca.pem"), server.server_port))


def test_killed_pod_is_a_gap(served: Served) -> None:
    """The gap is at least as long as nobody served, and the pod was deleted."""
    assert measured.killed(served)["kubernetes.gap.pod-killed"] >= AWAY_S * 1000 * 0.9
    assert served.deleted == ["registry-a"]


def test_deleted_pod_fails_the_requests_of_its_outage(served: Served) -> None:
    """Requests that got no good answer after the pod's end are counted."""
    assert measured.deleted(served)["kubernetes.failed.pod-deleted"] > 0


def test_killed_container_is_trouble_until_it_serves(served: Served) -> None:
    """The figure is the time of the last request that failed, not the length of the measurement; the pod is replaced afterwards."""
    seen = measured.container_killed(served)
    assert AWAY_S * 1000 * 0.5 < seen["kubernetes.trouble.container-killed"] < (AWAY_S + measured.AFTER_S) * 1000
    assert seen["kubernetes.failed.container-killed"] > 0
    assert served.deleted == ["registry-a"]


def _restarted(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return pod(found["metadata"]["uid"], starts=restarts(found) + 1)


def _system(file: Path, changes: Mapping[str, object] | None = None) -> Kubernetes:
    shutil.copy(STACK_FILES["kubernetes"], file)
    (file.parent / "ceph-ca.pem").write_text(AUTHORITY)
    (file.parent / "kubeconfig").write_text(json.dumps({"contexts": [{"name": "kubernetes-s3"}]}))
    stack = StackFile(file)
    stack.set("cluster.kubeconfig", str(file.parent / "kubeconfig"))
    stack.set("storage.s3.ca", str(file.parent / "ceph-ca.pem"))
    for path, value in (changes or {}).items():
        stack.set(path, value)
    stack.write()
    return loaded(StackFile(file).system, file.parent)


def _named(each: Mapping[str, Any]) -> tuple[str, str, str]:
    return each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]
