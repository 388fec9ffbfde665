"""replication between two real registries, by the real skopeo: what is pushed on the holder reaches the other disk unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings import Pair
from tests.scripts.replicating import INDEX, MANIFEST, Node, eventually, pair

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def nodes(tmp_path: Path, system: Pair) -> Iterator[tuple[Node, Node]]:
    """Two registries; the first holds the VIP."""
    with pair(tmp_path, system) as both:
        both[0].hold(vip=True)
        yield both


def in_sync(node: Node) -> None:
    eventually(lambda: dict(node.status), lambda seen: seen.get("compared", "0") != "0" and (seen["behind"], seen["pending"]) == ("0", "0"))


def test_what_is_pushed_is_copied_at_once(nodes: tuple[Node, Node]) -> None:
    """A push on the holder is on the other disk with its digest long before the next full comparison; a moved tag follows."""
    holder, other = nodes
    holder.replicate()
    in_sync(holder)
    for text in ("first", "second"):
        other.awaits("team/app:1", holder.push("team/app:1", text))
    in_sync(holder)


def test_index_and_what_refers_to_it_are_copied(nodes: tuple[Node, Node]) -> None:
    """An index of two platforms comes with its untagged children, and an artifact by the tag under which referrers are listed."""
    holder, other = nodes
    holder.replicate()
    children = [holder.push("multi/app:", architecture) for architecture in ("amd64", "arm64")]
    described = [
        {"mediaType": MANIFEST, "digest": child, "size": len(holder.ask("GET", f"/v2/multi/app/manifests/{child}")[2])}
        for child in children
    ]
    platforms = [
        entry | {"platform": {"architecture": name, "os": "linux"}} for entry, name in zip(described, ("amd64", "arm64"), strict=True)
    ]
    index = holder.put("multi/app", "1", {"mediaType": INDEX, "manifests": platforms})
    signature = holder.push_blob("multi/app", b"signature")
    empty = {"mediaType": "application/vnd.oci.empty.v1+json", **holder.push_blob("multi/app", b"{}")}
    artifact = {
        "mediaType": MANIFEST,
        "artifactType": "application/vnd.example.signature",
        "config": empty,
        "layers": [{"mediaType": "application/vnd.example.signature", **signature}],
        "subject": {"mediaType": INDEX, "digest": index, "size": len(holder.ask("GET", "/v2/multi/app/manifests/1")[2])},
    }
    held = holder.put("multi/app", "", artifact)
    size = len(holder.ask("GET", f"/v2/multi/app/manifests/{held}")[2])
    tag = index.replace(":", "-")
    listed = holder.put("multi/app", tag, {"mediaType": INDEX, "manifests": [{"mediaType": MANIFEST, "digest": held, "size": size}]})
    other.awaits("multi/app:1", index)
    other.awaits(f"multi/app:{tag}", listed)
    for child in (*children, held):
        assert other.ask("GET", f"/v2/multi/app/manifests/{child}")[0] == 200
    assert other.ask("GET", f"/v2/multi/app/blobs/{signature['digest']}")[2] == b"signature"


def test_mounted_layer_is_copied(nodes: tuple[Node, Node]) -> None:
    """A layer that a push only mounted from another repository is readable in the copy of that repository."""
    holder, other = nodes
    holder.replicate()
    other.awaits("base/app:1", digest := holder.push("base/app:1"))
    document = json.loads(holder.ask("GET", f"/v2/base/app/manifests/{digest}")[2])
    for blob in (document["config"], *document["layers"]):
        path = f"/v2/derived/app/blobs/uploads/?mount={blob['digest']}&from=base/app"
        assert holder.ask("POST", path)[0] == 201
    del document["schemaVersion"]
    other.awaits("derived/app:1", holder.put("derived/app", "1", document))
    assert other.ask("GET", f"/v2/derived/app/blobs/{document['layers'][0]['digest']}")[0] == 200


def test_full_comparison_finds_what_no_event_told_of(nodes: tuple[Node, Node]) -> None:
    """Pushed while nothing listened, in a repository of its own: found when the copier starts, and by each comparison after."""
    holder, other = nodes
    holder.end("events")
    before = holder.push("quiet/app:1")
    holder.replicate(interval_s=1)
    other.awaits("quiet/app:1", before)
    other.awaits("quiet/other:1", holder.push("quiet/other:1"))


def test_nothing_is_copied_without_the_vip(nodes: tuple[Node, Node]) -> None:
    """A host that does not hold the VIP copies nothing; once it does, it copies what it has."""
    holder, other = nodes
    holder.hold(vip=False)
    holder.replicate(interval_s=1)
    digest = holder.push("late/app:1")
    eventually(lambda: holder.events, lambda seen: digest in seen)
    eventually(lambda: dict(holder.status), lambda seen: seen.get("role") == "standby")
    assert other.digest("late/app:1") == ""
    holder.hold(vip=True)
    other.awaits("late/app:1", digest)


def test_new_holder_takes_what_only_the_former_one_has(nodes: tuple[Node, Node]) -> None:
    """What was pushed and not copied when the VIP moved comes to the new holder, a tag moved there last included; nothing is lost."""
    former, holder = nodes
    former.replicate()
    holder.awaits("app:1", former.push("app:1", "first"))
    in_sync(former)
    former.end("replicator")
    moved, only = former.push("app:1", "second"), former.push("app:2")
    eventually(lambda: former.events, lambda seen: moved in seen and only in seen)
    former.hold(vip=False)
    holder.hold(vip=True)
    holder.replicate()
    holder.awaits("app:1", moved)
    holder.awaits("app:2", only)
    in_sync(holder)
    assert (former.digest("app:1"), holder.tags("app"), former.tags("app")) == (moved, ["1", "2"], ["1", "2"])


def test_tag_moved_on_both_hosts_means_the_newer_push(nodes: tuple[Node, Node]) -> None:
    """Whichever of two hosts is asked: the newer push has the tag, the older one is kept under a tag of its own, on both."""
    first, second = nodes
    first.replicate()
    second.awaits("app:1", first.push("app:1", "common"))
    second.awaits("app:2", first.push("app:2", "common"))
    in_sync(first)
    first.end("replicator")
    older, old = first.push("app:1", "of the first"), second.push("app:2", "of the second")
    newer, new = second.push("app:1", "of the second"), first.push("app:2", "of the first")
    eventually(lambda: first.events + second.events, lambda seen: all(digest in seen for digest in (older, newer, old, new)))
    first.replicate()
    for node in (second, first):
        node.awaits("app:1", newer)
        node.awaits("app:2", new)
        node.awaits(f"app:1.conflict-{older[7:19]}", older)
        node.awaits(f"app:2.conflict-{old[7:19]}", old)
    in_sync(first)
    assert "conflict app:1 was pushed on both hosts" in first.said


def test_tag_is_not_touched_while_nobody_knows_which_push_is_newer(nodes: tuple[Node, Node]) -> None:
    """Different on both hosts, and the other one does not say when it was pushed there: left as it is, and counted, until it says."""
    first, second = nodes
    mine, theirs = first.push("app:1", "of the first"), second.push("app:1", "of the second")
    eventually(lambda: first.events + second.events, lambda seen: mine in seen and theirs in seen)
    second.end("history")
    first.replicate(interval_s=1)
    eventually(lambda: dict(first.status), lambda seen: "does not say when it was pushed there" in seen.get("fault", ""))
    assert (first.status["pending"], first.digest("app:1"), second.digest("app:1")) == ("1", mine, theirs)
    second.end_all()
    second.serve()
    first.awaits("app:1", theirs)
    in_sync(first)


@pytest.mark.parametrize("moves_vip", [False, True])
def test_copy_that_took_long_overwrites_no_newer_push(nodes: tuple[Node, Node], *, moves_vip: bool) -> None:
    """A tag is pushed on its target while its older image is copied there, on the holder or on the host that just became it: it stays."""
    first, second = nodes
    source, target = (first, second) if moves_vip else (second, first)
    source.push("app:1", "older")
    with first.held_up("skopeo") as reached:
        first.replicate(interval_s=1)
        reached()
        assert (first.status["role"], first.status["pending"]) == ("holder", "1")
        assert first.status["behind"] != "0", "how far it is can be seen while it copies"
        newer = target.push("app:1", "newer")
        eventually(lambda: target.events, lambda seen: newer in seen)
        first.hold(vip=not moves_vip)
    if moves_vip:
        eventually(lambda: dict(first.status), lambda seen: seen.get("role") == "standby")
        second.hold(vip=True)
        second.replicate()
    for node in nodes:
        node.awaits("app:1", newer)


@pytest.mark.parametrize("by", ["tag", "digest"])
def test_deletion_is_copied_where_it_shall_be(nodes: tuple[Node, Node], by: str) -> None:
    """With `deletes` a tag that was deleted on the holder goes on the other host too; one that only it has is still taken."""
    holder, other = nodes
    holder.replicate(deletes="yes")
    other.awaits("app:1", digest := holder.push("app:1"))
    in_sync(holder)
    alone = other.push("app:2")
    eventually(lambda: other.events, lambda seen: alone in seen)
    assert holder.ask("DELETE", f"/v2/app/manifests/{'1' if by == 'tag' else digest}")[0] == 202
    other.awaits("app:1", "")
    holder.awaits("app:2", alone)


def test_deletion_is_not_copied_otherwise_nor_undone(nodes: tuple[Node, Node]) -> None:
    """Without `deletes` the other host keeps the image, and no comparison brings it back to the one where it was deleted."""
    holder, other = nodes
    holder.replicate(interval_s=1)
    other.awaits("app:1", digest := holder.push("app:1"))
    assert holder.ask("DELETE", "/v2/app/manifests/1")[0] == 202
    eventually(lambda: holder.events, lambda seen: " delete app 1 " in seen)
    after = holder.push("app:2")
    other.awaits("app:2", after)
    compared = holder.status["compared"]
    eventually(lambda: holder.status["compared"], lambda seen: int(seen) > int(compared) + 1)
    assert (holder.tags("app"), other.tags("app"), other.digest("app:1")) == (["2"], ["1", "2"], digest)


def test_returning_host_gets_what_it_missed(nodes: tuple[Node, Node]) -> None:
    """While the other host is off, that is said with the time since when; when it is back it gets everything."""
    holder, other = nodes
    holder.replicate()
    in_sync(holder)
    other.end_all()
    missed = [holder.push(f"app:{number}") for number in range(3)]
    eventually(lambda: dict(holder.status), lambda seen: "does not answer" in seen["fault"] and seen["behind"] != "0")
    other.serve()
    for number, digest in enumerate(missed):
        other.awaits(f"app:{number}", digest)
    in_sync(holder)
    assert holder.status["fault"] == ""


def test_proofs_are_not_copied(nodes: tuple[Node, Node]) -> None:
    """What a proof writes it takes back: a copy of it would stay on the other host for ever."""
    holder, other = nodes
    holder.push("ha-registry/proof:1")
    holder.replicate(interval_s=1)
    other.awaits("app:1", holder.push("app:1"))
    in_sync(holder)
    assert other.tags("ha-registry/proof") == []


def test_many_repositories_and_tags_are_listed(nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalog of several pages is read to its end."""
    holder, other = nodes
    program = holder.root / "usr/local/lib/ha-registry/replicator"
    digests = {f"many/{number}:1": holder.push(f"many/{number}:1") for number in range(7)}
    monkeypatch.setattr(Node, "_install", lambda *_: program.write_text(program.read_text().replace("PAGE=1000", "PAGE=3")))
    holder.replicate()
    in_sync(holder)
    assert {image: other.digest(image) for image in digests} == digests
    assert "PAGE=3" in program.read_text()


def test_receiver_survives_what_is_no_notification(nodes: tuple[Node, Node]) -> None:
    """Whatever is sent to the port of events is answered with 200, so that nothing waits behind it, and never becomes an event."""
    holder, _ = nodes
    events = {"timestamp": "2030-01-01T00:00:00Z", "action": "push", "target": {"repository": "a b", "tag": "1\n2"}}
    for body in ("", "no JSON", json.dumps({"events": [events]}), json.dumps({"events": [{"action": "pull"}]})):
        assert holder.notify(body) == 200
    assert holder.events == ""


def test_event_that_cannot_be_kept_is_refused(nodes: tuple[Node, Node]) -> None:
    """Where the queue takes no file the registry gets no 200, so that it tells again; once it does, the event is there."""
    holder, _ = nodes
    queue = holder.root / "var/spool/ha-registry/queue"
    queue.rmdir()
    digest = holder.push("app:1")
    target = {"repository": "app", "tag": "2", "digest": digest}
    told = json.dumps({"events": [{"timestamp": "2030-01-01T00:00:00Z", "action": "push", "target": target, "actor": {"name": "admin"}}]})
    assert holder.notify(told) == 500
    queue.mkdir()
    eventually(lambda: holder.events, lambda seen: f" push app 1 {digest} admin\n" in seen)
    assert holder.notify(told) == 200
    assert f"2030-01-01T00:00:00.000000000 push app 2 {digest} admin\n" in holder.events


def test_long_event_log_is_shortened(nodes: tuple[Node, Node]) -> None:
    """Beyond its limit only the newest events of each tag stay, so that a tag that is pushed for years fills no disk."""
    holder, other = nodes
    line = "2026-01-01T00:00:{number:02}.000000000 push app 1 sha256:{number:064} admin\n"
    log = holder.root / "var/spool/ha-registry/events"
    log.write_text("".join(line.format(number=number % 60) for number in range(40_000)))
    holder.replicate()
    in_sync(holder)
    assert len(log.read_text().splitlines()) == 10
    other.awaits("app:1", holder.push("app:1"))
