"""A registry host of `fronted`: what it tells the fronts, and when it lets itself be drained."""

from __future__ import annotations

import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from settings import Fronted
from tests.golden.cases import fronted_tcp, loaded
from tests.scripts.concerns import Concerns
from tests.scripts.sandbox import DEADLINE_S, Sandbox

AGENT = "/usr/local/lib/ha-registry/agent"
RUN = "run/ha-registry"
OTHERS = ("10.20.0.22", "10.20.0.23")


@pytest.fixture
def fronted(stack_folder: Path) -> Fronted:
    """System E: three replicas on NFS."""
    made = loaded(fronted_tcp(), stack_folder)
    assert isinstance(made, Fronted)
    return made


@pytest.fixture
def replica(fronted: Fronted, host: Sandbox) -> Sandbox:
    """replica1 while it serves, before the others are there."""
    concerns = Concerns(fronted)
    host.set("login", "ha-registry:PROBE-PASSWORD")
    (host.state / "exports/nas.e.example:%images").mkdir(parents=True)
    for concern in ("base", "identity", "storage", "registry"):
        host.run(concerns[concern], "apply")
    return host


def _say(host: Sandbox, **values: str) -> None:
    for name in ("unit", "probe", "moved"):
        at = host.root / RUN / f"{name}.down"
        at.unlink(missing_ok=True)
        if name in values:
            at.write_text(f"{values[name]}\n")


@pytest.mark.parametrize(
    ("unit", "probe", "moved", "answer"),
    [
        ("0", "0", "0", "ready 100% up"),
        ("0", "0", "", "ready 100% up"),
        ("0", "0", "1", "drain 0% up"),
        ("1", "1", "0", "ready 100% down #its registry has ended"),
        ("0", "1", "0", "ready 100% down #its registry does not answer"),
        ("1", "0", "1", "drain 0% down #its registry has ended"),
        ("", "", "", "ready 100% down #its registry has ended"),
        ("", "0", "0", "ready 100% down #its registry has ended"),
        ("0", "", "0", "ready 100% down #its registry does not answer"),
    ],
)
def test_agent_says_what_the_track_files_say(unit: str, probe: str, moved: str, answer: str, replica: Sandbox) -> None:
    """What an operator wants, then what is so; after a boot, before anybody wrote, the host does not serve."""
    _say(replica, **{name: value for name, value in {"unit": unit, "probe": probe, "moved": moved}.items() if value})
    assert replica.program(AGENT).out == f"{answer}\n"


def test_agent_is_read_by_another_user(replica: Sandbox) -> None:
    """The unit has a user of its own, so every writer leaves its file readable."""
    live = (replica.root / "var/lib/ha-registry/live").read_text().strip()
    replica.program("/usr/local/lib/ha-registry/switch", "stopped", f"writer-{live}")
    assert (replica.root / RUN / "unit.down").stat().st_mode & 0o444 == 0o444


@contextmanager
def _served(host: Sandbox) -> Iterator[int]:
    """The unit's own command, on a free port of this machine."""
    socat = shutil.which("socat")
    assert socat, "socat is needed by the tests of scripts: apt-get install socat"
    unit = (host.root / "etc/systemd/system/ha-registry-agent.service").read_text()
    (line,) = (line for line in unit.splitlines() if line.startswith("ExecStart="))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = shlex.split(line.removeprefix("ExecStart=/usr/bin/socat"))
    words = [word.replace(":15447,bind=10.20.0.21", f":{port},bind=127.0.0.1").replace(AGENT, f"{host.root}{AGENT}") for word in words]
    process = subprocess.Popen([socat, *words], env=host.environment)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def _asked(port: int) -> str:
    end = time.monotonic() + DEADLINE_S
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as asking:
                return asking.makefile().read()
        except ConnectionRefusedError:
            assert time.monotonic() < end, "socat never listened"
            time.sleep(0.01)


def test_fronts_are_answered_through_socat(replica: Sandbox) -> None:
    """The command of the unit, run by the real socat: one line and the end of the connection, each time what is so now."""
    with _served(replica) as port:
        _say(replica, unit="0", probe="0")
        assert _asked(port) == "ready 100% up\n"
        _say(replica, unit="0", probe="0", moved="1")
        assert _asked(port) == "drain 0% up\n"
        assert [_asked(port) for _ in range(40)] == ["drain 0% up\n"] * 40  # more than its limit of children, if any stayed


def _ready(host: Sandbox, *addresses: str, agent: str = "ready 100% up") -> None:
    host.set("reachable", "".join(f"{address} 15447\n" for address in addresses))
    for address in addresses:
        host.set(f"http/{address}:443", "ready")
        host.set(f"answers/{address}:15447", f"{agent}\n")


def test_drain_lets_the_fronts_send_nothing_new(fronted: Fronted, replica: Sandbox) -> None:
    """Another replica is ready: the agent says drain, names who takes over; undrain takes it back."""
    _ready(replica, OTHERS[1])
    script = Concerns(fronted)["registry"]
    assert "changed registry drained: replica3 is ready" in replica.run(script, "drain").out
    moved = replica.root / RUN / "moved.down"
    assert moved.read_text() == "1\n"
    assert moved.stat().st_mode & 0o444 == 0o444
    assert replica.program(AGENT).out.startswith("drain ")
    assert "changed registry undrained" in replica.run(script, "undrain").out
    assert replica.program(AGENT).out.startswith("ready ")


@pytest.mark.parametrize("others", ["gone", "sick", "drained", "silent"])
def test_last_one_that_serves_is_not_drained(others: str, fronted: Fronted, replica: Sandbox) -> None:
    """No other replica serves, or is not drained itself, or tells whether it is: exit 69 with those that were asked, and this one stays."""
    if others != "gone":
        _ready(replica, *OTHERS, agent="drain 0% up" if others == "drained" else "ready 100% up")
    if others == "sick":
        for address in OTHERS:
            replica.set(f"http/{address}:443", "sick")
    if others == "silent":
        replica.set("reachable", "")
    ran = replica.run(Concerns(fronted)["registry"], "drain", expect=69)
    assert "no other registry is ready (replica2=10.20.0.22 replica3=10.20.0.23); replica1 stays in service" in ran.err
    assert not (replica.root / RUN / "moved.down").exists()


def test_registry_that_goes_ends_when_no_other_host_has_a_connection(fronted: Fronted, replica: Sandbox) -> None:
    """remove drains, waits for what the fronts began, and only then stops a unit; the next registry here is not drained."""
    live = (replica.root / "var/lib/ha-registry/live").read_text().strip()
    replica.set(f"clients/{ {'a': 15443, 'b': 15444}[live] }", "3")
    replica.forget_calls()
    replica.run(Concerns(fronted)["registry"], "remove")
    looks = [index for index, call in enumerate(replica.calls) if call.startswith("ss ")]
    stops = [index for index, call in enumerate(replica.calls) if call.startswith(("systemctl stop", "systemctl disable", "docker stop"))]
    assert len(looks) > 3
    assert looks[-1] < stops[0]
    assert not (replica.root / RUN / "moved.down").exists()


def test_registry_of_a_pair_has_no_verb_drain(scripts: Concerns, based: Sandbox) -> None:
    """There the VIP moves, and the concern vip has the verb: exit 64 says so."""
    assert "in a pair the concern vip has it" in based.run(scripts["registry"], "drain", expect=64).err
    assert not (based.root / RUN / "moved.down").exists()


def test_registry_of_a_pair_has_no_agent(scripts: Concerns, serving: Sandbox) -> None:
    """Nobody asks there, so nothing listens."""
    assert not (serving.root / AGENT[1:]).exists()
    assert not serving.has("packages/socat")


def test_replica_is_left_as_it_was_found(fronted: Fronted, host: Sandbox, replica: Sandbox) -> None:
    """registry, agent and mount go with their concerns; images and mark stay on the server."""
    concerns = Concerns(fronted)
    for concern in ("registry", "storage", "identity", "base"):
        replica.run(concerns[concern], "remove")
    assert not (replica.root / "var/lib/ha-registry").exists()
    assert not (replica.root / AGENT[1:]).exists()
    assert not replica.has("packages/socat")
    assert not replica.has("mounts")
    assert (replica.state / "exports/nas.e.example:%images/.ha-registry").read_text() == "registry.e.example\n"
