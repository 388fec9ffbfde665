"""A registry's API by TLS, as far as the proof in a cluster speaks it; faults can be put in."""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.golden.cases import own_certificate
from tests.https_double import Handler, running

LOGIN = "Basic " + base64.b64encode(b'admin:p"\\w').decode()


class Registry(ThreadingHTTPServer):
    """What it holds and how it misbehaves."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.is_open = False
        """Lets in whoever comes."""
        self.spoils = False
        """Gives back other bytes than it was given."""
        self.refuses_pushes = False
        self.is_page = False
        """Stands for the page, with the registry behind it."""
        self.forgets = 0
        """How many requests it still refuses whatever the password."""


class _Handler(Handler):
    server: Registry
    protocol_version = "HTTP/1.1"

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _may(self) -> bool:
        allowed = self.server.is_open or (self.headers.get("Authorization") == LOGIN and self.server.forgets == 0)
        self.server.forgets = max(0, self.server.forgets - 1)
        if not allowed:
            self._body()
            self.answer(401)
        return allowed

    def do_GET(self) -> None:
        if not self._may():
            return
        digest = self.path.rpartition("/")[2]
        if digest in self.server.manifests:
            kind, text = self.server.manifests[digest]
            self.answer(200 if self.headers.get("Accept") == kind else 404, text + b" " * self.server.spoils)
        else:
            self.answer(200 if self.path in ({"/", "/v2/_catalog"} if self.server.is_page else {"/v2/"}) else 404)

    def do_POST(self) -> None:
        if self._may():
            status = 403 if self.server.is_page else 405 if self.server.refuses_pushes else 202
            self.answer(status, Location="/v2/ha-registry/proof/blobs/uploads/1?_state=x")

    def do_PUT(self) -> None:
        if not self._may():
            return
        body, url = self._body(), urlsplit(self.path)
        digest = parse_qs(url.query).get("digest", [url.path.rpartition("/")[2]])[0]
        if digest != f"sha256:{hashlib.sha256(body).hexdigest()}":
            self.answer(400)
        elif "/manifests/" in url.path:
            known = {*self.server.blobs, *self.server.manifests}
            named = set(re.findall(r'"digest":"([^"]+)"', body.decode()))
            self.server.manifests[digest] = (self.headers["Content-Type"], body)
            self.answer(201 if named <= known else 404)
        else:
            self.server.blobs[digest] = body
            self.answer(201)


@contextmanager
def serving(folder: Path) -> Iterator[Registry]:
    """A registry for registry01.dev.com; its CA is `ca.crt` in `folder`, made where it is not there."""
    if not (folder / "ca.crt").exists():
        certificate, key, ca = own_certificate()
        (folder / "leaf.pem").write_text(certificate + key)
        (folder / "ca.crt").write_text(ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / "leaf.pem")
    registry = Registry()
    registry.socket = context.wrap_socket(registry.socket, server_side=True)
    with running(registry):
        yield registry
