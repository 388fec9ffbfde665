"""What drain, undrain and failover do with the deployed scripts of a pair, entered through a real sshd."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings import Pair
from tests.scripts.concerns import Concerns
from tests.scripts.sandbox import Sandbox, rooted
from tests.unit.ops.conftest import Ops

VIP, MOVED = "192.168.23.50", "run/ha-registry/moved.down"
REFUSED, UNREACHABLE = 69, 4
EVERY_S = 0.02


class Keepalived:
    """Moves the VIP between pretended hosts as keepalived does: by track files, and no sooner than it must."""

    def __init__(self, hosts: dict[str, Sandbox]) -> None:
        self.hosts, self.holder, self._end = hosts, "registry01", threading.Event()
        self._watch = threading.Thread(target=self._run)

    def __enter__(self) -> Keepalived:
        self._place()
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._watch.join()

    def _run(self) -> None:
        while not self._end.wait(EVERY_S):
            if not self._may(self.holder):
                self.holder = next((name for name in self.hosts if self._may(name)), self.holder)
                self._place()

    def _may(self, name: str) -> bool:
        files = [self.hosts[name].root / "run/ha-registry" / f"{kind}.down" for kind in ("unit", "probe", "moved")]
        return all(not file.exists() or file.read_text().strip() == "0" for file in files)

    def _place(self) -> None:
        for name, sandbox in self.hosts.items():
            sandbox.set("addresses", f"ens192 192.168.23.51/20\n{f'ens192 {VIP}/20' if name == self.holder else ''}\n")


@pytest.fixture
def pair(ops: Ops, complete: Sandbox, tmp_path: Path, system: Pair) -> Iterator[Keepalived]:
    """Two registries that serve, the first with the VIP, and a client."""
    hosts: dict[str, Sandbox] = {}
    for host in system.registries:
        hosts[host.name] = sandbox = complete.copy(tmp_path / host.name)
        for address in (VIP, *(each.address for each in system.registries)):
            sandbox.set(f"http/{address}:443", "ready")
        sandbox.set("answering", f"{VIP}\n")
        scripts = Concerns(system, host)
        ops.host(host.name, sandbox, {concern: rooted(scripts[concern]).text for concern in ("registry", "vip")})
    ops.script("push01", "trust", "exit 0\n")
    with Keepalived(hosts) as running:
        yield running


def moved(pair: Keepalived) -> dict[str, str]:
    files = {name: sandbox.root / MOVED for name, sandbox in pair.hosts.items()}
    return {name: file.read_text().strip() if file.exists() else "0" for name, file in files.items()}


def test_drain_moves_the_vip_and_undrain_gives_the_host_back(ops: Ops, pair: Keepalived) -> None:
    """Of the holder: another one holds the VIP when it ends, how long it took is said, and undrain moves nothing."""
    said = ops("drain", "registry01").stdout
    assert f"vip {VIP}/20: moved away\n" in said
    assert "registry01 is drained after " in said
    assert "python -m ops undrain registry01 --stack x" in said
    assert (pair.holder, moved(pair)) == ("registry02", {"registry01": "1", "registry02": "0"})
    assert ops("undrain", "registry01").stdout == "registry01 may serve again\n"
    assert (pair.holder, moved(pair)) == ("registry02", {"registry01": "0", "registry02": "0"})


def test_drain_of_the_standby_moves_nothing(ops: Ops, pair: Keepalived) -> None:
    """It does not hold the VIP: nothing happens, and that is said."""
    assert "registry02 does not hold the VIP" in ops("drain", "registry02").stdout
    assert (pair.holder, moved(pair)) == ("registry01", {"registry01": "0", "registry02": "0"})


@pytest.mark.parametrize("objects", ["unit", "probe", "moved"])
@pytest.mark.parametrize("verb", [["drain", "registry01"], ["failover"]], ids=" ".join)
def test_nobody_to_take_over_is_refused(ops: Ops, pair: Keepalived, verb: list[str], objects: str) -> None:
    """The other host serves, but one of its track files objects: exit 69, it is named, the VIP is not given away for a moment."""
    pair.hosts["registry02"].file(f"run/ha-registry/{objects}.down", "1\n")
    said = ops(*verb, expect=REFUSED).stderr
    assert said == "registry01 stays in service: no other host could take the VIP (registry02: not ready); mend one of them first\n"
    assert not (pair.hosts["registry01"].root / MOVED).exists() or moved(pair)["registry01"] == "0"
    assert "changed" not in pair.hosts["registry01"].get("calls")


def test_unreachable_target_is_named(ops: Ops, pair: Keepalived) -> None:
    """A host that cannot be asked is no healthy target, and why is said; nothing is moved."""
    for resource in ops.resources:
        if "registry02" in resource["urn"]:
            resource["inputs"]["connection"] = {**ops.way, "port": 1}
    said = ops("failover", expect=REFUSED).stderr
    assert "registry02: root@127.0.0.1 port 1: " in said
    assert pair.holder == "registry01"
    assert "registry02: root@127.0.0.1 port 1: " in ops("drain", "registry02", expect=UNREACHABLE).stderr


def test_failover_leaves_the_old_holder_as_standby(ops: Ops, pair: Keepalived) -> None:
    """Another host holds the VIP and serves, and the old one may hold it again: two failovers end where it began."""
    assert "the VIP moved from registry01 to registry02, which serves, in " in ops("failover").stdout
    assert (pair.holder, moved(pair)) == ("registry02", {"registry01": "0", "registry02": "0"})
    assert "the VIP moved from registry02 to registry01, which serves, in " in ops("failover").stdout
    assert (pair.holder, moved(pair)) == ("registry01", {"registry01": "0", "registry02": "0"})


def test_failover_that_nobody_took_gives_the_holder_back(ops: Ops, pair: Keepalived, system: Pair) -> None:
    """The script gives up because the VIP answers nowhere: its exit code and words are ours, and the host is not left drained."""
    pair.hosts["registry01"].set("answering", "")
    hurried = rooted(Concerns(system)["vip"]).text.replace("readonly MOVE_S=10", "readonly MOVE_S=0")
    ops.host("registry01", pair.hosts["registry01"], {"vip": hurried})
    assert "no peer took" in ops("failover", expect=75).stderr
    assert moved(pair)["registry01"] == "0"


def test_who_serves_nothing_cannot_be_drained(ops: Ops, pair: Keepalived) -> None:
    """A client, and a name that is no host: exit 1, and what to choose."""
    assert "push01 is a client" in ops("drain", "push01", expect=1).stderr
    assert "no host registry03; choose one of: registry01, registry02, push01" in ops("undrain", "registry03", expect=1).stderr


def test_registry_behind_fronts_is_drained_by_its_own_script(ops: Ops) -> None:
    """Where a host holds no VIP, the verbs are those of its registry, with their exit codes and words."""
    ops.script("replica1", "registry", '[ "$1" = drain ] && echo "failed replica1 registry: no other registry is ready" >&2 && exit 69\n')
    assert ops("drain", "replica1", expect=REFUSED).stderr == "failed replica1 registry: no other registry is ready\n"


@pytest.mark.parametrize("verb", [["drain", "node1"], ["undrain", "node1"], ["failover"]], ids=" ".join)
def test_cluster_has_its_own_verbs(ops: Ops, verb: list[str]) -> None:
    """Where there is no machine, each verb says that it does not apply."""
    assert f"x: {verb[0]} asks machines by SSH, and this stack is in a cluster" in ops(*verb, expect=1).stderr
