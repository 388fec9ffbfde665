"""What status makes of hosts that report through a real sshd, and of real HTTPS servers at their addresses and at the VIP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.unit.ops.conftest import Ops, secret
from tests.unit.ops.leaf import Issuer
from tests.unit.ops.registry import PASSWORD, Node, serving

ONE, TWO, VIP = "127.0.0.1", "127.0.0.2", "127.0.0.3"
WELL, DEGRADED, NOT_SERVED, UNKNOWN = 0, 1, 2, 3
GIB = 2**30


class Pair:
    """Two nodes and what they report; the first holds the VIP, and answers there."""

    def __init__(self, ops: Ops, running: ExitStack, *, days: int = 100) -> None:
        self.ops, issuer = ops, Issuer()
        leaves = {host: issuer.leaf(ops.folder / host, [address, VIP], days=days) for host, address in (("node51", ONE), ("node52", TWO))}
        self.at_vip = running.enter_context(serving(Node(VIP, 0, {}), leaves["node51"]))
        for host, address in (("node51", ONE), ("node52", TWO)):
            running.enter_context(serving(Node(address, self.at_vip.server_port, {}), leaves[host]))
        ops.outputs |= {
            "registryUrl": f"https://registry01.dev.com:{self.at_vip.server_port}",
            "vipAddress": VIP,
            "caCertificatePem": issuer.pem,
            "passwords": secret({"admin": PASSWORD}),
        }
        self.told = {
            "node51": {"vip.held": "yes", "vip.ready": "yes", "vip.answers": "yes", "registry.ready": "yes"},
            "node52": {"vip.held": "no", "vip.ready": "yes", "vip.answers": "yes", "registry.ready": "yes"},
        }
        for told in self.told.values():
            told |= {"replication.current": "yes", "replication.lag_seconds": "0", "replication.conflicts": "0"}
            told |= {"registry.image": "registry:3.1.1", "disk.free_bytes": str(20 * GIB)}

    def __call__(self, *arguments: str, expect: int = WELL) -> str:
        """What `status` says of them."""
        self.ops.resources = [each for each in self.ops.resources if "unreachable" in str(each) or "front" in each["urn"]]
        for (host, told), address in zip(self.told.items(), (ONE, TWO), strict=True):
            for concern in ("registry", "replication", "vip"):
                of = ("registry.", "disk.") if concern == "registry" else (f"{concern}.",)
                lines = [f"echo 'status {key} {value}'" for key, value in told.items() if key.startswith(of)]
                self.ops.script(host, concern, "\n".join(['[ "$1" = status ] || exit 64', *lines, ""]), host=address)
            self.ops.script(host, "precheck", f"readonly RESERVE_BYTES={10 * GIB}\n", host=address)
        return self.ops("status", *arguments, expect=expect).stdout

    def json(self, *arguments: str, expect: int) -> dict[str, Any]:
        """The same, parsed."""
        return json.loads(self(*arguments, "--json", expect=expect))


@pytest.fixture
def running() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def pair(ops: Ops, running: ExitStack) -> Pair:
    return Pair(ops, running)


def test_pair_is_well(pair: Pair) -> None:
    """Nothing is wrong: exit 0, and everything that was asked is told."""
    seen = pair.json(expect=WELL)
    assert (seen["served"], seen["faults"]) == (True, [])
    assert seen["vip"] == {"address": VIP, "heldBy": ["node51"], "answer": "200", "clientReaches": "node51"}
    assert [seen["hosts"]["node52"][key] for key in ("certificateDays", "disk.free_bytes", "registry.image")] == [
        100,
        str(20 * GIB),
        "registry:3.1.1",
    ]


def test_screen_shows_it_without_a_secret(pair: Pair) -> None:
    """For people: the verdict, each host with what it has left, and no password."""
    said = pair()
    assert said.startswith("well   https://registry01.dev.com:")
    assert f"VIP {VIP}   held by node51   node51 answers 200" in said
    assert all(word in said for word in ("node52", "registry, vip", "20.0 Gi", "100 days"))
    assert PASSWORD not in said


def test_screen_shows_how_far_copies_are(pair: Pair) -> None:
    """Of the host that copies: what is still to do, since when, and when all was compared."""
    copying = {"role": "holder", "pending": "3", "lag_seconds": "7", "compared_seconds_ago": "40"}
    pair.told["node51"] |= {f"replication.{key}": value for key, value in copying.items()}
    pair.told["node52"]["replication.role"] = "standby"
    said = pair()
    assert "copies from node51   3 to do   7 s behind   all compared 40 s ago" in said
    assert "copies from node52" not in said


@pytest.mark.parametrize(
    ("host", "key", "value", "fault"),
    [
        ("node52", "registry.ready", "no", "node52 registry.ready is no"),
        ("node52", "vip.drained", "yes", "node52 is drained"),
        ("node52", "disk.free_bytes", str(GIB), "node52 1.0 Gi are left on its disk, less than storage.local.reserve (10.0 Gi)"),
        ("node52", "vip.held", "yes", "the VIP is held by node51 and node52"),
        ("node51", "vip.held", "no", "the VIP is held by nobody that could be asked"),
        ("node51", "replication.current", "no", "node51 replication.current is no"),
        ("node51", "replication.fault", "no answer", "node51 has not copied all images for 0 s: no answer"),
        (
            "node51",
            "replication.conflicts",
            "2",
            "node51 found 2 tags that were pushed on both hosts, and kept the older push as TAG.conflict-DIGEST",
        ),
    ],
)
def test_fault_of_a_host_is_named(pair: Pair, host: str, key: str, value: str, fault: str) -> None:
    """One thing is wrong and the VIP is served: exit 1, that one fault in words."""
    pair.told[host][key] = value
    assert pair.json(expect=DEGRADED)["faults"] == [fault]


def test_client_that_reaches_another_host_is_told(pair: Pair) -> None:
    """The certificate at the VIP is not that of the host that says it holds it: a split, seen from outside."""
    pair.told["node51"]["vip.held"], pair.told["node52"]["vip.held"] = "no", "yes"
    assert pair.json(expect=DEGRADED)["faults"] == ["this machine reaches node51 at the VIP, and node52 holds it"]


def test_host_that_cannot_be_asked_is_named(pair: Pair) -> None:
    """It is neither well nor down but silent, with its address; the VIP is served: exit 1."""
    pair.ops.script("node59", "vip", "# unreachable\n", port=1)
    seen = pair.json(expect=DEGRADED)
    [fault] = seen["faults"]
    assert fault.startswith("node59 cannot be asked: root@127.0.0.1 port 1: ")
    assert seen["hosts"]["node59"]["asked"] is False


def test_vip_that_answers_nobody_is_not_served(pair: Pair) -> None:
    """Neither this machine nor a host gets an answer there: exit 2. Where a host does, it is this machine's way that fails: exit 1."""
    pair.at_vip.is_sick = True
    assert pair.json(expect=DEGRADED)["faults"] == [f"at the VIP {VIP} this machine got 503"]
    for told in pair.told.values():
        told["vip.answers"] = "no"
    assert pair.json(expect=NOT_SERVED)["served"] is False
    assert pair(expect=NOT_SERVED).startswith("NOT SERVED ")


def test_certificate_that_ends_soon_is_a_fault(ops: Ops, running: ExitStack) -> None:
    """Days before its end, exit 1 and what to run."""
    faults = Pair(ops, running, days=5).json(expect=DEGRADED)["faults"]
    assert faults == [f"{host} its certificate ends in 5 days; run: pulumi up" for host in ("node51", "node52")]


def test_replicas_are_told_as_the_fronts_see_them(pair: Pair) -> None:
    """Where fronts are, each registry's state in their pool; one that is not up is a fault."""
    pair.at_vip.replicas = {"replica1": "up", "replica2": "drain"}
    pair.ops.script("front1", "front", "echo status front.ready yes\n")
    pair.ops.script("front1", "proof", f"readonly HEALTH_PORT={pair.at_vip.server_port}\n")
    seen = pair.json(expect=DEGRADED)
    assert seen["replicas"] == {"replica1": "up", "replica2": "drain"}
    assert seen["faults"] == ["replica replica2 is drain to the fronts"]
    pair.at_vip.replicas = {}
    assert pair.json(expect=DEGRADED)["faults"] == [f"the fronts do not say which registries serve: no answer at the VIP {VIP} to /health"]


def test_drift_is_asked_only_on_request(pair: Pair) -> None:
    """`--drift` tells the hosts that differ from what was deployed; without it nobody is asked that."""
    assert pair.json(expect=WELL)["drift"] is None
    drifts = '[ "$1" != verify ] || { echo drift file /x expected=1 actual=2; exit 3; }\n'
    pair.ops.script("front1", "base", drifts)
    told = pair.json("--drift", expect=DEGRADED)
    assert told["drift"] == ["front1"]
    assert told["faults"] == ["front1 differs from what was deployed; run: python -m ops verify"]


def test_stack_that_cannot_be_read_is_unknown(ops: Ops) -> None:
    """Nothing is deployed, or it is in a cluster: exit 3, which monitoring takes for unknown."""
    assert "kubectl get deployment,pods" in ops("status", expect=UNKNOWN).stderr
    ops.outputs.clear()
    assert "nothing is deployed" in ops("status", expect=UNKNOWN).stderr
