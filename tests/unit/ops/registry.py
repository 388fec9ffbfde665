"""A registry's lists and digests over TLS, each at a loopback address of its own."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.https_double import Handler, running

PASSWORD = "the-password-of-admin"
LOGIN = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
INDEX = "application/vnd.oci.image.index.v1+json"


class Node(ThreadingHTTPServer):
    """One node: repository to tag to digest; lists come in pages of `page`."""

    daemon_threads = True

    def __init__(self, address: str, port: int, held: Mapping[str, Mapping[str, str]], page: int = 2) -> None:
        super().__init__((address, port), _Handler)
        self.held, self.page = held, page
        self.is_open = False
        """Lets in whoever comes."""
        self.is_sick = False
        """Whether its storage is away."""
        self.replicas: Mapping[str, str] = {}
        """What it says of others, as a front."""

    def finish_request(self, request: Any, client_address: Any) -> None:
        """TLS in the thread of each connection, so that a client that hangs holds up nobody."""
        try:
            with self.tls.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)
        except (ssl.SSLError, ConnectionError):
            return

    tls: ssl.SSLContext


class _Handler(Handler):
    server: Node
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/":
            self.answer(503 if self.server.is_sick else 200)
        elif url.path == "/health":
            self.answer(404 if not self.server.replicas else 200, json.dumps({"status": "ok", "replicas": self.server.replicas}).encode())
        elif self.headers.get("Authorization") != LOGIN or self.headers["Host"] != f"registry01.dev.com:{self.server.server_port}":
            self.answer(401)
        elif self.server.is_sick:
            self.answer(503)
        elif url.path == "/v2/_catalog":
            self._page("repositories", sorted(self.server.held))
        elif url.path.endswith("/tags/list"):
            tags = self.server.held[url.path.removeprefix("/v2/").removesuffix("/tags/list")]
            self._page("tags", sorted(tags)) if tags else self.answer(404)
        else:
            self.answer(200)

    def do_HEAD(self) -> None:
        name, _, tag = self.path.removeprefix("/v2/").partition("/manifests/")
        digest = self.server.held[name].get(tag, "")
        known = digest and self.headers.get("Authorization") == LOGIN and INDEX in self.headers.get("Accept", "")
        self.answer(200 if known else 404, **({"Docker-Content-Digest": digest} if known else {}))

    def _page(self, key: str, names: list[str]) -> None:
        query = parse_qs(urlsplit(self.path).query)
        size = min(int(query["n"][0]), self.server.page)
        rest = [name for name in names if name > query.get("last", [""])[0]]
        path = urlsplit(self.path).path
        link = {"Link": f'<{path}?last={rest[size - 1]}&n={size}>; rel="next"'} if len(rest) > size else {}
        self.answer(200, json.dumps({key: rest[:size]}).encode(), **link)


@contextmanager
def serving(node: Node, leaf: Path) -> Iterator[Node]:
    """Serves with the certificate and key in `leaf`."""
    node.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    node.tls.load_cert_chain(leaf)
    with running(node):
        yield node
