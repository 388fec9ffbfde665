"""trust.sh, in the pod of each node: the CA is where runtimes look while a pod keeps it there, and gone when the last one leaves."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "render" / "kubernetes" / "trust.sh"
ENDPOINT = "registry.c.example:30500"
DEADLINE_S = 15
MARK = ".ha-registry"


class Node:
    """A node's folders and the pods on it; each pod has its own /tmp, all have the node's files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pods: list[subprocess.Popen[str]] = []
        (root / "trust").mkdir(parents=True)
        (root / "trust" / "ca.crt").write_text("CA one\n")
        (root / "trust" / "hosts-0.toml").write_text("server\n")
        for store in ("containerd", "docker"):
            (root / "node" / store).mkdir(parents=True)

    @property
    def containerd(self) -> Path:
        return self.root / "node" / "containerd" / ENDPOINT

    @property
    def docker(self) -> Path:
        return self.root / "node" / "docker" / ENDPOINT

    def pod(self, uid: str) -> Path:
        """The root that the pod `uid` sees."""
        at = self.root / uid
        if not at.exists():
            (at / "tmp").mkdir(parents=True)
            (at / "trust").symlink_to(self.root / "trust")
            (at / "host").symlink_to(self.root / "node")
        return at

    def _environment(self, uid: str) -> dict[str, str]:
        facts = {"STORES": "containerd docker", "ENDPOINTS": ENDPOINT, "POD_UID": uid, "HA_REGISTRY_ROOT": str(self.pod(uid))}
        return os.environ | facts | {"PATH": f"{self.root}/bin:{os.environ['PATH']}"}

    def start(self, uid: str) -> None:
        command = ["sh", str(SCRIPT), "apply"]
        self.pods.append(subprocess.Popen(command, env=self._environment(uid), stderr=subprocess.PIPE, text=True))

    def hasten(self) -> None:
        """From now on pods rest only shortly between their rounds, which are counted."""
        sleep = self.root / "bin" / "sleep"
        sleep.parent.mkdir()
        sleep.write_text(f'#!/bin/sh\necho >>"{self.root}/rounds"\nexec /bin/sleep 0.1\n')
        sleep.chmod(0o755)

    def rounds(self) -> int:
        """How often a pod has rested since `hasten`."""
        return len((self.root / "rounds").read_text())

    def is_ready(self, uid: str) -> bool:
        return (self.pod(uid) / "tmp" / "ready").exists()

    def leave(self, uid: str) -> subprocess.CompletedProcess[str]:
        """What preStop does."""
        command = ["sh", str(SCRIPT), "remove"]
        return subprocess.run(command, env=self._environment(uid), capture_output=True, text=True, check=False)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path)
    yield made
    for pod in made.pods:
        pod.terminate()
        pod.wait()
        if pod.stderr:
            pod.stderr.close()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_runtimes_find_the_ca_while_the_pod_runs_and_not_after(node: Node) -> None:
    """Ready means written: CA for both, hosts.toml for containerd alone; what leaves leaves no folder."""
    node.start("one")
    until(lambda: node.is_ready("one"))
    assert {path.name for path in node.containerd.iterdir()} == {"ca.crt", "hosts.toml", MARK}
    assert {path.name for path in node.docker.iterdir()} == {"ca.crt", MARK}
    assert node.containerd.joinpath("ca.crt").read_text() == "CA one\n"
    assert node.leave("one").returncode == 0
    assert list((node.root / "node" / "containerd").iterdir()) == list((node.root / "node" / "docker").iterdir()) == []


def test_pod_outlives_its_own_leaving(node: Node) -> None:
    """The container's process goes on until TERM, writing nothing: it ending first, the kubelet kills preStop before the files are gone."""
    node.hasten()
    node.start("one")
    until(lambda: node.is_ready("one"))
    node.leave("one")
    before = node.rounds()
    until(lambda: node.rounds() > before + 3)
    assert node.pods[0].poll() is None
    assert not node.containerd.exists()
    node.pods[0].terminate()
    assert node.pods[0].wait(DEADLINE_S) == 0


def test_changed_ca_reaches_the_node_without_a_new_pod(node: Node) -> None:
    """The kubelet changes the mounted file; the pod brings it on."""
    node.start("one")
    until(lambda: node.is_ready("one"))
    (node.root / "trust" / "ca.crt").write_text("CA one\nCA two\n")
    until(lambda: node.containerd.joinpath("ca.crt").read_text() == "CA one\nCA two\n")


def test_pod_that_is_replaced_leaves_the_files_to_the_new_one(node: Node) -> None:
    """A new pod is ready before the old one leaves; no pull in between meets a node without the CA."""
    node.start("old")
    until(lambda: node.is_ready("old"))
    node.start("new")
    until(lambda: node.is_ready("new"))
    node.leave("old")
    assert node.containerd.joinpath("ca.crt").exists()
    assert node.containerd.joinpath(MARK).read_text() == "new\n"
    node.leave("new")
    assert not node.containerd.exists()


def test_foreign_files_are_refused_and_stay(node: Node) -> None:
    """What somebody else told the runtime about this registry is neither changed nor removed, and the pod is not ready."""
    node.containerd.mkdir()
    node.containerd.joinpath("hosts.toml").write_text("theirs\n")
    node.start("one")
    error = node.pods[0].stderr
    assert error is not None
    assert error.readline() == (
        f"refused trust: /host/containerd/{ENDPOINT}: is there already and not ours; move it away on this node, or write trust.by: none\n"
    )
    assert not node.is_ready("one")
    node.leave("one")
    assert node.containerd.joinpath("hosts.toml").read_text() == "theirs\n"


def test_leaving_twice_is_no_fault(node: Node) -> None:
    """preStop may come after a pod that never was ready, and again."""
    assert node.leave("one").returncode == 0
    assert node.leave("one").returncode == 0
