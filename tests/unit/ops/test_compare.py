"""What compare finds on the registries of a pair, each a real HTTPS server at an address of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.golden.cases import own_certificate
from tests.unit.ops.conftest import Ops, secret
from tests.unit.ops.registry import PASSWORD, Node, serving

ONE, TWO = "127.0.0.1", "127.0.0.2"
DIFFERENT, UNASKED = 3, 4
AT_MOST_S = 30
"""For a thousand tags on two nodes."""


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


@pytest.fixture
def nodes(ops: Ops) -> Iterator[tuple[Node, Node]]:
    """Two nodes with the same images; the second holds the VIP."""
    certificate, key, ca = own_certificate()
    (ops.folder / "leaf.pem").write_text(certificate + key)
    with ExitStack() as stack:
        held = {
            "team/app": {"1": digest(1), "2": digest(2), "3": digest(3)},
            "base": {"1": digest(4)},
            "emptied": {},
            "zoo": {"9": digest(9)},
        }
        one = stack.enter_context(serving(Node(ONE, 0, {name: dict(tags) for name, tags in held.items()}), ops.folder / "leaf.pem"))
        port = one.server_port
        two = stack.enter_context(serving(Node(TWO, port, {name: dict(tags) for name, tags in held.items()}), ops.folder / "leaf.pem"))
        ops.outputs |= {
            "registryUrl": f"https://registry01.dev.com:{port}",
            "caCertificatePem": ca,
            "passwords": secret({"admin": PASSWORD, "other": "x"}),
        }
        for host, address, holds in (("node51", ONE, "no"), ("node52", TWO, "yes")):
            ops.script(host, "registry", "readonly PROBE=''\n", host=address)
            ops.script(host, "vip", f"echo status vip.held {holds}\n")
        yield one, two


def test_same_images_are_the_same(ops: Ops, nodes: tuple[Node, Node]) -> None:
    """Lists of several pages, and a repository without tags: exit 0, every tag counted once."""
    assert ops("compare").stdout == "5 tags on node51, 5 tags on node52; nothing differs from node52\n"


def test_missing_extra_and_differing_tags_are_named(ops: Ops, nodes: tuple[Node, Node]) -> None:
    """Each with its node and digests, judged by the holder of the VIP: exit 3."""
    one, two = nodes
    one.held["team/app"].pop("2")
    one.held["zoo"]["10"] = digest(10)
    two.held["base"]["1"] = digest(5)
    assert ops("compare", expect=DIFFERENT).stdout.splitlines() == [
        f"missing team/app:2 on node51: node52 has {digest(2)}",
        f"extra zoo:10 on node51: {digest(10)}, node52 has none",
        f"differs base:1 on node51: {digest(4)}, node52 has {digest(5)}",
        "5 tags on node51, 5 tags on node52; 3 differ from node52",
    ]
    told = json.loads(ops("compare", "--json", expect=DIFFERENT).stdout)
    assert told["reference"] == "node52"
    assert told["tags"] == {"node51": 5, "node52": 5}
    assert told["differing"] == [{"host": "node51", "image": "base:1", "digest": digest(4), "referenceDigest": digest(5)}]


def test_node_that_does_not_answer_is_named(ops: Ops, nodes: tuple[Node, Node]) -> None:
    """A node whose storage is away, and one whose port is closed: exit 4 with its address, and no word of what differs."""
    nodes[0].is_sick = True
    said = ops("compare", expect=UNASKED)
    assert said.stderr.startswith(f"{ONE}: /v2/_catalog?n=1000: answered 503")
    assert said.stdout == ""
    ops.script("node53", "registry", "", host="127.0.0.3")
    nodes[0].is_sick = False
    assert ops("compare", expect=UNASKED).stderr.startswith("127.0.0.3: GET https://registry01.dev.com:")


def test_other_certificate_gets_no_password(ops: Ops, nodes: tuple[Node, Node]) -> None:
    """A node whose certificate is of another CA is refused before anything is asked, and the password is never shown."""
    ops.outputs["caCertificatePem"] = own_certificate()[2]
    said = ops("compare", expect=UNASKED)
    assert "CERTIFICATE_VERIFY_FAILED" in said.stderr
    assert PASSWORD not in said.stderr + said.stdout


def test_thousand_tags_are_compared_in_time(ops: Ops, nodes: tuple[Node, Node]) -> None:
    """A thousand tags on each of two nodes in less than half a minute."""
    many = {f"many/{number}": {f"{tag}": digest(100 * number + tag) for tag in range(50)} for number in range(20)}
    for node in nodes:
        node.held, node.page = many, 100
    begun = time.monotonic()
    assert ops("compare").stdout.startswith("1000 tags on node51, 1000 tags on node52; nothing differs")
    assert time.monotonic() - begun < AT_MOST_S


def test_shared_storage_needs_no_comparison(ops: Ops) -> None:
    """Replicas that know each other as sharing a store are not asked: exit 0, and that is said."""
    for host in ("replica1", "replica2"):
        ops.script(host, "registry", "readonly PROBE=/etc/ha-registry/identity/probe\n", host="127.0.0.9")
    assert ops("compare").stdout == "x: all registries share one store, so there is nothing to compare\n"
    assert json.loads(ops("compare", "--json").stdout) == {"shared": True}
