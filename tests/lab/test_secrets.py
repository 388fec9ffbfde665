"""No secret of the stack is where somebody else could read it; each search first finds a secret that was planted."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from lab import state as states
from tests.lab.deployment import Pair
from tests.lab.leak import assert_not_in_outputs_or_state, assert_not_read_by_anybody, found_on, key_line, seen
from tests.lab.outcome import Run, plain
from tests.lab.trace import Trace

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

OWN_PASSWORD = "correct-horse-battery-staple-4711"
AUTH = "/etc/ha-registry/identity/auth"
CHANGES: Mapping[str, object] = {"users": ["admin", "robot"]}


@pytest.fixture(scope="module")
def told(deployed: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Mapping[str, str]]]:
    """Output of an `up` that writes secrets anew with a user's own password, and what was run meanwhile on each registry."""
    place = tmp_path_factory.mktemp("trace")
    first, second = deployed.registries
    with Trace(first, place / first.name) as here, Trace(second, place / second.name) as there:
        deployed.ssh(first.name, ["sudo", "-n", "env", f"PLANTED={OWN_PASSWORD}-environment", "true", f"{OWN_PASSWORD}-argument"])
        run = deployed.up(CHANGES, {"password-robot": OWN_PASSWORD})
    yield run, {first.name: here.text, second.name: there.text}
    deployed.up().succeeded()


@pytest.fixture(scope="module")
def secrets(deployed: Pair, told: tuple[Run, Mapping[str, str]]) -> Mapping[str, str]:
    """What must not be seen, by what it is: texts long enough to be met nowhere by chance."""
    told[0].succeeded()
    found: dict[str, str] = {}
    for resource in deployed.resources():
        name = str(resource["urn"]).rpartition("::")[2]
        outputs: Mapping[str, object] = resource.get("outputs") or {}
        if "privateKeyPem" in outputs:
            found[f"key {name}"] = key_line(str(plain(outputs["privateKeyPem"])))
        if resource["type"] == "random:index/randomPassword:RandomPassword":
            found[f"password {name}"] = str(plain(outputs["result"]))
    for user, password in deployed.outputs()["passwords"].items():
        found[f"password of {user}"] = password
        found[f"authorization of {user}"] = base64.b64encode(f"{user}:{password}".encode()).decode()
    found["SSH key"] = key_line(states.of(deployed.lab).key.read_text())
    for line in deployed.registries[0].output(["cat", "/etc/ha-registry/identity/auth/htpasswd"]).splitlines():
        found[f"hash of {line.partition(':')[0]}"] = line.partition(":")[2]
    assert {"password of robot", "SSH key", "key identity-ca", "hash of robot"} <= set(found)
    return found


def test_no_secret_is_an_argument_or_in_an_environment(told: tuple[Run, Mapping[str, str]], secrets: Mapping[str, str]) -> None:
    """No program started on a registry while secrets were applied got one as an argument or in its environment."""
    run, traces = told
    run.succeeded()
    first = next(iter(traces.values()))
    assert f"{OWN_PASSWORD}-argument" in first
    assert f"PLANTED={OWN_PASSWORD}-environment" in first
    for name, text in traces.items():
        assert "htpasswd" in text, name
        lines = [line for line in text.splitlines() if f"{OWN_PASSWORD}-" not in line]
        assert seen("\n".join(lines), secrets) == [], name


def test_no_secret_is_in_an_environment_outside_containers(deployed: Pair, secrets: Mapping[str, str]) -> None:
    """No process of a registry has a secret in its environment or arguments but those of its containers."""
    outside = 'for p in /proc/[0-9]*; do grep -qE "docker[-/]" $p/cgroup || cat $p/environ $p/cmdline; done 2>/dev/null | tr "\\0" "\\n"'
    for host in deployed.registries:
        planted = f'PLANTED={OWN_PASSWORD} sleep 30 & {outside} | grep -oFf "$patterns"; kill $!'
        assert set(found_on(host, secrets, planted)) == {OWN_PASSWORD}
        assert found_on(host, secrets, f'{outside} | grep -oFf "$patterns"') == []


def test_no_secret_is_in_a_log(deployed: Pair, secrets: Mapping[str, str]) -> None:
    """Neither the journal nor a file in /var/log of any host has a secret."""
    for host in deployed.hosts.values():
        host.output(["logger", "-t", "planted", f"{OWN_PASSWORD}"])
        journal = 'journalctl --sync; journalctl -q --no-pager --output=cat {} | grep -vF PLANTED= | grep -oFf "$patterns"'
        assert OWN_PASSWORD in found_on(host, secrets, journal.format("-t planted"))
        entries = "$(journalctl -q --no-pager -F SYSLOG_IDENTIFIER | grep -v -e planted -e ' ' | sed 's/^/-t /' | tr '\\n' ' ')"
        assert found_on(host, secrets, journal.format(entries)) == []
        assert found_on(host, secrets, 'grep -rlFf "$patterns" /var/log --exclude-dir=journal') == []


def test_no_secret_is_in_a_file_that_anybody_reads(deployed: Pair, secrets: Mapping[str, str]) -> None:
    """An account without rights finds no secret in any file on any host, and no other account than root and ours its folder."""
    assert_not_read_by_anybody(deployed, secrets, OWN_PASSWORD)


def test_no_secret_is_in_an_output_or_in_the_state(deployed: Pair, secrets: Mapping[str, str]) -> None:
    """Plain outputs, every file of the state and the stack file in use show no secret, in clear or in base64."""
    assert_not_in_outputs_or_state(deployed, secrets)


def test_no_secret_is_in_what_up_prints(
    deployed: Pair, told: tuple[Run, Mapping[str, str]], secrets: Mapping[str, str], tmp_path: Path
) -> None:
    """Neither an `up` that wrote secrets nor one that fails on a host with their files shows one; nor does `preview --diff`."""
    assert "-identity" in told[0].output
    assert seen(told[0].output, secrets) == []
    shown = deployed.preview("--diff", changes={**CHANGES, "tls.validity": "364d"})
    assert "identity" in shown.output
    assert seen(shown.output, secrets) == []
    node = deployed.registries[1]
    node.output(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", AUTH])
    try:
        failed = deployed.up()
    finally:
        node.output(["umount", AUTH])
    assert failed.code == 1, failed.output
    assert re.search(r"failed \S+ identity", failed.output), failed.output
    assert seen(failed.output, secrets) == []
