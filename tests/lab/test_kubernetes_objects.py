"""Every object of every system in a cluster, read by a real API server: also those whose volumes and ways in the lab has not."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.certificate import Authority
from lab.command import Completed
from tests.golden.files import GOLDEN
from tests.lab import crds
from tests.lab.cluster import Cluster

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

CASES = sorted(folder.name for folder in GOLDEN.glob("kubernetes-*"))
CERTIFICATE, KEY = Authority("objects").sign("registry")
HIDDEN = {".dockerconfigjson": '{"auths": {}}', "tls.crt": CERTIFICATE, "tls.key": KEY}
"""What stands for the contents of Secrets, which the files beside the tests do not show; `x` where nobody reads it."""


@pytest.fixture(scope="module")
def reading(cluster: Cluster) -> Iterator[Cluster]:
    """A cluster that knows the kinds of other makers."""
    text = "---\n".join(crds.texts())
    cluster.kubectl("apply", "--server-side", "--filename=-", stdin=text)
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "customresourcedefinitions", "--all")
    yield cluster
    cluster.kubectl("delete", "--wait=false", "--filename=-", stdin=text)


def manifests(case: str) -> Sequence[Mapping[str, Any]]:
    return [readable(yaml.safe_load(path.read_text())) for path in sorted((GOLDEN / case).glob("*.yaml")) if is_object(path)]


def is_object(path: Path) -> bool:
    return "kind" in yaml.safe_load(path.read_text())


def readable(manifest: dict[str, Any]) -> Mapping[str, Any]:
    if manifest["kind"] != "Secret":
        return manifest
    data = {key: base64.b64encode(HIDDEN.get(key, "x").encode()).decode() for key in manifest["data"]}
    return {**manifest, "data": data}


def asked(cluster: Cluster, objects: Sequence[Mapping[str, Any]]) -> Completed:
    """What the API server says to these, which it does not keep."""
    flags = ["--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "--warnings-as-errors"]
    return cluster.nodes[0].exec(["kubectl", "apply", *flags, "--filename=-"], yaml.safe_dump_all(objects))


@pytest.mark.parametrize("case", CASES)
def test_api_server_takes_every_object(reading: Cluster, case: str) -> None:
    """The API server takes each object as it is, without a fault and without a warning, in a namespace of the right level."""
    objects = manifests(case)
    made = [each for each in objects if each["kind"] == "Namespace"]
    others = {each["metadata"].get("namespace", "default") for each in objects} - {each["metadata"]["name"] for each in made}
    made += [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in sorted(others - {"default", "build"})]
    reading.apply(*made)
    try:
        done = asked(reading, [each for each in objects if each["kind"] != "Namespace"])
        assert done.returncode == 0, done.stderr
    finally:
        reading.kubectl("delete", "namespaces", "--wait=true", *(each["metadata"]["name"] for each in made))


def test_api_server_finds_faults(reading: Cluster) -> None:
    """The check above can fail: a misspelt field and a value out of range are refused."""
    (service,) = [each for each in manifests("kubernetes-password") if each["metadata"]["name"] == "registry" and each["kind"] == "Service"]
    moved = {**service, "metadata": {"name": "registry", "namespace": "default"}}
    assert asked(reading, [moved]).returncode == 0
    assert asked(reading, [{**moved, "spec": {**moved["spec"], "typ": "NodePort"}}]).returncode != 0
    port = {**moved["spec"]["ports"][0], "port": 70000}
    assert asked(reading, [{**moved, "spec": {**moved["spec"], "ports": [port]}}]).returncode != 0
