"""The clients under load, against a real TLS server on this machine."""

from __future__ import annotations

import http.server
import os
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bench.client import Load, Order, Tally
from bench.load import Loaded
from bench.system import System
from lab.certificate import Authority
from lab.prober import Target


class Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    failures = 0
    uploaded = 0

    def do_GET(self) -> None:
        failing, Registry.failures = Registry.failures > 0, Registry.failures - 1
        self._answer(503 if failing else 200)

    def do_POST(self) -> None:
        self._answer(202, Location="/v2/upload?state=1")

    def do_PATCH(self) -> None:
        while size := int(self.rfile.readline(), 16):
            Registry.uploaded += len(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        self._answer(202, Location="/v2/upload?state=2")

    def do_DELETE(self) -> None:
        self._answer(204)

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def order(tmp_path: Path) -> Iterator[Order]:
    Registry.failures, Registry.uploaded = 0, 0
    authority = Authority("test")
    authority.issue(IPv4Address("127.0.0.1"), tmp_path / "server.crt")
    (tmp_path / "ca.pem").write_text(authority.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield Order("127.0.0.1", "127.0.0.1", str(tmp_path / "ca.pem"), "admin", "secret", 40, None, holds=False, port=server.server_port)
    server.shutdown()
    thread.join()
    server.server_close()


def loaded(order: Order, *, failures: int = 0) -> Tally:
    """What became of requests of which the first ones get a bad answer."""
    Registry.failures = failures
    load = Load(order)
    load.start()
    return load.stop()


def test_load_without_a_fault_fails_nothing(order: Order) -> None:
    """As many requests as ordered at least, and none failed: what is counted later comes from the service."""
    tally = loaded(order)
    assert tally.requests >= 40
    assert (tally.failed, tally.resets, tally.causes) == (0, 0, {})


def test_failed_requests_are_counted_without_retry(order: Order) -> None:
    """Every request that got no good answer is one failure with its cause."""
    tally = loaded(order, failures=3)
    assert (tally.failed, tally.resets, sum(tally.causes.values())) == (3, 0, 3)
    assert set(tally.causes) <= {"new connection: status 503", "kept connection: status 503"}


def test_each_request_is_told_with_its_times(order: Order) -> None:
    """What is computed from single requests is of all of them, and comes whole out of the process that made them."""
    tally = loaded(order, failures=3)
    again = Tally.read(tally.written())
    assert again == tally
    assert len(again.asked) == again.requests
    assert sum(one.failed for one in again.asked) == 3
    assert all(0 < one.took_ms < 10_000 for one in again.asked)


def test_connection_that_is_cut_between_requests_is_told(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that closes kept connections without saying so drops them; one that says so does not. Neither fails a request."""
    answer = Registry._answer

    def cut(self: Registry, status: int, **headers: str) -> None:
        answer(self, status, **headers)
        self.close_connection = True

    monkeypatch.setattr(Registry, "_answer", cut)
    unsaid = loaded(order)
    monkeypatch.setattr(Registry, "_answer", lambda self, status: cut(self, status, Connection="close"))
    said = loaded(order)
    assert (unsaid.failed, said.failed) == (0, 0)
    assert unsaid.dropped >= 8
    assert said.dropped == 0


def test_retry_turns_failures_into_resets(order: Order) -> None:
    """With one client retry a short fault fails nothing, and is still told."""
    tally = loaded(replace(order, retry_after_s=0.1), failures=1)
    assert (tally.failed, tally.resets) == (0, 1)


def test_long_request_is_open_from_start_to_end(order: Order) -> None:
    """It sends before the load begins and goes on to its end; it is one request of the tally."""
    tally = loaded(replace(order, holds=True))
    assert tally.failed == 0
    assert Registry.uploaded >= 1024


def test_long_request_that_is_cut_is_a_failure(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that ends the connection under the upload is counted, though every other request succeeded."""
    monkeypatch.setattr(Registry, "do_PATCH", lambda self: setattr(self, "close_connection", True))
    tally = loaded(replace(order, holds=True))
    assert tally.failed == 1
    assert next(iter(tally.causes)).startswith("long request: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root enters a network namespace")
def test_load_asks_where_the_system_is(order: Order) -> None:
    """The clients of a system ask its own port, which is not 443 everywhere, as its user."""
    target = Target(order.address, order.name, order.ca, order.port)
    system = SimpleNamespace(target=target, login=(order.user, order.password), client=SimpleNamespace(pid=os.getpid()))
    with Loaded(cast("System", system), at_least=20) as load:
        pass
    assert load.tally.requests >= 20
    assert load.tally.failed == 0
