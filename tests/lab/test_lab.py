"""The lab itself, on real containers: what every other test on hosts relies on."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from lab import cache, docker, fault, state
from lab.command import Completed, LabError
from lab.host import Host, hosts
from lab.probe import Probe
from lab.prober import Target

PROJECT = Path(__file__).parents[2]
LAB = "t1"
IMAGE = "library/registry:3.1.1"
SLACK_MS = 3000
"""On a machine that is busy with other tests an answer needs longer than the prober's deadline."""

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="lab hosts are containers with networks of their own: root only"),
    # the very first run builds the images
    pytest.mark.timeout(1200),
]


def lab(*arguments: str, stdin: str | None = None) -> Completed:
    command = [sys.executable, "-m", "lab", *arguments]
    return subprocess.run(command, cwd=PROJECT, input=stdin, capture_output=True, text=True, check=False)


def eventually(seen: Callable[[], object], within_s: float = 20) -> None:
    """Returns once `seen` was true three times in a row."""
    deadline, row = time.monotonic() + within_s, 0
    while row < 3:
        assert time.monotonic() < deadline, f"{seen} was not true three times in a row within {within_s} s"
        row = row + 1 if seen() else 0
        time.sleep(0.1)


def reaches(here: Host, there: Host) -> bool:
    return here.exec(["ping", "-c", "1", "-W", "1", str(there.address)]).returncode == 0


@pytest.fixture(scope="module")
def running() -> Iterator[dict[str, Host]]:
    made = lab("up", "pair", "--name", LAB)
    try:
        assert made.returncode == 0, made.stderr
        yield hosts(LAB)
    finally:
        lab("down", "--name", LAB)


@pytest.fixture
def node51(running: dict[str, Host]) -> Host:
    return running["node51"]


@pytest.fixture
def node52(running: dict[str, Host]) -> Host:
    return running["node52"]


@pytest.fixture
def push53(running: dict[str, Host]) -> Host:
    return running["push53"]


@pytest.fixture
def outsider(running: dict[str, Host]) -> Host:
    return Host(LAB, "outsider")


def ssh(host: Host, *argv: str, known_hosts: Path | None = None) -> Completed:
    kept = state.of(LAB)
    options = [f"UserKnownHostsFile={known_hosts or kept.known_hosts}", "StrictHostKeyChecking=yes", "BatchMode=yes", "ConnectTimeout=5"]
    flags = [flag for option in options for flag in ("-o", option)]
    command = ["ssh", "-F", "none", *flags, "-i", str(kept.key), f"ops@{host.address}", *argv]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def containers() -> dict[str, str]:
    """Name of each container -> when it was started."""
    return {name: (docker.inspect("container", name) or {})["State"]["StartedAt"] for name in docker.labelled("container", LAB)}


def test_second_up_touches_nothing(running: dict[str, Host]) -> None:
    """`up` on a running lab says so, starts no container again and writes no key again."""
    before = containers(), state.of(LAB).known_hosts.read_text()
    again = lab("up", "pair", "--name", LAB)
    assert "nothing to do" in again.stdout, again.stdout + again.stderr
    assert (containers(), state.of(LAB).known_hosts.read_text()) == before


def test_ssh_enters_as_ops_with_sudo_and_pinned_key(node51: Host, node52: Host, tmp_path: Path) -> None:
    """The lab's key opens a host as ops with sudo, and a host with another host's key is refused."""
    assert ssh(node51, "sudo", "-n", "id", "-un").stdout == "root\n"
    swapped = tmp_path / "known_hosts"
    swapped.write_text(f"{node51.address} {state.of(LAB).public(state.of(LAB).host_key(node52.name))}\n")
    assert "Host key verification failed" in ssh(node51, "true", known_hosts=swapped).stderr


def test_host_is_a_bare_server(node51: Host) -> None:
    """A registry host runs systemd without failed units and has nothing that the program installs itself."""
    eventually(lambda: node51.exec(["systemctl", "is-system-running"]).stdout == "running\n")
    for program in ("docker", "keepalived", "haproxy", "python3"):
        assert node51.exec(["sh", "-c", f"command -v {program}"]).returncode != 0, program
    assert node51.output(["nft", "list", "ruleset"]) == ""


def test_host_files_can_be_replaced_and_stay_over_a_reboot(node52: Host) -> None:
    """/etc/hosts takes a rename as on a machine, and keeps its content when the host restarts."""
    node52.output(["sh", "-c", "cp /etc/hosts /etc/hosts.new && echo '192.0.2.1 kept' >>/etc/hosts.new && mv /etc/hosts.new /etc/hosts"])
    fault.reboot(node52)
    assert "192.0.2.1 kept\n" in node52.output(["cat", "/etc/hosts"])
    assert ssh(node52, "true").returncode == 0


def test_outsider_reaches_hosts_under_its_own_address(node51: Host, outsider: Host) -> None:
    """An outsider's packets reach a host under his address: a test that he is kept out would mean nothing otherwise."""
    chain = "add table ip seen; add chain ip seen in { type filter hook input priority 0; }"
    node51.output(["nft", f"{chain}; add rule ip seen in ip saddr {outsider.address} tcp dport 22 counter"])
    try:
        greets = f"exec 3<>/dev/tcp/{node51.address}/22; read -r -t 2 line <&3; [[ $line == SSH-* ]]"
        assert outsider.exec(["bash", "-c", greets]).returncode == 0
        assert "counter packets 0 " not in node51.output(["nft", "list", "table", "ip", "seen"])
    finally:
        node51.output(["nft", "delete", "table", "ip", "seen"])


def test_mirror_serves_image_over_tls(push53: Host) -> None:
    """A client's Docker pulls the image from the mirror with the lab's CA, and refuses it without."""
    plan = state.of(LAB).plan()
    reference = f"{plan.mirror}:5000/{IMAGE}"
    eventually(lambda: push53.exec(["docker", "info"]).returncode == 0)
    assert "certificate" in push53.exec(["docker", "pull", reference]).stderr
    place = f"/etc/docker/certs.d/{plan.mirror}:5000"
    push53.output(["sh", "-c", f"mkdir -p {place} && cat >{place}/ca.crt"], state.of(LAB).mirror_ca.read_text())
    push53.output(["docker", "pull", reference])
    assert "3.1.1" in push53.output(["docker", "image", "inspect", "--format", "{{json .Config.Labels}}", reference])
    assert push53.exec(["docker", "run", "--rm", reference, "--version"]).returncode == 0


def test_bad_release_ends_at_once(push53: Host) -> None:
    """The release for tests of refused changes can be pulled like any other, and its registry does not run."""
    plan = state.of(LAB).plan()
    bad = f"docker://{plan.mirror}:5000/library/registry:3.1.99"
    copied = push53.exec(["skopeo", "copy", "--insecure-policy", "--src-tls-verify=false", bad, "docker-daemon:bad:1"])
    assert copied.returncode == 0, copied.stderr
    assert push53.exec(["docker", "run", "--rm", "bad:1"]).returncode == 1


def test_cut_host_comes_back_as_it_was(node51: Host, node52: Host) -> None:
    """A cut host reaches nobody and sees its link down; healed, it has the same addresses and routes."""
    assert reaches(node51, node52)
    before = node51.output(["ip", "route"]), node51.output(["ip", "-brief", "-4", "address"])
    fault.cut(node51)
    try:
        assert not reaches(node52, node51)
        assert "NO-CARRIER" in node51.output(["ip", "link", "show", "eth0"])
    finally:
        fault.heal(node51)
    eventually(lambda: reaches(node52, node51))
    assert (node51.output(["ip", "route"]), node51.output(["ip", "-brief", "-4", "address"])) == before


def test_partition_separates_two_hosts_only(node51: Host, node52: Host, push53: Host) -> None:
    """Two separated hosts do not reach each other while a third reaches both, and nothing of it stands in the hosts' rules."""
    assert reaches(node51, node52)
    fault.partition(node51, node52)
    try:
        assert not reaches(node51, node52)
        assert not reaches(node52, node51)
        assert reaches(push53, node51)
        assert reaches(push53, node52)
        assert node51.output(["nft", "list", "ruleset"]) == ""
    finally:
        fault.mend(LAB)
    eventually(lambda: reaches(node51, node52))


def test_paused_process_is_silent_until_resumed(node51: Host) -> None:
    """A paused sshd keeps its port open and says nothing; resumed, it greets again."""
    greets = ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/22; read -r -t 1 line <&3; [[ $line == SSH-* ]]"]
    assert node51.exec(greets).returncode == 0
    fault.pause(node51, "sshd")
    try:
        assert node51.exec(greets).returncode != 0
    finally:
        fault.resume(node51, "sshd")
    eventually(lambda: node51.exec(greets).returncode == 0)


def test_fault_on_missing_process_is_refused(node51: Host) -> None:
    """Killing what does not run is an error: the measurement after it would measure nothing."""
    with pytest.raises(LabError, match="no such process"):
        fault.kill(node51, "keepalived")


def test_power_cut_keeps_the_disk(node52: Host) -> None:
    """A host whose power was cut comes back with what it had on disk and under its pinned key."""
    node52.output(["sh", "-c", "echo here >/var/tmp/kept && sync"])
    fault.power_off(node52)
    assert lab("status", "--name", LAB).returncode == 1
    fault.power_on(node52)
    assert ssh(node52, "cat", "/var/tmp/kept").stdout == "here\n"


def test_probe_measures_how_long_a_service_was_away(push53: Host) -> None:
    """The gap of a paused service is the time it was paused, seen from a host's place in the network."""
    plan = state.of(LAB).plan()
    mirror = Host(LAB, "mirror")
    with Probe(push53, Target(str(plan.mirror), str(plan.mirror), str(state.of(LAB).mirror_ca), port=5000)) as probe:
        time.sleep(0.5)
        asked = time.monotonic()
        docker.docker("pause", mirror.container, doing="pausing the mirror")
        away = time.monotonic()
        time.sleep(1)
        back = time.monotonic()
        docker.docker("unpause", mirror.container, doing="resuming the mirror")
        resumed = time.monotonic()
        time.sleep(SLACK_MS / 1000 + 1)
    assert (back - away) * 1000 <= probe.report.gap_ms <= (resumed - asked) * 1000 + SLACK_MS
    assert probe.report.causes.get("timeout", 0) > 50


def test_exec_passes_streams_and_exit_code_on(running: dict[str, Host]) -> None:
    """`exec` is the command: its input, output and exit code are those of the program on the host."""
    done = lab("exec", "--name", LAB, "-i", "node51", "sh", "-c", "cat; echo apart >&2; exit 7", stdin="given")
    assert (done.stdout, done.stderr, done.returncode) == ("given", "apart\n", 7)


def test_unknown_host_is_one_sentence(running: dict[str, Host]) -> None:
    """A wrong host name is answered with a sentence and the next command, never a traceback."""
    done = lab("exec", "--name", LAB, "node99", "true")
    assert done.returncode == 1
    assert re.fullmatch(r"lab: .*node99.*python -m lab status --name t1\n", done.stderr)


def test_missing_host_is_repaired(node52: Host) -> None:
    """`up` brings back a host that is gone and leaves the others alone."""
    before = containers()
    docker.docker("rm", "--force", "--volumes", node52.container, doing="losing a host")
    assert lab("up", "pair", "--name", LAB).returncode == 0
    after = containers()
    assert after.pop(node52.container) != before.pop(node52.container)
    assert after == before
    assert ssh(node52, "true").returncode == 0


def test_two_labs_do_not_share_networks(running: dict[str, Host]) -> None:
    """A lab beside another has networks of its own: no address of one is in use by the other."""
    subnets: dict[str, list[str]] = {}
    for name in docker.labelled("network"):
        found = docker.inspect("network", name) or {}
        subnets.setdefault(found["Labels"][docker.LABEL], []).append(found["IPAM"]["Config"][0]["Subnet"])
    every = [subnet for of_lab in subnets.values() for subnet in of_lab]
    assert len(subnets[LAB]) == 2
    assert len(every) == len(set(every))


def everything(kinds: Sequence[docker.Kind] = ("container", "network", "volume")) -> list[str]:
    return [name for kind in kinds for name in docker.labelled(kind, LAB)]


def test_down_leaves_nothing(running: dict[str, Host]) -> None:
    """After `down` no container, network, volume or key of the lab is left, and a second `down` has nothing to do."""
    assert everything()
    assert lab("down", "--name", LAB).returncode == 0
    assert not cache.state(LAB).exists()
    assert not docker.answers() or everything() == []
    assert "nothing was left" in lab("down", "--name", LAB).stdout
