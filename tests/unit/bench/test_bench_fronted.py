"""What is measured of fronts, and the control that they are compared with."""

from __future__ import annotations

import json
import shutil
import subprocess
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from bench import control_fronted, control_pair, engine
from bench.change import changes
from bench.control_fronted import haproxy_configuration, last_used, servers
from bench.fronted import FrontedBench
from bench.row import FRONTED
from bench.system import BenchError
from lab.certificate import Authority
from lab.host import Host
from settings import StackFile
from tests.golden.cases import fronted_http, loaded, write_files

YAML_HEAD = "config:\n  ha-registry:system: "
COLUMNS = "# pxname,svname,qcur,scur,stot,status,lastsess,"
STATISTICS = f"""\
{COLUMNS}
registry,FRONTEND,,3,900,OPEN,,
registries,replica71,0,0,0,UP,-1,
registries,replica72,0,3,890,UP,0,
registries,replica73,0,0,10,DOWN,240,
registries,BACKEND,0,3,900,UP,0,
"""


def test_every_row_is_given_by_a_trial() -> None:
    """A published row is measured, and nothing is measured that has no row."""
    given = {row for trial in FrontedBench(20, 5).trials for row in trial.rows}
    assert given == {row.id for row in FRONTED}


def test_few_times_still_measure_everything() -> None:
    """However short a trial run is, no row is left out."""
    assert all(trial.times >= 1 for trial in FrontedBench(1, 1).trials)


def test_control_is_measured_where_something_fails() -> None:
    """Each unplanned fault stands beside the same one of the hand-made system."""
    compared = {trial.name for trial in FrontedBench(20, 5).trials if trial.control_times == 5}
    assert compared == {
        "replica.registry-killed",
        "replica.host-cut",
        "replica.registry-hung",
        "gap.haproxy-killed",
        "gap.front-cut",
    }


@pytest.mark.parametrize("kind", changes("fronted", IPv4Address("221.228.86.70")))
def test_planned_change_is_one_of_valid_settings(kind: str, tmp_path: Path) -> None:
    """Both sides of a change are settings that the program takes, and they differ."""
    write_files(tmp_path)
    file = tmp_path / "stack.yaml"
    file.write_text(YAML_HEAD + json.dumps(fronted_http()))
    change = changes("fronted", IPv4Address("221.228.86.70"))[kind]
    sides = []
    for _ in range(2):
        engine.Stack(file).toggle(change.path, change.one, change.other)
        sides.append(loaded(StackFile(file).system, tmp_path))
    assert sides[0] != sides[1]


def test_registry_leaves_the_stack_file_and_comes_back(tmp_path: Path) -> None:
    """Taken out once and put back once, however often it is asked for: an interrupted trial is no fault of the next."""
    file = tmp_path / "stack.yaml"
    file.write_text(YAML_HEAD + json.dumps(fronted_http()))
    before = StackFile(file).system
    stack = engine.Stack(file)
    for _ in range(2):
        stack.take_out("registries", "registry67")
        assert list(StackFile(file).system["registries"]) == ["registry5"]
    assert [stack.add("registries", "registry67", "221.228.86.67") for _ in range(2)] == [True, False]
    assert StackFile(file).system == before


def test_victim_is_the_server_that_clients_use() -> None:
    """Of the servers, not of front and back; one that no request ever reached is not it."""
    assert [row["svname"] for row in servers(STATISTICS)] == ["replica71", "replica72", "replica73"]
    assert last_used(STATISTICS) == "replica72"
    with pytest.raises(BenchError, match="no request to any"):
        last_used(f"{COLUMNS}\nregistries,replica71,0,0,0,UP,-1,\n")


def test_haproxy_takes_the_configuration_of_the_control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """haproxy reads what the control writes, and it has the settings that the page of numbers names."""
    monkeypatch.setattr(Host, "address", IPv4Address("172.30.0.71"))
    authority = Authority("control")
    authority.issue(IPv4Address("172.30.0.60"), tmp_path / "tls.crt")
    pem = tmp_path / "registry.pem"
    pem.write_text((tmp_path / "tls.crt").read_text() + (tmp_path / "tls.key").read_text())
    text = haproxy_configuration([Host("any", f"replica7{number}") for number in (1, 2, 3)], str(pem))
    for said in ("balance source", "option httpchk GET /v2/", "replica73 172.30.0.71:5000 check inter 5000 fall 3", "timeout connect 5000"):
        assert said in text
    config = tmp_path / "haproxy.cfg"
    config.write_text(text)
    done = subprocess.run([_tool("haproxy"), "-c", "-q", "-f", str(config)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("vrrp", [control_pair.VRRP, control_fronted.VRRP], ids=["pair", "fronted"])
def test_hand_made_keepalived_is_as_the_page_of_numbers_says(vrrp: control_pair.Vrrp) -> None:
    """The first host is master with the higher priority, the second its backup; both run the same check script."""
    first, second = (vrrp.files(IPv4Address("172.30.0.60"), place) for place in (0, 1))
    master, backup = (files["etc/keepalived/keepalived.conf"][0] for files in (first, second))
    assert f"state MASTER\n  interface eth0\n  virtual_router_id {vrrp.vrid}\n  priority {vrrp.priorities[0]}\n" in master
    assert f"state BACKUP\n  interface eth0\n  virtual_router_id {vrrp.vrid}\n  priority {vrrp.priorities[1]}\n" in backup
    assert f"interval {vrrp.interval_s}\n" in master
    assert "172.30.0.60/24" in master
    assert first["etc/keepalived/check"] == second["etc/keepalived/check"] == (vrrp.check, 0o755)


def _tool(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is missing on this machine: make tools"
    return found
