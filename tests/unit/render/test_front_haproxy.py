"""What the rendered haproxy.cfg does, proved with a real haproxy."""

from __future__ import annotations

import base64
import json
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any
from urllib.parse import unquote

import pytest

from render.layout import AGENT_PORT
from settings import Fronted
from tests.golden.cases import CASES
from tests.unit.render.front_process import FRONT, PASSWORD, REPLICAS, Dropper, Pool, listens, pool, until

Load = Callable[[Mapping[str, Any]], Fronted]
UP = {"r1": "up", "r2": "up", "r3": "up"}


@pytest.fixture(scope="module")
def modes(load_system: Load) -> Mapping[str, Fronted]:
    """System B in both modes."""
    mapping = CASES["fronted-http"]() | {"access": {}}
    return {mode: load_system(mapping | {"haproxy": {"mode": mode}}) for mode in ("http", "tcp")}


@pytest.fixture
def http(modes: Mapping[str, Fronted]) -> Iterator[Pool]:
    """Three good replicas behind a front that ends TLS."""
    with pool(modes["http"]) as made:
        made.wait_for(**UP)
        yield made


@pytest.fixture
def tcp(modes: Mapping[str, Fronted]) -> Iterator[Pool]:
    """Three good replicas behind a front that passes bytes on."""
    with pool(modes["tcp"]) as made:
        made.wait_for(**UP)
        yield made


def test_killed_replica_costs_no_request(http: Pool) -> None:
    """kill -9 of one of three under load: every GET is answered with 200, and /health names the dead one and stays 200."""
    with http.load() as load:
        http.replicas["replica-2"].kill()
        http.wait_for(r1="up", r2="down", r3="up")
        before = len(load.answered)
        until("more requests", lambda: len(load.answered) + len(load.failed) >= before + 50)
    load.check(least=60)
    assert http.health()[0] == 200


def test_hung_replica_costs_no_request(http: Pool) -> None:
    """SIGSTOP: the port is open and nobody answers; new requests go elsewhere, those that only read are asked again."""
    with http.load() as load:
        http.replicas["replica-2"].send_signal(signal.SIGSTOP)
        http.wait_for(r1="up", r2="down", r3="up")
        before = len(load.answered)
        until("more requests", lambda: len(load.answered) + len(load.failed) >= before + 50)
    load.check(least=60)


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_reload_drops_nothing(mode: str, request: pytest.FixtureRequest) -> None:
    """Five reloads under load, on kept and on new connections: every request is answered, by the new configuration in the end."""
    made: Pool = request.getfixturevalue(mode)
    config = made.folder / "haproxy.cfg"
    text = config.read_text()
    with made.load() as load:
        for number in range(5):
            config.write_text(text.replace("description ", f"description {number}-", 1))
            made.process.send_signal(signal.SIGUSR2)
            until(f"reload {number}", lambda number=number: f"description: {number}-ha-registry" in _show_info(made))
            before = len(load.answered)
            until("requests after it", lambda before=before: len(load.answered) + len(load.failed) >= before + 20)
    load.check(least=100)


def _show_info(made: Pool) -> str:
    with socket.socket(socket.AF_UNIX) as asked:
        try:
            asked.connect(str(made.folder / "haproxy.sock"))
        except OSError:
            return ""
        asked.sendall(b"show info\n")
        return b"".join(iter(lambda: asked.recv(65536), b"")).decode()


@pytest.mark.parametrize("path", ["/health", "/_ping"])
@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_health_is_503_only_when_no_replica_serves(mode: str, path: str, request: pytest.FixtureRequest) -> None:
    """200 with each replica's state while one serves; 503 with the same JSON when none does; nobody may keep the answer."""
    made: Pool = request.getfixturevalue(mode)
    made.replicas["replica-1"].kill()
    made.wait_for(r1="down", r2="up", r3="up")
    answer = made.ask(path, port=made.health_port)
    assert answer.status == 200
    assert json.loads(answer.body) == {"status": "ok", "replicas": {"replica-1": "down", "replica-2": "up", "replica-3": "up"}}
    for name in ("replica-2", "replica-3"):
        made.replicas[name].kill()
    made.wait_for(r1="down", r2="down", r3="down")
    answer = made.ask(path, port=made.health_port)
    assert answer.status == 503
    assert json.loads(answer.body)["status"] == "unavailable"
    assert answer.headers["cache-control"] == "no-store"
    if mode == "http":
        assert json.loads(made.ask("/v2/").body)["errors"][0]["code"] == "UNAVAILABLE"


def test_what_a_client_says_of_itself_is_replaced(http: Pool) -> None:
    """X-Forwarded-* and Forwarded of a client never reach a registry, which builds URLs from them; Host does, with its port."""
    host = f"registry01.dev.com:{http.port}"
    spoofed = {"X_Forwarded_For": "6.6.6.6", "X_Forwarded_Proto": "http", "X_Forwarded_Host": "evil", "Forwarded": "proto=http;host=evil"}
    answer = http.ask("/v2/a", **spoofed, X_Real_IP="6.6.6.6", X_Forwarded_Port="80", Host=host)
    told = dict(line.split(": ", 1) for line in unquote(answer.body).splitlines() if line)
    assert told["x-forwarded-for"] == FRONT
    assert told["x-forwarded-proto"] == "https"
    assert told["x-forwarded-host"] == told["host"] == host
    assert {"forwarded", "x-real-ip", "x-forwarded-port"} & set(told) == set()
    assert "evil" not in answer.body
    assert "6.6.6.6" not in answer.body


@pytest.mark.parametrize(("network", "status"), [("10.9.9.9/32", 405), ("127.0.0.0/24", 200)])
def test_pushing_is_refused_from_elsewhere(network: str, status: int, modes: Mapping[str, Fronted]) -> None:
    """access.push: what writes is refused from other networks in the registry's own words, what reads is not."""
    access = modes["http"].access.model_copy(update={"push": (IPv4Network(network),)})
    with pool(modes["http"].model_copy(update={"access": access})) as made:
        made.wait_for(**UP)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = made.ask("/v2/a/blobs/uploads/", method, body=b"x")
            assert answer.status == status, method
            assert status == 200 or json.loads(answer.body)["errors"][0]["code"] == "UNSUPPORTED"
        for method in ("GET", "HEAD"):
            assert made.ask("/v2/a", method).status == 200


@pytest.mark.parametrize("says", ["open to all", "without storage"])
@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_replica_in_trouble_gets_no_request(mode: str, says: str, modes: Mapping[str, Fronted]) -> None:
    """A registry that asks for no password, or whose storage is gone, is down although it answers."""
    with pool(modes[mode], ("good", says, "good")) as made:
        made.wait_for(r1="up", r2="down", r3="up")


@pytest.mark.parametrize("mode", ["http", "tcp"])
def test_replica_of_another_authority_gets_no_request(mode: str, modes: Mapping[str, Fronted]) -> None:
    """A replica whose certificate our CA did not sign is down: nobody in between can play one."""
    with pool(modes[mode], ("good", "good")) as made:
        foreign = Pool(modes[mode], made.stack)
        (made.folder / "foreign.pem").write_text((foreign.folder / "front.pem").read_text())
        made.start_replica(3, pem="foreign.pem")
        time.sleep(2 * modes[mode].haproxy.check.interval.seconds)  # two checks that could have passed
        assert made.health()[1]["replica-3"] == "down"


@pytest.mark.parametrize(("says", "state"), [("drain 0% up", "drain"), ("ready 100% down #its registry has ended", "down")])
def test_agent_takes_a_replica_out(says: str, state: str, http: Pool) -> None:
    """What a registry host says of itself counts within two checks, and `ready 100% up` takes it back in."""
    words = {"now": says}
    with socket.create_server((REPLICAS[1], AGENT_PORT)) as agent:
        answering = threading.Thread(target=_agent, args=(agent, words), daemon=True)
        answering.start()
        http.wait_for(r1="up", r2=state, r3="up")
        with http.load() as load:
            before = len(load.answered)
            until("requests", lambda: len(load.answered) >= before + 30)
        load.check(least=30)
        words["now"] = "ready 100% up"
        http.wait_for(**UP)
        agent.shutdown(socket.SHUT_RDWR)
        answering.join()


def _agent(server: socket.socket, words: Mapping[str, str]) -> None:
    while True:
        try:
            asked, _ = server.accept()
        except OSError:
            return
        with asked:
            asked.sendall(f"{words['now']}\n".encode())


def test_what_writes_is_never_sent_twice(modes: Mapping[str, Fronted]) -> None:
    """A replica takes a request and dies: a GET is asked of another one, a PATCH fails, because it may have arrived."""
    with pool(modes["http"], ()) as made:
        dropper = Dropper(made, REPLICAS[0])
        made.wait_for(r1="up", r2="down", r3="down")
        assert made.ask("/v2/a/blobs/uploads/1", "PATCH", body=b"layer").status in {502, 503}
        assert dropper.taken == ["PATCH"]
        made.start_replica(2)
        made.wait_for(r1="up", r2="up", r3="down")
        answers = [made.ask("/v2/a") for _ in range(6)]
        dropper.close()
    assert {answer.status for answer in answers} == {200}
    assert "GET" in dropper.taken or {answer.headers["x-replica"] for answer in answers} == {"replica-2"}


def test_statistics_and_metrics_need_the_password_and_are_on_one_address(http: Pool) -> None:
    """Without it or with another 401; the pages are on the front's own address and on no other, so never on the VIP."""
    haproxy_ = http.system.haproxy
    pages = {haproxy_.stats.port: (haproxy_.stats.path, "replica-1"), haproxy_.metrics_port: ("/metrics", "haproxy_server")}
    for port, (path, holds) in pages.items():
        assert http.ask(path, port=port).status == 401
        assert http.ask(path, port=port, Authorization=_basic("admin", "admin")).status == 401
        answer = http.ask(path, port=port, Authorization=_basic("admin", PASSWORD))
        assert answer.status == 200
        assert holds in answer.body
        assert http.ask("/", port=port, Authorization=_basic("admin", PASSWORD)).status == 404
        assert not listens("127.0.0.2", port)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_tls_is_what_mozilla_calls_intermediate(http: Pool) -> None:
    """TLS 1.2 and 1.3 with forward secrecy; no h2, which would put all requests of a client on one connection."""
    assert _handshake(http, ssl.TLSVersion.TLSv1_3)[0] == "TLSv1.3"
    version, cipher, protocol = _handshake(http, ssl.TLSVersion.TLSv1_2, ["h2", "http/1.1"])
    assert version == "TLSv1.2"
    assert cipher.startswith("ECDHE-")
    assert protocol == "http/1.1"
    with pytest.raises(ssl.SSLError):
        _handshake(http, ssl.TLSVersion.TLSv1_2, ciphers="AES128-SHA:@SECLEVEL=0")


def _handshake(made: Pool, version: ssl.TLSVersion, alpn: list[str] | None = None, ciphers: str = "") -> tuple[Any, str, Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(alpn)
    if ciphers:
        context.set_ciphers(ciphers)
    with socket.create_connection((FRONT, made.port)) as plain, context.wrap_socket(plain) as secured:
        return secured.version(), (secured.cipher() or ("",))[0], secured.selected_alpn_protocol()


def test_tcp_mode_passes_tls_through(tcp: Pool) -> None:
    """The replica sees the client's bytes as they come: no header is added, and a client's own stays."""
    told = tcp.ask("/v2/a", X_Forwarded_For="6.6.6.6")
    assert told.status == 200
    assert "x-forwarded-for: 6.6.6.6" in unquote(told.body).lower()
    assert "x-forwarded-proto" not in told.body


def test_tcp_mode_ends_connections_to_a_replica_that_is_down(tcp: Pool) -> None:
    """A kept connection to a hung replica is ended when it is found out; else each request on it would hang as well."""
    kept = tcp.connection_to("replica-2")
    tcp.replicas["replica-2"].send_signal(signal.SIGSTOP)
    kept.request("GET", "/v2/a")
    with pytest.raises((ssl.SSLError, ConnectionError)) as ended:
        kept.getresponse()
    assert not isinstance(ended.value, TimeoutError)
    kept.close()
    tcp.wait_for(r1="up", r2="down", r3="up")
