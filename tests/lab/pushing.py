"""Pushes by many clients at once: the process that `tests.lab.pushes` starts in a host's network namespace.

Every request goes out on a connection of its own, so that those of one upload reach different replicas. Nothing is sent
twice: an image whose push failed is given up, and the next one begun. What was acknowledged is read back, byte by byte.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import sys
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

from tests.lab.traffic import Service

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DEADLINE_S = 60.0
CHUNKS = 2
"""PATCH requests per blob."""
EVERY_S = 1.0
"""Between the images of a client, once it has pushed as many as it must: all of them are read back."""


@dataclass(frozen=True)
class Image:
    """One image that the registry has acknowledged."""

    repository: str
    manifest: str
    """Its digest."""


@dataclass
class Report:
    """What the clients saw, and what was wrong when it was read back."""

    acknowledged: int = 0
    failed: int = 0
    causes: dict[str, int] = field(default_factory=dict[str, int])
    read: int = 0
    """Images read back, through every address that was given."""
    lost: list[str] = field(default_factory=list[str])
    """Acknowledged, and not readable with their digest afterwards."""


class PushError(Exception):
    """A request of a push was not answered as it should be."""


def digest_of(content: bytes) -> str:
    """As a registry names content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def ask(service: Service, method: str, path: str, body: bytes = b"", kind: str = "application/octet-stream") -> tuple[int, str, bytes]:
    """Status, Location and content of the answer to one request on a new connection."""
    connection = service.connect(DEADLINE_S)
    try:
        headers = {**service.headers, "Accept": MANIFEST} | ({"Content-Type": kind} if body else {})
        connection.request(method, path, body=body or None, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location", ""), answer.read()
    finally:
        connection.close()


def _expect(wanted: int, answer: tuple[int, str, bytes], what: str) -> str:
    if answer[0] != wanted:
        raise PushError(f"{what}: status {answer[0]}")
    place = urlsplit(answer[1])
    return f"{place.path}?{place.query}" if place.query else place.path


def _push_blob(service: Service, repository: str, content: bytes) -> None:
    place = _expect(202, ask(service, "POST", f"/v2/{repository}/blobs/uploads/"), "POST")
    size = -(-len(content) // CHUNKS)
    for start in range(0, len(content), size):
        place = _expect(202, ask(service, "PATCH", place, content[start : start + size]), "PATCH")
    joint = "&" if "?" in place else "?"
    _expect(201, ask(service, "PUT", f"{place}{joint}digest={digest_of(content)}"), "PUT blob")


def push(service: Service, repository: str, layers: int, layer_bytes: int) -> Image:
    """Pushes an image of random layers. Raises PushError, OSError or HTTPException where a request fails."""
    blobs = [os.urandom(layer_bytes) for _ in range(layers)]
    rootfs = {"type": "layers", "diff_ids": [digest_of(blob) for blob in blobs]}
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs}).encode()
    for blob in (*blobs, config):
        _push_blob(service, repository, blob)
    described = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest_of(blob), "size": len(blob)} for blob in blobs]
    head = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(config), "size": len(config)}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": head, "layers": described}).encode()
    _expect(201, ask(service, "PUT", f"/v2/{repository}/manifests/1", manifest, MANIFEST), "PUT manifest")
    return Image(repository, digest_of(manifest))


def faults(service: Service, image: Image) -> Iterator[str]:
    """What of an image cannot be read there with its digest."""
    status, _, manifest = ask(service, "GET", f"/v2/{image.repository}/manifests/{image.manifest}")
    if status != 200 or digest_of(manifest) != image.manifest:
        yield f"{service.address} {image.repository} manifest {image.manifest}: status {status}"
        return
    described = json.loads(manifest)
    for blob in (*described["layers"], described["config"]):
        status, _, content = ask(service, "GET", f"/v2/{image.repository}/blobs/{blob['digest']}")
        if status != 200 or digest_of(content) != blob["digest"]:
            yield f"{service.address} {image.repository} blob {blob['digest']}: status {status}, {len(content)} of {blob['size']} bytes"


class Client(threading.Thread):
    """Pushes one image after the other until `stopped`, at least `at_least`."""

    def __init__(self, service: Service, number: int, given: argparse.Namespace, stopped: threading.Event) -> None:
        super().__init__(daemon=True)
        self._service, self._number, self._given, self._stopped = service, number, given, stopped
        self.images: list[Image] = []
        self.causes: Counter[str] = Counter()
        self.tried = threading.Event()
        """Its first image was acknowledged, or failed."""

    def run(self) -> None:
        """What fails is counted by its cause."""
        tried = 0
        while tried < self._given.at_least or not self._stopped.is_set():
            tried += 1
            repository = f"{self._given.repository}/{self._number}-{tried}"
            try:
                self.images.append(push(self._service, repository, self._given.layers, self._given.layer_bytes))
            except (OSError, http.client.HTTPException, PushError) as fault:
                self.causes[f"{type(fault).__name__} {fault}"] += 1
            self.tried.set()
            if tried >= self._given.at_least:
                self._stopped.wait(EVERY_S)


def main() -> None:
    """Prints `ready` when each client has tried an image, and the report as JSON after its input ended and everything was read back."""
    options = argparse.ArgumentParser(prog="python -m tests.lab.pushing")
    for required in ("address", "name", "ca", "repository"):
        options.add_argument(f"--{required}", required=True)
    options.add_argument("--read-at", action="append", default=[], help="ADDRESS or ADDRESS:PORT to read back from; again for more")
    for count in ("clients", "layers", "layer-bytes", "at-least"):
        options.add_argument(f"--{count}", type=int, required=True)
    given = options.parse_args()
    authorization = f"Basic {b64encode(sys.stdin.readline().rstrip(chr(10)).encode()).decode()}"

    def service(address: str) -> Service:
        host, _, port = address.partition(":")
        return Service(address=host, name=given.name, ca=given.ca, authorization=authorization, port=int(port or Service.port))

    stopped = threading.Event()
    clients = [Client(service(given.address), number, given, stopped) for number in range(given.clients)]
    for client in clients:
        client.start()
    for client in clients:
        client.tried.wait()
    print("ready", flush=True)
    sys.stdin.readline()
    stopped.set()
    for client in clients:
        client.join()
    print("stopped", flush=True)
    sys.stdin.read()
    images = [image for client in clients for image in client.images]
    causes = sum((client.causes for client in clients), Counter[str]())
    lost = [fault for address in given.read_at for image in images for fault in faults(service(address), image)]
    print(json.dumps(asdict(Report(len(images), causes.total(), dict(causes), len(images) * bool(given.read_at), lost))))


if __name__ == "__main__":
    main()
