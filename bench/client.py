"""Clients of a registry under load, as a process of its own: `bench.load` starts it in a host's network namespace.

Eight clients start 20 requests per second each, every other one on a new connection, the rest on one that is kept. No request is
repeated, unless a retry is asked for. A kept connection that the server has closed while it was idle is opened again before it is
used, as every HTTP client does; a request that was on its way counts as failed.
"""

from __future__ import annotations

import base64
import http.client
import json
import select
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

CLIENTS, PER_S = 8, 20
TIMEOUT_S = 10.0
CHUNK_EVERY_S = 0.5
REPOSITORY = "ha-registry/bench"


@dataclass(frozen=True)
class Order:
    """What the clients shall do."""

    address: str
    name: str
    ca: str
    user: str
    password: str
    at_least: int
    """Requests, however early the end is asked for."""
    retry_after_s: float | None
    """None: no client retry."""
    holds: bool
    """Whether one long request is held open from the start to the end."""
    port: int = 443


@dataclass(frozen=True)
class Asked:
    """One request of a client; times in seconds of the machine's monotonic clock, which all its processes share."""

    started: float
    ended: float
    failed: bool

    @property
    def took_ms(self) -> float:
        """From its start to its answer, or until it failed."""
        return (self.ended - self.started) * 1000


@dataclass
class Tally:
    """What became of the requests."""

    requests: int = 0
    failed: int = 0
    resets: int = 0
    """Requests that needed the retry; counted only where there is one."""
    dropped: int = 0
    """Kept connections that the server closed between two requests without saying so in its last answer."""
    causes: Counter[str] = field(default_factory=Counter[str])
    asked: list[Asked] = field(default_factory=list[Asked])
    """Each request but the long one."""

    @classmethod
    def read(cls, text: str) -> Tally:
        """What `written` gave."""
        raw: dict[str, Any] = json.loads(text)
        asked = [Asked(*one) for one in raw.pop("asked")]
        return cls(**raw, asked=asked)

    def written(self) -> str:
        """As one line of JSON."""
        return json.dumps({**vars(self), "asked": [(one.started, one.ended, one.failed) for one in self.asked]})


class Connection(http.client.HTTPSConnection):
    """To one address, whatever the name resolves to."""

    def __init__(self, order: Order, context: ssl.SSLContext) -> None:
        """Connects at the first request."""
        super().__init__(order.name, order.port, timeout=TIMEOUT_S, context=context)  # its own would read all CAs of the machine again
        self._order, self._tls = order, context
        login = base64.b64encode(f"{order.user}:{order.password}".encode()).decode()
        self.login = {"Authorization": f"Basic {login}"}

    def connect(self) -> None:
        """TCP and TLS; the certificate must be valid for the name."""
        plain = socket.create_connection((self._order.address, self._order.port), timeout=TIMEOUT_S)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self._order.name)

    def is_dropped(self) -> bool:
        """Whether the server closed it while nobody asked."""
        return self.sock is None or bool(select.select([self.sock], [], [], 0)[0])

    def ask(self) -> str:
        """Why a request failed; empty for a success."""
        try:
            self.request("GET", "/v2/", headers=self.login)
            answer = self.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as fault:
            self.close()
            return f"{type(fault).__name__}: {fault}"
        return "" if answer.status == http.client.OK else f"status {answer.status}"


class Load:
    """All clients of one process."""

    def __init__(self, order: Order) -> None:
        """Reads the CA; raises OSError where it cannot be read."""
        self._order = order
        self._context = ssl.create_default_context(cafile=order.ca)
        self._stopped, self._held_open, self._lock = threading.Event(), threading.Event(), threading.Lock()
        self._tally = Tally()
        works = [threading.Thread(target=self._work, args=(number,), daemon=True) for number in range(CLIENTS)]
        self._holder = threading.Thread(target=self._hold, daemon=True)
        self._threads = works

    def start(self) -> None:
        """Returns once the long request, where there is one, is accepted."""
        if self._order.holds:
            self._holder.start()
            self._held_open.wait(TIMEOUT_S)
        for thread in self._threads:
            thread.start()

    def stop(self) -> Tally:
        """Goes on until there were enough requests, ends the long one, and sums up."""
        while self._tally.requests < self._order.at_least:
            time.sleep(1 / PER_S)
        self._stopped.set()
        for thread in [*self._threads, *([self._holder] if self._order.holds else [])]:
            thread.join()
        return self._tally

    def _work(self, number: int) -> None:
        kept, due, count = Connection(self._order, self._context), time.monotonic() + number / CLIENTS / PER_S, number
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            self._one(kept, is_new=count % 2 == 0)
            due, count = max(due + 1 / PER_S, time.monotonic()), count + 1
        kept.close()

    def _one(self, kept: Connection, *, is_new: bool) -> None:
        connection = Connection(self._order, self._context) if is_new else kept
        if not is_new and kept.is_dropped():
            with self._lock:
                self._tally.dropped += kept.sock is not None
            kept.close()
        started = time.monotonic()
        cause = connection.ask()
        if cause:
            cause = f"{'new' if is_new else 'kept'} connection: {cause}"
        if is_new:
            connection.close()
        failed = reset = bool(cause)
        if reset and self._order.retry_after_s is not None:
            time.sleep(self._order.retry_after_s)
            again = Connection(self._order, self._context)
            second = again.ask()
            again.close()
            cause, failed = second or cause, bool(second)
        self._tally.asked.append(Asked(started, time.monotonic(), failed))
        self._count(cause, failed=failed, reset=reset and self._order.retry_after_s is not None)

    def _count(self, cause: str = "", *, failed: bool = False, reset: bool = False) -> None:
        with self._lock:
            self._tally.requests += 1
            self._tally.failed += failed
            self._tally.resets += reset
            if cause:
                self._tally.causes[cause] += 1

    def _hold(self) -> None:
        try:
            cause = self._upload()
        except (OSError, http.client.HTTPException) as fault:
            cause = f"{type(fault).__name__}: {fault}"
        self._held_open.set()
        self._count(f"long request: {cause}" if cause else "", failed=bool(cause))

    def _upload(self) -> str:
        """An upload that sends a little every `CHUNK_EVERY_S` until the end; why it failed, empty for a success."""
        opened = self._asked("POST", f"/v2/{REPOSITORY}/blobs/uploads/")
        if opened.status != http.client.ACCEPTED:
            return f"opened with status {opened.status}"
        with closing(Connection(self._order, self._context)) as connection:
            headers = {**connection.login, "Content-Type": "application/octet-stream"}
            connection.request("PATCH", _path(opened), body=self._chunks(), headers=headers, encode_chunked=True)
            sent = connection.getresponse()
            sent.read()
        if sent.status != http.client.ACCEPTED:
            return f"ended with status {sent.status}"
        self._asked("DELETE", _path(sent))
        return ""

    def _asked(self, method: str, path: str) -> http.client.HTTPResponse:
        with closing(Connection(self._order, self._context)) as connection:
            connection.request(method, path, headers=connection.login)
            answer = connection.getresponse()
            answer.read()
        return answer

    def _chunks(self) -> Iterator[bytes]:
        yield bytes(1024)
        self._held_open.set()
        while not self._stopped.wait(CHUNK_EVERY_S):
            yield bytes(1024)


def _path(answer: http.client.HTTPResponse) -> str:
    place = urlsplit(answer.getheader("Location", "/"))
    return f"{place.path}?{place.query}" if place.query else place.path


def main() -> None:
    """Reads its order as a line of JSON, says `ready`, and prints the tally as JSON when standard input ends."""
    given: dict[str, Any] = json.loads(sys.stdin.readline())
    load = Load(Order(**given))
    load.start()
    print("ready", flush=True)
    sys.stdin.read()
    print(load.stop().written())


if __name__ == "__main__":
    main()
