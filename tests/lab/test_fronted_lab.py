"""The Ceph of a lab, on a real container: what every test on shared storage relies on."""

from __future__ import annotations

import dataclasses
import stat
import subprocess
import sys

import pytest

from lab import ceph, docker, fault
from lab import state as states
from lab.command import Completed, LabError
from lab.rgw import Gateway
from tests.lab import engine
from tests.lab.fronted import Fronted
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]


@pytest.fixture
def gateway(fronted: Fronted) -> Gateway:
    fronted.boot()
    state = states.of(fronted.lab)
    return ceph.gateway(state.plan(), state)


def lab(*arguments: str) -> Completed:
    return subprocess.run([sys.executable, "-m", "lab", *arguments], cwd=engine.PROJECT, capture_output=True, text=True, check=False)


def answers(gateway: Gateway) -> bool:
    try:
        gateway.make_bucket(ceph.BUCKET)
    except OSError:
        return False
    return True


def test_second_up_touches_nothing(fronted: Fronted) -> None:
    """`up` on a running lab says so, and starts no container again."""

    def started() -> dict[str, str]:
        return {name: (docker.inspect("container", name) or {})["State"]["StartedAt"] for name in docker.labelled("container", fronted.lab)}

    fronted.boot()
    before = started()
    assert "nothing to do" in lab("up", "fronted", "--name", fronted.lab).stdout
    assert started() == before


def test_other_topology_under_the_same_name_is_refused(fronted: Fronted) -> None:
    """`up` of a pair under the name of this lab ends with one sentence, and every machine goes on."""
    done = lab("up", "pair", "--name", fronted.lab)
    assert done.returncode == 1
    assert "it is there with topology fronted" in done.stderr
    assert lab("status", "--name", fronted.lab).returncode == 0


def test_secrets_are_for_the_owner_alone(fronted: Fronted, gateway: Gateway) -> None:
    """What the storage's operator handed over is in files that nobody else can read, and not in a list of arguments or a log."""
    state = states.of(fronted.lab)
    files = [state.secret(name) for names in ceph.SECRETS.values() for name in names]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    logged = fronted.ceph.output(["journalctl", "--no-pager", "--output=cat"])
    assert "lab-ceph" in fronted.ceph.output(["journalctl", "--no-pager"])
    assert [file.name for file in files if file.read_text() in logged] == []


def test_gateway_knows_its_user_only(gateway: Gateway) -> None:
    """The user handed over has the bucket, and the same request with another secret is refused."""
    gateway.make_bucket(ceph.BUCKET)
    with pytest.raises(LabError, match="403"):
        dataclasses.replace(gateway, secret_key="wrong").make_bucket(ceph.BUCKET)


def test_storage_comes_back_after_a_power_cut(fronted: Fronted, gateway: Gateway) -> None:
    """After a power cut of the Ceph machine all its daemons serve again, with nothing failed and the same keys."""
    fault.power_off(fronted.ceph)
    assert not answers(gateway)
    fault.power_on(fronted.ceph)
    eventually(lambda: answers(gateway), what="the gateway answers", within_s=120)
    failed = ["systemctl", "list-units", "--state=failed", "--no-legend", "--plain"]
    assert fronted.ceph.output(failed).strip() == ""
    eventually(lambda: "up:active" in fronted.ceph.output(["ceph", "mds", "stat"]), what="CephFS is served", within_s=120)
