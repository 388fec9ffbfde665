"""proof.sh, in a pod: passes where the registry does what it must, and names what it does not."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from render.kubernetes import proof, secret
from render.kubernetes.nonce import Nonce, nonce, program
from render.kubernetes.secret import Material
from settings import Kubernetes
from tests.golden.cases import CASES, loaded
from tests.scripts.registry_double import Registry, serving

NAME = "registry01.dev.com"
MATERIAL = Material(ca_bundle="", certificate="", key="", http_secret="", hashes={}, puller_password='p"\\w', pusher_password='p"\\w')


class Pod:
    """A pod's files, as its ConfigMap and its Secret have them."""

    def __init__(self, root: Path, registry: Registry, image: Nonce, system: Kubernetes) -> None:
        self.root, self.registry, self.image, self.system = root, registry, image, system
        for name in ("proof", "login", "tmp"):
            (root / name).mkdir()
        files = proof.files(system, image, (root / "ca.crt").read_text())
        for name, text in files["data"].items():
            (root / "proof" / name).write_text(text)
        for name, text in files["binaryData"].items():
            (root / "proof" / name).write_bytes(base64.b64decode(text))
        for name, text in secret.data(system, "registry-proof", MATERIAL).items():
            (root / "login" / name).write_bytes(base64.b64decode(text))

    def run(self, **changes: str) -> subprocess.CompletedProcess[str]:
        job: Any = proof.push(self.system, self.image, "")
        facts = {each["name"]: each["value"] for each in job["spec"]["template"]["spec"]["containers"][0]["env"]}
        here = {
            "WAYS": f"127.0.0.1:{self.registry.server_port} localhost:{self.registry.server_port}",
            "HA_REGISTRY_ROOT": str(self.root),
            "PAGE": "",
        }
        command = ["sh", str(self.root / "proof" / "proof.sh")]
        return subprocess.run(
            command, env={"PATH": os.environ["PATH"], **facts, **here, **changes}, capture_output=True, text=True, check=False
        )


@pytest.fixture
def pod(tmp_path: Path, stack_folder: Path) -> Iterator[Pod]:
    """A pod that proves system C, called as the certificate of the double is."""
    with serving(tmp_path) as registry:
        yield Pod(tmp_path, registry, nonce("seed"), loaded(CASES["kubernetes-password"]() | {"name": NAME}, stack_folder))


def test_image_goes_in_by_the_first_way_and_comes_out_of_all(pod: Pod) -> None:
    """Everything that belongs to the image is pushed, what is referred to first; each way in gives the index back."""
    ran = pod.run()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"ok proof: {pod.image.index} pushed, and read through 127.0.0.1:")
    assert {**pod.registry.blobs, **{digest: text for digest, (_, text) in pod.registry.manifests.items()}} == dict(pod.image.content)
    assert {kind.rsplit(".", 1)[1] for kind, _ in pod.registry.manifests.values()} == {"v1+json"}


def test_proof_may_run_again(pod: Pod) -> None:
    """A pod that was killed is started again: what is there already is no fault."""
    assert [pod.run().returncode for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("is_open", "with wrong password: expected 401, got 200"),
        ("spoils", "is not what was pushed"),
        ("refuses_pushes", "upload opened through 127.0.0.1:"),
    ],
)
def test_registry_that_fails_is_named(pod: Pod, fault: str, says: str) -> None:
    """The last line says by which way in, what was expected and what came."""
    setattr(pod.registry, fault, True)
    ran = pod.run()
    assert ran.returncode == 1
    assert ran.stderr.startswith("failed proof: ")
    assert says in ran.stderr
    assert "run pulumi up again" in ran.stderr


def test_changed_password_is_waited_for(pod: Pod) -> None:
    """Mounted Secrets are renewed within minutes: refused at first is no fault, refused for long is one."""
    pod.registry.forgets = 1
    assert pod.run().returncode == 0
    pod.registry.forgets = 1000
    assert "with password: expected 200, got 401" in pod.run(PATIENCE_S="1").stderr


def test_page_is_asked_where_there_is_one(pod: Pod, tmp_path: Path) -> None:
    """It wants the password, leads to the registry, and lets nobody push; one that is open is named."""
    with serving(tmp_path) as page:
        page.is_page = True
        at = {"PAGE": f"127.0.0.1:{page.server_port}", "PAGE_PORT": "30501"}
        assert pod.run(**at).returncode == 0
        page.is_open = True
        assert "page without password: expected 401, got 200" in pod.run(**at).stderr


def test_certificate_of_another_name_is_refused(pod: Pod) -> None:
    """The pod verifies chain and name, whatever address it connects to."""
    assert "with password: expected 200, got 000" in pod.run(NAME="other.dev.com").stderr


def test_way_that_nobody_answers_is_named(pod: Pod) -> None:
    """With node ports each node must answer."""
    ran = pod.run(WAYS=f"127.0.0.1:{pod.registry.server_port} 127.0.0.1:1")
    assert "failed proof: 127.0.0.1:1 with password: expected 200, got 000" in ran.stderr


def test_no_password_is_printed(pod: Pod) -> None:
    """The log of a pod is read by many."""
    for changes in ({}, {"NAME": "other.dev.com"}):
        ran = pod.run(**changes)
        assert 'p"' not in ran.stdout + ran.stderr


def test_image_is_another_for_another_seed_and_the_same_for_the_same() -> None:
    """What was pulled once is not pulled for a proof again, and no change is no new image."""
    first, again, other = nonce("a"), nonce("a"), nonce("b")
    assert first == again
    assert not set(first.content) & set(other.content)


def test_its_program_ends_with_0(tmp_path: Path) -> None:
    """The pod that pulls it completes: the program runs without anything beside it (here that of this machine's processor)."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    path = tmp_path / "exit"
    path.write_bytes(program(machine))
    path.chmod(0o755)
    assert subprocess.run([path], check=False, env={}).returncode == 0
