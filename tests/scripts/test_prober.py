"""prober, a program on the host: says whether its registry serves, at once where it is dead, twice asked where it hangs."""

from __future__ import annotations

import re
import socket
import time

import pytest

from tests.scripts.sandbox import DEADLINE_S, Sandbox

PROBER, DOWN = "/usr/local/lib/ha-registry/prober", "run/ha-registry/probe.down"
ROUND = 'read -r slot <"$STATE/live"\nload "$slot"\n'


def _functions(host: Sandbox) -> str:
    """The program without its last line, which starts the loop."""
    body, end = (host.root / PROBER.lstrip("/")).read_text().rstrip().rsplit("\n", 1)
    assert end == "main"
    return f"{body}\n"


def _judge(host: Sandbox, times: int = 1) -> str:
    """What the prober says of the live slot after `times` rounds."""
    host.run(_functions(host) + ROUND + 'judge "$slot"\n' * times)
    return (host.root / DOWN).read_text().strip()


def _is(host: Sandbox, state: str) -> None:
    at = host.state / "http"
    for port in (15443, 15444, 15445, 15446):
        path = at / f"127.0.0.1:{port}"
        if state:
            path.write_text(state)
        else:
            path.unlink(missing_ok=True)


@pytest.mark.parametrize(("state", "says"), [("ready", "0"), ("", "1"), ("sick", "1")])
def test_prober_judges_at_once(state: str, says: str, serving: Sandbox) -> None:
    """A registry that answers 200 serves; one that is dead or answers 503 does not, after a single request."""
    _is(serving, state)
    serving.forget_calls()
    assert _judge(serving) == says
    if says == "1":
        assert len([call for call in serving.calls if call.startswith("curl -fs --fail-early")]) == 1


def test_prober_believes_in_a_hang_only_the_second_time(serving: Sandbox) -> None:
    """One answer too late is a busy host, two in a row are a hung registry."""
    _is(serving, "hung")
    serving.forget_calls()
    assert _judge(serving) == "1"
    assert len([call for call in serving.calls if call.startswith("curl -fs --fail-early")]) == 2


def test_prober_takes_one_late_answer_for_a_busy_host(serving: Sandbox) -> None:
    """Late once, in time at the second request: the host stays."""
    _is(serving, "ready")
    late_once = 'curl() { if [[ ! -e $STUB_HOST/late ]]; then touch "$STUB_HOST/late"; return 28; fi; command curl "$@"; }\n'
    serving.run(_functions(serving) + late_once + ROUND + 'judge "$slot"\n')
    assert (serving.root / DOWN).read_text() == "0\n"


def test_prober_recovers(serving: Sandbox) -> None:
    """A registry that came back serves again after one good answer."""
    _is(serving, "")
    assert _judge(serving) == "1"
    _is(serving, "ready")
    assert _judge(serving) == "0"


def test_prober_writes_only_what_changed(serving: Sandbox) -> None:
    """keepalived watches the file: writing the same value again and again would wake it for nothing."""
    _is(serving, "ready")
    down = serving.root / DOWN
    _judge(serving)
    before = down.stat().st_mtime_ns
    _judge(serving, times=3)
    assert down.stat().st_mtime_ns == before


def _wait(host: Sandbox, value: str) -> float:
    """Seconds until probe.down says `value`."""
    start = time.monotonic()
    while (host.root / DOWN).read_text() != f"{value}\n":
        assert time.monotonic() - start < DEADLINE_S, f"probe.down never said {value}"
        time.sleep(0.01)
    return time.monotonic() - start


def test_prober_notices_the_end_of_a_connection_before_its_next_round(serving: Sandbox) -> None:
    """A registry that dies closes the connection held open for that: the VIP can move without waiting for a request."""
    _is(serving, "ready")
    with socket.create_server(("127.0.0.1", 0)) as registry:
        registry.settimeout(DEADLINE_S)
        port = registry.getsockname()[1]
        slot = (serving.root / "var/lib/ha-registry/live").read_text().strip()
        environment = serving.root / f"var/lib/ha-registry/slots/{slot}/container.env"
        environment.write_text(re.sub(rf"PORT_writer_{slot}=\d+", f"PORT_writer_{slot}={port}", environment.read_text()))
        (serving.state / f"http/127.0.0.1:{port}").write_text("ready")
        (serving.root / DOWN).write_text("1\n")
        patient = _functions(serving).replace("ASK_EVERY_S=0.2", f"ASK_EVERY_S={2 * DEADLINE_S}")
        assert patient != _functions(serving)
        process = serving.begin(f"{patient}main\nexit\n")
        assert process.stdin
        process.stdin.close()
        process.stdin = None
        try:
            held, _ = registry.accept()
            _wait(serving, "0")
            (serving.state / f"http/127.0.0.1:{port}").unlink()
            held.close()
            _wait(serving, "1")
        finally:
            serving.kill(process)
