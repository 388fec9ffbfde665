"""Asking a registry over HTTPS at a chosen address: by its name and with the stack's CA, whatever DNS says."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from typing import Any, cast
from urllib.parse import urlsplit

from ops.deployed import Deployed

ANSWER_S = 15
"""For one answer; a registry whose storage hangs takes longer."""
HTTPS_PORT = 443
MANIFESTS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in ("oci.image.index.v1", "oci.image.manifest.v1", "docker.distribution.manifest.list.v2", "docker.distribution.manifest.v2")
)
"""Every kind, or a registry answers for one child of an index, or with 404."""


class AskError(Exception):
    """An address that gave no answer: which, what was asked, and why. Never holds the login."""


@dataclass(frozen=True)
class Certificate:
    """What was shown, and accepted."""

    addresses: frozenset[str]
    """The IP addresses it is for."""
    ends: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class Answer:
    """One answer of a registry."""

    status: int
    headers: Mapping[str, str]
    """By name in small letters."""
    body: bytes
    certificate: Certificate


class Registry:
    """The registry of a stack at one address; may be asked by several threads, each on a connection of its own."""

    def __init__(self, deployed: Deployed, address: str, *, user: str | None = None, port: int | None = None) -> None:
        """`user`: who asks, default the first of the stack's users; empty: nobody. `port`: default that of the registry's URL."""
        url = urlsplit(str(deployed.outputs["registryUrl"]))
        self.address, self._name, self._port = address, url.hostname or "", port or url.port or HTTPS_PORT
        self._tls = ssl.create_default_context(cadata=str(deployed.outputs["caCertificatePem"]))
        passwords: Mapping[str, str] = deployed.outputs["passwords"]
        who = next(iter(passwords)) if user is None else user
        login = base64.b64encode(f"{who}:{passwords[who]}".encode()).decode() if who else ""
        self._headers = {"Authorization": f"Basic {login}"} if login else {}
        self._own = threading.local()
        self._made: list[_At] = []

    def close(self) -> None:
        """Ends the connections of all threads; whoever asks again gets another."""
        for connection in self._made:
            connection.close()

    def ask(self, path: str, *, method: str = "GET", accept: str = "*/*") -> Answer:
        """The answer to one request, whatever its status.

        Raises:
            AskError: no answer, or one of somebody whose certificate is not of the stack's CA and for the registry's name.
        """
        is_kept = getattr(self._own, "connection", None) is not None
        try:
            return self._ask(path, method, accept)
        except (OSError, HTTPException) as error:
            self._drop()
            if not is_kept or isinstance(error, TimeoutError):
                raise self._fault(method, path, error) from error
        try:
            # The server may have closed a kept connection just now
            return self._ask(path, method, accept)
        except (OSError, HTTPException) as error:
            self._drop()
            raise self._fault(method, path, error) from error

    def _ask(self, path: str, method: str, accept: str) -> Answer:
        connection: _At | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = _At(self.address, self._name, self._port, self._tls)
            self._made.append(connection)
        connection.request(method, path, headers={**self._headers, "Accept": accept})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, headers, answer.read(), connection.certificate)

    def _drop(self) -> None:
        if connection := getattr(self._own, "connection", None):
            connection.close()
            self._own.connection = None

    def _fault(self, method: str, path: str, error: Exception) -> AskError:
        return AskError(f"{self.address}: {method} https://{self._name}:{self._port}{path}: {str(error) or type(error).__name__}")


class _At(HTTPSConnection):
    """A connection to `address` that asks for `name`."""

    def __init__(self, address: str, name: str, port: int, tls: ssl.SSLContext) -> None:
        super().__init__(name, port, timeout=ANSWER_S, context=tls)
        self._address, self._tls = address, tls
        self.certificate = Certificate(frozenset(), 0)

    def connect(self) -> None:
        """Connects, and checks the certificate for the name."""
        plain = socket.create_connection((self._address, self.port), ANSWER_S)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock = secured = self._tls.wrap_socket(plain, server_hostname=self.host)
        except OSError:
            plain.close()
            raise
        shown = cast("dict[str, Any]", secured.getpeercert())
        addresses = frozenset(value for kind, value in shown.get("subjectAltName", ()) if kind == "IP Address")
        self.certificate = Certificate(addresses, ssl.cert_time_to_seconds(shown["notAfter"]))
