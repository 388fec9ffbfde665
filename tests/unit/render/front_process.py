"""A real haproxy with a rendered configuration, replicas that are small haproxies themselves, and clients, all on 127.0.0.0/8."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from render import front
from render.identity import ForFront, Material
from render.identity import script as identity_script
from render.layout import CA, FRONT_PEM, HAPROXY_SOCKET, RUN, STATS_LOGIN
from settings import Fronted, Host
from tests.golden.cases import own_certificate

NAME, FRONT, REPLICAS = "registry01.dev.com", "127.0.0.1", ("127.0.1.1", "127.0.1.2", "127.0.1.3")
DEADLINE_S = 30
PASSWORD = "stats-password"
ANSWERS = {
    "good": "http-request return status 401 if { path /v2/ }",
    "open to all": "http-request return status 200 if { path /v2/ }",
    "without storage": "http-request return status 503",
}
"""What a replica says to a check."""


def haproxy() -> str:
    """Path of the real one; without it the test fails, it is never skipped."""
    found = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/sbin")
    assert found, "haproxy is needed to prove what the rendered configuration does: make tools"
    return found


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def listens(address: str, port: int) -> bool:
    """Somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def until(what: str, condition: Callable[[], bool]) -> float:
    """Waits for `condition`; returns the seconds it took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < DEADLINE_S, f"not within {DEADLINE_S} s: {what}"
        time.sleep(0.01)
    return time.monotonic() - start


@dataclass
class Load:
    """Clients that send GETs until it ends: half of them on kept connections, the others on new ones."""

    answered: list[tuple[float, int]] = field(default_factory=list)
    """Seconds it took, and the status."""
    failed: list[str] = field(default_factory=list)

    def check(self, least: int) -> None:
        """Every request was answered with 200."""
        assert self.failed == []
        assert {status for _, status in self.answered} == {200}
        assert len(self.answered) >= least


class Pool:
    """A front and its replicas, in processes of their own."""

    def __init__(self, system: Fronted, stack: ExitStack) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="front-"))
        stack.callback(shutil.rmtree, self.folder)
        self.stack = stack
        stats, metrics, health, port = (free_port() for _ in range(4))
        mode = system.haproxy
        changes = {"port": stats}
        haproxy_ = mode.model_copy(update={"stats": mode.stats.model_copy(update=changes), "metrics_port": metrics, "health_port": health})
        self.front = Host(name="front1", address=IPv4Address(FRONT))
        replicas = tuple(Host(name=f"replica-{n}", address=IPv4Address(at)) for n, at in enumerate(REPLICAS, 1))
        self.system = system.model_copy(
            update={"name": NAME, "ports": (port,), "fronts": (self.front,), "registries": replicas, "haproxy": haproxy_}
        )
        self.port, self.health_port = port, front.health_port(self.system)
        self.replicas: dict[str, subprocess.Popen[bytes]] = {}
        certificate, key, ca = own_certificate()
        self._write_identity(certificate, key, ca)
        self.client = ssl.create_default_context(cadata=ca)
        self.client.check_hostname = False  # it is met at a loopback address

    def _write_identity(self, certificate: str, key: str, ca: str) -> None:
        role = ForFront(stats_user="admin", stats_password=PASSWORD)
        script = identity_script(self.front, Material(ca_bundle=ca, certificate=certificate, key=key, role=role))
        for name, text in script.files.items():
            (self.folder / name).write_text(text)

    def placed(self, name: str) -> str:
        """A rendered file, its paths below the folder of this pool and its frontends on one loopback address."""
        text = front.script(self.system, self.front).files[name]
        for path in (CA, FRONT_PEM, STATS_LOGIN, HAPROXY_SOCKET, f"{RUN}/probe.down"):
            text = text.replace(path, str(self.folder / Path(path).name))
        return text.replace("bind :", f"bind {FRONT}:")

    def run(self, *command: str, **more: Any) -> subprocess.Popen[bytes]:
        """A process that ends with the test."""
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True, **more)
        self.stack.callback(_end, process)
        return process

    def start_replica(self, number: int, says: str = "good", pem: str = FRONT_PEM) -> None:
        """A registry as a front sees it; anything but a check is answered with what it was told."""
        name = f"replica-{number}"
        config = self.folder / f"{name}.cfg"
        config.write_text(
            f"global\n  nbthread 1\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n"
            f"frontend {name}\n  bind {REPLICAS[number - 1]}:{self.port} ssl crt {self.folder / Path(pem).name}\n  {ANSWERS[says]}\n"
            f"  http-request return status 200 content-type text/plain hdr X-Replica {name} lf-string %[req.hdrs]\n"
        )
        self.replicas[name] = self.run(haproxy(), "-db", "-f", str(config), stderr=subprocess.DEVNULL)
        until(f"{name} listens", lambda: listens(REPLICAS[number - 1], self.port))

    def start(self) -> None:
        """The front, as its unit starts it; returns when it answers, which can be before its first checks of the replicas."""
        (self.folder / "haproxy.cfg").write_text(self.placed("haproxy.cfg"))
        with (self.folder / "log").open("wb") as log:
            self.process = self.run(haproxy(), "-Ws", "-f", str(self.folder / "haproxy.cfg"), stderr=log)
        until("the front answers", lambda: listens(FRONT, self.health_port))

    def ask(self, path: str, method: str = "GET", *, port: int | None = None, body: bytes | None = None, **headers: str) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPSConnection(FRONT, port or self.port, context=self.client, timeout=DEADLINE_S)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Answer(response.status, response.read().decode(), dict(response.getheaders()))
        finally:
            connection.close()

    def connection_to(self, replica: str) -> http.client.HTTPSConnection:
        """A connection that was kept open after `replica`, which is up, had answered on it."""
        until(f"{replica} is up", lambda: self.health()[1][replica] == "up")
        for _ in range(4 * len(REPLICAS)):
            connection = http.client.HTTPSConnection(FRONT, self.port, context=self.client, timeout=DEADLINE_S)
            connection.request("GET", "/v2/a")
            response = connection.getresponse()
            response.read()
            if response.getheader("X-Replica") == replica:
                return connection
            connection.close()
        raise AssertionError(f"{replica} answered none of the requests")

    def health(self) -> tuple[int, Mapping[str, str]]:
        """Status and the state of each replica."""
        answer = self.ask("/health", port=self.health_port)
        return answer.status, json.loads(answer.body)["replicas"]

    def wait_for(self, **states: str) -> float:
        """Until the front says so of each replica; returns the seconds it took."""
        wanted = {f"replica-{name[1:]}": state for name, state in states.items()}
        return until(f"{wanted}, but {self.health()}", lambda: self.health()[1] == wanted)

    @contextmanager
    def load(self, clients: int = 6, every_s: float = 0.05) -> Iterator[Load]:
        """Load while the block runs."""
        seen, over = Load(), threading.Event()
        threads = [threading.Thread(target=self._client, args=(seen, over, number, every_s)) for number in range(clients)]
        for thread in threads:
            thread.start()
        try:
            until("the load runs", lambda: len(seen.answered) >= 2 * clients)
            yield seen
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _client(self, seen: Load, over: threading.Event, number: int, every_s: float) -> None:
        connection: http.client.HTTPSConnection | None = None
        while not over.is_set():
            start = time.monotonic()
            if connection is None or number % 2:
                connection = http.client.HTTPSConnection(FRONT, self.port, context=self.client, timeout=DEADLINE_S)
            try:
                connection.request("GET", "/v2/a/blobs/b")
                response = connection.getresponse()
                response.read()
                seen.answered.append((time.monotonic() - start, response.status))
            except (OSError, http.client.HTTPException) as error:
                seen.failed.append(repr(error))
                connection = None
            if connection and number % 2:
                connection.close()
            over.wait(max(0.0, every_s - (time.monotonic() - start)))
        if connection:
            connection.close()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: str
    headers: Mapping[str, str]


class Dropper:
    """A replica that passes checks, takes any other request as a whole, and goes without a word."""

    def __init__(self, made: Pool, address: str) -> None:
        self.taken: list[str] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.folder / "front.pem")
        plain = socket.create_server((address, made.port))
        self._server = context.wrap_socket(plain, server_side=True)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                asked, _ = self._server.accept()
            except ssl.SSLError:
                continue
            except OSError:
                return
            with asked:
                head = asked.recv(65536).decode()
                if head.startswith("GET /v2/ "):
                    asked.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                elif head:
                    self.taken.append(head.split()[0])

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Of the process and all it started: its group is its own."""
    for number in (signal.SIGCONT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
    process.wait()


@contextmanager
def pool(system: Fronted, replicas: Sequence[str] = ("good",) * len(REPLICAS)) -> Iterator[Pool]:
    """A front with these replicas; all of it is gone at the end."""
    with ExitStack() as stack:
        made = Pool(system, stack)
        for number, says in enumerate(replicas, 1):
            made.start_replica(number, says)
        made.start()
        yield made
