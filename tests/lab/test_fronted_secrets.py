"""No secret of fronts, registries or storage is where somebody else could read it; each search first finds a planted one."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

import pytest

from tests.lab.fronted import Fronted
from tests.lab.leak import assert_not_in_outputs_or_state, assert_not_read_by_anybody, found_on, key_line, seen
from tests.lab.outcome import plain
from tests.lab.trace import Trace

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

PLANTED = "correct-horse-battery-staple-4712"


@pytest.fixture(scope="module")
def traced(whole: Fronted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What was run on a registry and on a front while an `up` wrote all secrets anew, by host."""
    place = tmp_path_factory.mktemp("trace")
    replica, front = whole.registries[0], whole.fronts[0]
    with Trace(replica, place / replica.name) as here, Trace(front, place / front.name) as there:
        for host in (replica, front):
            whole.ssh(host.name, ["sudo", "-n", "env", f"PLANTED={PLANTED}", "true"])
        whole.up({"tls.validity": "364d", "users": ["admin", "robot"]}, {"statsPassword": f"{PLANTED}-stats"}).succeeded()
    yield {replica.name: here.text, front.name: there.text}
    whole.up().succeeded()


@pytest.fixture(scope="module")
def secrets(whole: Fronted, traced: Mapping[str, str]) -> Mapping[str, str]:
    """What must not be seen, by what it is: texts long enough to be met nowhere by chance."""
    assert traced
    found = {name: value for name, value in whole.handed_over.items() if name != "s3AccessKey"}
    for resource in whole.resources():
        name = str(resource["urn"]).rpartition("::")[2]
        outputs: Mapping[str, object] = resource.get("outputs") or {}
        if "privateKeyPem" in outputs:
            found[f"key {name}"] = key_line(str(plain(outputs["privateKeyPem"])))
        if resource["type"] == "random:index/randomPassword:RandomPassword":
            found[f"password {name}"] = str(plain(outputs["result"]))
    shown = whole.outputs()
    for user, password in {**shown["passwords"], shown["stats"]["user"]: shown["stats"]["password"]}.items():
        found[f"password of {user}"] = password
        found[f"authorization of {user}"] = base64.b64encode(f"{user}:{password}".encode()).decode()
    found["password of the statistics"] = shown["stats"]["password"]
    assert {"s3SecretKey", "password of robot", "password of the statistics"} <= set(found)
    return found


def test_no_secret_is_an_argument_or_in_an_environment(traced: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    """No program started on a registry or a front while secrets were applied got one as an argument or in its environment."""
    for name, text in traced.items():
        assert f"PLANTED={PLANTED}" in text, name
        assert seen(text, secrets) == [], name


def test_no_secret_is_in_a_file_that_anybody_reads(whole: Fronted, secrets: Mapping[str, str]) -> None:
    """An account without rights finds no secret in any file on any host."""
    assert_not_read_by_anybody(whole, secrets, next(iter(secrets.values())))


def test_no_secret_is_in_a_log(whole: Fronted, secrets: Mapping[str, str]) -> None:
    """Neither the journal nor a file in /var/log of any host has a secret, with haproxy and registries under load or not."""
    planted = next(iter(secrets.values()))
    for host in whole.hosts.values():
        journal = 'journalctl --quiet --no-pager --output=cat {} | grep -oFf "$patterns" | sort -u'
        host.output(["sh", "-c", 'logger --tag planted "$(cat)" && journalctl --sync'], planted)
        assert found_on(host, secrets, journal.format("-t planted")) == [planted], host.name
        others = "$(journalctl -q --no-pager -F SYSLOG_IDENTIFIER | grep -v -e planted -e ' ' | sed 's/^/-t /' | tr '\\n' ' ')"
        assert found_on(host, secrets, journal.format(others)) == [], host.name
        assert found_on(host, secrets, 'grep -rlFf "$patterns" /var/log --exclude-dir=journal') == [], host.name


def test_no_secret_is_in_an_output_or_in_the_state(whole: Fronted, secrets: Mapping[str, str]) -> None:
    """Plain outputs, every file of the state and the stack file in use show no secret, in clear or in base64."""
    assert_not_in_outputs_or_state(whole, secrets)
