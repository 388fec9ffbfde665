"""A front: haproxy changed by reload, checked before it goes live, and gone without a trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from settings import Fronted
from tests.golden.cases import fronted_http
from tests.scripts.concerns import FRONT_ORDER, Concerns, with_file
from tests.scripts.sandbox import Sandbox
from tests.scripts.snapshot import leftovers, outside_state

CONFIG = "/etc/haproxy/haproxy.cfg"
FOREIGN = "global\n  daemon\nfrontend web\n  bind :443\nlisten mail\n  bind :25\n"


@pytest.fixture(scope="module")
def fronted(load_system: Callable[[dict[str, Any]], Fronted]) -> Fronted:
    """System B, its fronts where the pretended host is."""
    return load_system(fronted_http() | _WHERE)


_WHERE = {
    "ports": [443],
    "hostsEntries": True,
    "vip": {"address": "192.168.23.50/20", "interface": "ens192", "vrid": 51},
    "fronts": {"front1": "192.168.23.51", "front2": "192.168.23.52"},
}


@pytest.fixture
def front_scripts(fronted: Fronted) -> Concerns:
    """All scripts of front1."""
    return Concerns(fronted, fronted.fronts[0])


@pytest.fixture
def front(front_scripts: Concerns, host: Sandbox) -> Sandbox:
    """front1 on Debian 12 after `base`; a registry behind it serves."""
    host.set("http/192.168.23.51:443", "ready")
    host.run(front_scripts["base"], "apply")
    return host


@pytest.fixture
def passing(front_scripts: Concerns, front: Sandbox) -> Sandbox:
    """front1 while it passes requests on; its log of calls is empty."""
    front.run(front_scripts["identity"], "apply")
    front.run(front_scripts["front"], "apply")
    front.forget_calls()
    return front


@pytest.mark.parametrize("concern", FRONT_ORDER[1:])
def test_concern_of_a_front_applies_once_and_leaves_no_trace(concern: str, front_scripts: Concerns, front: Sandbox) -> None:
    """apply changes, apply again is silent, verify agrees and writes nothing, remove restores, remove again is 0."""
    front_scripts.apply_below(concern, front)
    before, host_before = outside_state(front.tree()), front.host()
    script = front_scripts[concern]
    assert front.run(script, "apply").out.startswith("changed ")
    assert front.run(script, "apply").out == ""
    applied, host_applied = front.tree(), front.host()
    assert {line.split()[0] for line in front.run(script, "verify").out.splitlines()} == {"ok"}
    assert (front.tree(), front.host()) == (applied, host_applied)
    front.run(script, "remove")
    assert leftovers(before, outside_state(front.tree())) == []
    assert leftovers(host_before, front.host()) == []
    assert front.run(script, "remove").out == ""


def test_status_of_a_front(front_scripts: Concerns, passing: Sandbox) -> None:
    """What an operator asks: it serves, from the deployed configuration, and its haproxy; a track file that objects makes it not ready."""
    ready, current, haproxy = passing.run(front_scripts["front"], "status").out.splitlines()
    assert (ready, current, haproxy) == ("status front.ready yes", "status front.current yes", "status front.haproxy 2.6.12")
    passing.file("run/ha-registry/probe.down", "1\n")
    assert "status front.ready no\n" in passing.run(front_scripts["front"], "status").out


def test_whole_front_is_left_as_it_was_found(front_scripts: Concerns, host: Sandbox) -> None:
    """After all concerns came and went a front is byte for byte, mode for mode, unit for unit what it was."""
    host.set("http/192.168.23.51:443", "ready")
    before, host_before = host.tree(), host.host()
    front_scripts.apply_all(host)
    front_scripts.remove_all(host)
    assert leftovers(before, host.tree()) == []
    assert leftovers(host_before, host.host()) == []


def _changed(script: Any) -> Any:
    config = script.files["haproxy.cfg"].replace("maxconn 4000", "maxconn 5000").replace(script.facts["STAMP"], "abcdefabcdef")
    return replace(with_file(script, "haproxy.cfg", config), facts={**script.facts, "STAMP": "abcdefabcdef"})


def test_a_change_is_a_reload(front_scripts: Concerns, passing: Sandbox) -> None:
    """Another configuration reloads haproxy and never restarts it, which would close every connection."""
    passing.run(_changed(front_scripts["front"]), "apply")
    asked = [call for call in passing.calls if call.startswith("systemctl") and "haproxy.service" in call]
    assert "systemctl reload haproxy.service" in asked
    assert not [call for call in asked if "restart" in call or " stop " in call]


def test_a_new_certificate_or_password_is_a_reload(front_scripts: Concerns, passing: Sandbox) -> None:
    """identity writes them, and haproxy takes them live without being named there."""
    for name in ("front.pem", "ca.crt", "stats.login"):
        passing.forget_calls()
        passing.run(with_file(front_scripts["identity"], name, "new\n"), "apply")
        assert "systemctl reload haproxy.service" in passing.calls, name


def test_a_refused_candidate_leaves_the_live_file(front_scripts: Concerns, passing: Sandbox) -> None:
    """What haproxy does not accept never goes live: exit 65, the file in use untouched, nothing reloaded."""
    live = (passing.root / CONFIG[1:]).read_text()
    passing.fault("fail", "haproxy -c *")
    ran = passing.run(_changed(front_scripts["front"]), "apply", expect=65)
    assert f"{CONFIG}: refused by its check" in ran.err
    assert (passing.root / CONFIG[1:]).read_text() == live
    assert not [call for call in passing.calls if "reload" in call]


def test_a_reload_that_was_lost_is_noticed(front_scripts: Concerns, passing: Sandbox) -> None:
    """systemctl was content and the old process serves on: exit 75 says so, and the next run heals it."""
    passing.set("reload-is-lost", "")
    hurried = _changed(front_scripts["front"])
    text = hurried.text.replace("readonly TAKES_S=10", "readonly TAKES_S=0")
    assert "front.current is not true" in passing.run(text, "apply", expect=75).err
    assert "drift front.current" in passing.run(hurried, "verify", expect=3).out
    (passing.state / "reload-is-lost").unlink()
    (passing.root / "var/lib/ha-registry/units/haproxy.service.started").unlink()
    passing.run(hurried, "apply")
    passing.run(hurried, "verify")


def test_a_front_without_a_registry_is_not_done(front_scripts: Concerns, passing: Sandbox) -> None:
    """No registry answers through it: the run ends with 75, and no VIP comes to a front behind which nothing serves."""
    passing.set("http/192.168.23.51:443", "sick")
    text = front_scripts["front"].text.replace("readonly TAKES_S=10", "readonly TAKES_S=0")
    assert "front.has-registry is not true" in passing.run(text, "apply", expect=75).err


def test_a_hand_made_haproxy_comes_back(front_scripts: Concerns, front: Sandbox) -> None:
    """Taken over with adopt: its configuration is kept and put back, its package stays, and it serves again."""
    front.brought("haproxy", "socat", package="haproxy")
    front.set("packages/socat", "")
    front.file(CONFIG, FOREIGN)
    front.unit("haproxy.service", active=True)
    front.run(front_scripts["identity"], "apply")
    front.run(front_scripts["front"], "apply")
    assert (front.root / CONFIG[1:]).read_text() != FOREIGN
    front.run(front_scripts["front"], "remove")
    assert (front.root / CONFIG[1:]).read_text() == FOREIGN
    assert front.has("packages/haproxy")
    assert front.has("units/active/haproxy.service")
    assert front.get("haproxy-serves") == FOREIGN


def test_selinux_lets_haproxy_on_its_ports(front_scripts: Concerns, passing: Sandbox) -> None:
    """Where the boolean is there and off, it is put on, and off again by remove; where it was on, it stays."""
    passing.teach("getsebool", "setsebool")
    script = front_scripts["front"]
    assert "changed boolean haproxy_connect_any: on" in passing.run(script, "apply").out
    assert "ok boolean haproxy_connect_any" in passing.run(script, "verify").out
    passing.run(script, "remove")
    assert not passing.has("sebool")
    passing.set("sebool", "on")
    passing.run(script, "apply")
    passing.run(script, "remove")
    assert passing.get("sebool") == "on"


def test_secrets_of_a_front_are_closed_and_never_said(front_scripts: Concerns, front: Sandbox) -> None:
    """Key and login are mode 0600; of the password only a digest is there; no output or argument carries any of it."""
    ran = front.run(front_scripts["identity"], "apply")
    tree = front.tree()
    for name in ("front.pem", "stats.login"):
        assert tree[f"etc/ha-registry/identity/{name}"].mode == "0600"
    assert not [entry for entry in tree.values() if b"STATS-PASSWORD" in entry.content]
    assert "PRIVATE-KEY-TEXT" not in ran.out + ran.err + "".join(front.calls)


# --- precheck

Prepare = Callable[[Sandbox], object]


def _hand_made(host: Sandbox) -> None:
    host.file(CONFIG, FOREIGN)
    host.set("listening/443", "haproxy")


REFUSALS: dict[str, tuple[str, Prepare, str]] = {
    "hand-made": (
        "front1",
        _hand_made,
        "refused adopt: false: front1 has a haproxy of its own: /etc/haproxy/haproxy.cfg, with web mail; "
        "write adopt: true to take it over, or remove it",
    ),
    "port": (
        "front1",
        lambda host: host.set("listening/8405", "node_exporter"),
        "refused ports: 8405: node_exporter listens there on front1; stop it, or write another port",
    ),
    "prefix": (
        "front1",
        lambda host: host.set("addresses", "ens192 192.168.23.51/24\n"),
        "refused vip.address: 192.168.23.50/20: ens192 of front1 is 192.168.23.51/24; write 192.168.23.50/24, or no prefix (then /32)",
    ),
    "storage": (
        "registry5",
        lambda host: host.set("reachable", "registry-1.docker.io 443\n"),
        "refused storage.s3: rgw.b.example 443: registry5 does not reach it; "
        "open the way from registry5 to that port, or write another address",
    ),
    "agent": (
        "registry5",
        lambda host: host.set("listening/15447", "java"),
        "refused ports: 15447: java listens there on registry5; stop it, or write another port",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_precheck_asks_a_host_what_its_role_needs(case: str, fronted: Fronted, host: Sandbox) -> None:
    """What is wrong on a front or on a registry behind it is refused in the words of the settings; nothing is changed."""
    name, prepare, words = REFUSALS[case]
    host.set("reachable", "registry-1.docker.io 443\nrgw.b.example 443\n")
    prepare(host)
    before = host.tree()
    script = Concerns(fronted, next(one for one in fronted.hosts if one.name == name))["precheck"]
    assert host.run(script, "apply", expect=65).err.strip() == words
    assert leftovers(before, host.tree()) == []


@pytest.mark.parametrize("version", ["1.8.27", "2.2.9-2+deb11u6", "2.0.33"])
@pytest.mark.parametrize("is_there", [True, False])
def test_precheck_refuses_an_old_haproxy(is_there: bool, version: str, front_scripts: Concerns, host: Sandbox) -> None:
    """Installed, or what the packages would install: older than 2.4 is refused with what it is and what to do."""
    if is_there:
        host.brought("haproxy", package="haproxy")
    ran = host.run(front_scripts["precheck"], "apply", expect=65, environment={"STUB_HAPROXY": version})
    short = version.split("-")[0]
    assert f"refused fronts.front1: haproxy {short}: a front needs 2.4 or newer; give it Debian 12, Ubuntu 22.04, Rocky 9" in ran.err


def test_precheck_of_good_hosts_says_nothing(fronted: Fronted, host: Sandbox) -> None:
    """A front needs no way to the image and no disk; a registry behind fronts has no VIP and no keepalived to look at."""
    host.set("reachable", "")
    host.set("free", "0")
    assert host.run(Concerns(fronted, fronted.fronts[0])["precheck"], "apply").out == ""
    host.set("reachable", "registry-1.docker.io 443\nrgw.b.example 443\n")
    host.set("addresses", "eth9 221.228.86.5/24\n")
    host.file("/etc/keepalived/keepalived.conf", "vrrp_instance other {\n  virtual_router_id 9\n}\n")
    assert host.run(Concerns(fronted, fronted.registries[0])["precheck"], "apply").out == ""


def test_precheck_of_a_passing_front_is_silent(front_scripts: Concerns, passing: Sandbox) -> None:
    """Our own haproxy and its ports are nothing to refuse."""
    for port in (443, 1158, 8405):
        passing.set(f"listening/{port}", "haproxy")
    ran = passing.run(front_scripts["precheck"], "apply")
    assert ran.out + ran.err == ""


def test_precheck_adopts_a_hand_made_haproxy(fronted: Fronted, host: Sandbox) -> None:
    """With adopt: true neither the configuration nor the ports of the one that is taken over are refused."""
    _hand_made(host)
    adopting = fronted.model_copy(update={"adopt": True})
    host.run(Concerns(adopting, adopting.fronts[0])["precheck"], "apply")
