"""Load on a registry while something happens to it: `with Load(deployment) as load: ...`, then `load.report`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType

from tests.lab import engine
from tests.lab.calm import Calm
from tests.lab.deployment import Deployment
from tests.lab.traffic import Report

REPOSITORY, TAG = "load/image", "1"
LAYER_BYTES = 30_000_000
"""More than a connection buffers, so that the open request really stays open."""
REQUESTS = 2000


class Load:
    """8 clients at the deployment's rate from push53 through the VIP, half of them on new connections, and one request open throughout."""

    report: Report

    def __init__(self, deployment: Deployment, *, at_least: int = REQUESTS) -> None:
        """Pushes what is asked for, on every registry: until images are replicated, each has its own."""
        self._deployment, self._at_least, self._calm = deployment, at_least, Calm()

    def __enter__(self) -> Load:
        """Returns once all clients are asking."""
        manifest, blob = seeded(self._deployment)
        client = self._deployment.client
        self._process = subprocess.Popen(
            [
                *("nsenter", f"--target={client.host.pid}", "--net", sys.executable, "-m", "tests.lab.traffic"),
                *("--address", client.vip, "--name", client.name, "--ca", str(self._deployment.ca), "--at-least", str(self._at_least)),
                *("--rate", str(self._deployment.rate)),
                *("--manifest", f"/v2/{REPOSITORY}/manifests/{manifest}", "--blob", f"/v2/{REPOSITORY}/blobs/{blob}"),
            ],
            cwd=engine.PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{client.user}:{client.password}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ready\n", self._process.communicate()[1]
        self._calm.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Lets clients go on until enough was asked, and reads the report."""
        out, err = self._process.communicate()
        self._calm.__exit__(kind, fault, trace)
        assert self._process.returncode == 0, err
        self.report = Report(**json.loads(out))

    def assert_unharmed(self) -> None:
        """Enough was asked, nothing failed, and the request that stayed open got all its bytes."""
        if self.report.failed or self.report.open_request:
            self._calm.assert_calm()
        assert self.report.attempts >= self._at_least, self.report
        assert self.report.failed == 0, self.report
        assert self.report.open_request == "", self.report


def seeded(deployment: Deployment) -> tuple[str, str]:
    """Digests of a manifest and of a big layer of it that every registry serves."""
    client = deployment.client
    client.login_skopeo()
    tagged = f"{REPOSITORY}:{TAG}"
    shared = deployment.system.storage.is_shared
    stores = [deployment.vip] if shared else [str(host.address) for host in deployment.registries]
    if not all(client.status(f"/v2/{REPOSITORY}/manifests/{TAG}", address=address) == "200" for address in stores):
        _spread(deployment, tagged, stores)
    manifest = client.digest_by_skopeo(tagged)
    raw = json.loads(client.curl(f"/v2/{REPOSITORY}/manifests/{manifest}", "-H", f"Accept: {DOCKER_MANIFEST}").stdout)
    return manifest, max(raw["layers"], key=lambda layer: layer["size"])["digest"]


DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def _spread(deployment: Deployment, tagged: str, stores: Sequence[str]) -> None:
    client = deployment.client
    local = f"{client.name}/{tagged}"
    client.make_image(local, layers=1, layer_bytes=LAYER_BYTES)
    for address in stores:
        client.login_skopeo(address)
        client.push_by_skopeo(local, tagged, registry=address)
    client.host.output(["docker", "image", "rm", "--force", local])
