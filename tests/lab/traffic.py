"""Clients of a registry at a steady rate: the process that `tests.lab.load` starts in a host's network namespace.

Half of the clients make a new connection for every request, half keep theirs. Nothing is ever asked twice: what fails has
failed. A kept connection that the server has closed is opened anew before it is used, as every HTTP client does.
One more request stays open all the time: a download that reads a little at a time, and must be whole in the end.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import select
import socket
import ssl
import sys
import threading
import time
from base64 import b64encode
from collections import Counter
from dataclasses import asdict, dataclass, field

DEADLINE_S = 5.0
SIP_BYTES, SIP_EVERY_S = 65_536, 0.5
"""How the open request reads: slow enough to outlast a change."""
OPEN_DEADLINE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Service:
    """What is asked, where, and as whom."""

    address: str
    name: str
    ca: str
    authorization: str = field(repr=False)
    port: int = 443

    def connect(self, timeout_s: float) -> http.client.HTTPSConnection:
        """A connection with a finished TLS handshake, certificate and name checked."""
        context = ssl.create_default_context(cafile=self.ca)
        connection = http.client.HTTPSConnection(self.name, self.port, timeout=timeout_s, context=context)
        plain = socket.create_connection((self.address, self.port), timeout=timeout_s)
        connection.sock = context.wrap_socket(plain, server_hostname=self.name)
        return connection

    @property
    def headers(self) -> dict[str, str]:
        """Of every request."""
        return {"Authorization": self.authorization, "Accept": "application/vnd.docker.distribution.manifest.v2+json"}


@dataclass
class Report:
    """What the clients saw."""

    attempts: int = 0
    failed: int = 0
    slowest_ms: float = 0.0
    causes: dict[str, int] = field(default_factory=dict[str, int])
    open_request: str = ""
    """Why the request that stayed open was not whole in the end; empty if it was."""
    open_s: float = 0.0
    """How long it was open."""


class Client(threading.Thread):
    """One client with a rate of its own, until `stopped`."""

    def __init__(self, service: Service, path: str, rate: float, *, keeps: bool, stopped: threading.Event) -> None:
        super().__init__(daemon=True)
        self._service, self._path, self._interval, self._keeps, self._stopped = service, path, 1 / rate, keeps, stopped
        self._connection: http.client.HTTPSConnection | None = None
        self.took: list[float] = []
        self.causes: Counter[str] = Counter()

    def run(self) -> None:
        """A request per interval; one that takes longer is not made up for."""
        due = time.monotonic()
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            started = time.monotonic()
            try:
                cause = self._ask()
            except (OSError, http.client.HTTPException) as fault:
                cause = f"{type(fault).__name__} {fault}"
                self._drop()
            self.took.append(time.monotonic() - started)
            if cause:
                self.causes[f"{time.strftime('%T')} {'kept' if self._keeps else 'new'} {cause}"] += 1
            due = max(due + self._interval, time.monotonic())

    def _ask(self) -> str:
        if self._connection is None or _is_closed(self._connection):
            self._drop()
            self._connection = self._service.connect(DEADLINE_S)
        self._connection.request("GET", self._path, headers=self._service.headers)
        answer = self._connection.getresponse()
        answer.read()
        if not self._keeps:
            self._drop()
        return "" if answer.status == 200 else f"status {answer.status}"

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _is_closed(connection: http.client.HTTPSConnection) -> bool:
    if connection.sock is None:
        return True
    readable, _, _ = select.select([connection.sock], [], [], 0)
    return bool(readable)


class OpenRequest(threading.Thread):
    """A download of a blob that is read sip by sip until `stopped`, then to its end."""

    def __init__(self, service: Service, path: str, stopped: threading.Event) -> None:
        super().__init__(daemon=True)
        self._service, self._path, self._stopped = service, path, stopped
        self.fault = "not begun"
        self.open_s = 0.0
        self.begun = threading.Event()

    def run(self) -> None:
        """`fault` is empty once all bytes came and have the digest that the path ends with."""
        started = time.monotonic()
        try:
            self.fault = self._read()
        except (OSError, http.client.HTTPException) as fault:
            self.fault = f"{type(fault).__name__} {fault}"
        self.open_s = time.monotonic() - started
        self.begun.set()

    def _read(self) -> str:
        connection = self._service.connect(OPEN_DEADLINE_S)
        connection.request("GET", self._path, headers=self._service.headers)
        answer = connection.getresponse()
        if answer.status != 200:
            return f"status {answer.status}"
        self.begun.set()
        digest = hashlib.sha256()
        while sip := answer.read(SIP_BYTES):
            digest.update(sip)
            self._stopped.wait(SIP_EVERY_S)
        found = f"sha256:{digest.hexdigest()}"
        return "" if self._path.endswith(found) else f"the bytes have digest {found}"


def main() -> None:
    """Prints `ready` when all clients ask, and the report as JSON after standard input ended and enough was asked."""
    options = argparse.ArgumentParser(prog="python -m tests.lab.traffic")
    for required in ("address", "name", "ca", "manifest", "blob"):
        options.add_argument(f"--{required}", required=True)
    options.add_argument("--clients", type=int, default=8)
    options.add_argument("--rate", type=float, default=20.0, help="requests per second of each client")
    options.add_argument("--at-least", type=int, default=0, help="requests in all, however early standard input ends")
    given = options.parse_args()
    login = sys.stdin.readline().rstrip("\n")
    authorization = f"Basic {b64encode(login.encode()).decode()}"
    service = Service(address=given.address, name=given.name, ca=given.ca, authorization=authorization)
    stopped = threading.Event()
    held = OpenRequest(service, given.blob, stopped)
    clients = [Client(service, given.manifest, given.rate, keeps=number % 2 == 0, stopped=stopped) for number in range(given.clients)]
    held.start()
    held.begun.wait(OPEN_DEADLINE_S)
    for client in clients:
        client.start()
        time.sleep(1 / given.rate / given.clients)
    print("ready", flush=True)
    sys.stdin.read()
    while sum(len(client.took) for client in clients) < given.at_least:
        time.sleep(0.1)
    stopped.set()
    for thread in (*clients, held):
        thread.join()
    print(json.dumps(asdict(_report(clients, held))))


def _report(clients: list[Client], held: OpenRequest) -> Report:
    causes = sum((client.causes for client in clients), Counter[str]())
    took = [each for client in clients for each in client.took]
    return Report(
        attempts=len(took),
        failed=causes.total(),
        slowest_ms=round(max(took, default=0.0) * 1000, 1),
        causes=dict(causes),
        open_request=held.fault,
        open_s=round(held.open_s, 1),
    )


if __name__ == "__main__":
    main()
