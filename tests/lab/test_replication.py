"""Images of a pair on two disks, in one story: what is pushed through the VIP reaches the other host, whatever happens to either."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lab import fault
from lab.host import Host
from tests.lab.begun import Begun
from tests.lab.client import WORK, Client
from tests.lab.deployment import Pair
from tests.lab.serving import await_holder, await_standing
from tests.lab.settled import assert_as_found, assert_no_drift_and_silence, assert_nothing_to_change, images
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]

COPIED_S = 30
"""For a small image to be on the other disk, on a machine that runs the whole lab."""
RETURNED_S = 150
"""The same for a host that came back: the holder looks for it at least every minute."""
REPLICATOR = "ha-registry-replicator.service"
MANIFEST, LIST = "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.list.v2+json"


@pytest.fixture(scope="module")
def begun(fresh: Pair) -> Begun[Pair]:
    return Begun.of(fresh)


@pytest.fixture(scope="module")
def served(begun: Begun[Pair]) -> Pair:
    return begun.served()


@pytest.fixture(scope="module")
def client(served: Pair) -> Iterator[Client]:
    made = served.client
    yield made
    made.clean()


def digest_at(client: Client, host: Host, image: str) -> str:
    """The digest behind a tag on one host; empty where it is not there."""
    repository, _, tag = image.partition(":")
    said = client.curl(f"/v2/{repository}/manifests/{tag}", "-I", "-H", f"Accept: {MANIFEST}, {LIST}", address=str(host.address)).stdout
    headers = dict(line.lower().split(": ", 1) for line in said.splitlines() if ": " in line)
    return headers.get("docker-content-digest", "") if " 200" in said.partition("\n")[0] else ""


def await_copy(client: Client, host: Host, image: str, digest: str, *, within_s: float = COPIED_S) -> None:
    """Returns once the tag means that digest on the host."""
    eventually(lambda: digest_at(client, host, image), lambda seen: seen == digest, what=f"{image} on {host.name}", within_s=within_s)


def status_of(pair: Pair, host: Host) -> dict[str, str]:
    """What the concern reports there."""
    said = pair.run_script(host.name, "replication", "status").stdout.splitlines()
    return dict(line.removeprefix("status replication.").split(" ", 1) for line in said)


def test_push_through_the_vip_is_copied(served: Pair, client: Client) -> None:
    """What Docker pushed through the VIP is on the other host's disk, is pulled there by its digest, and no lag is left."""
    holder, other = await_standing(served)
    digest = client.push("replication/app:1")
    await_copy(client, other, "replication/app:1", digest)
    with client.trusting(str(other.address)):
        assert client.login(registry=str(other.address)).returncode == 0
        client.pull("replication/app:1", digest, registry=str(other.address))
    wanted = {"role": "holder", "current": "yes", "pending": "0", "lag_seconds": "0"}
    eventually(lambda: status_of(served, holder), lambda seen: wanted.items() <= seen.items(), what="nothing left to copy")
    assert status_of(served, other)["role"] == "standby"


def test_index_of_two_platforms_is_copied(served: Pair, client: Client) -> None:
    """An index is copied with both images that it names, although no tag leads to the first one."""
    _, other = await_standing(served)
    entries: list[dict[str, object]] = []
    for architecture in ("amd64", "arm64"):
        digest = client.push("replication/multi:part")
        size = len(client.curl(f"/v2/replication/multi/manifests/{digest}", "-H", f"Accept: {MANIFEST}").stdout)
        platform = {"architecture": architecture, "os": "linux"}
        entries.append({"mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform})
    index = json.dumps({"schemaVersion": 2, "mediaType": LIST, "manifests": entries})
    client.host.output(["sh", "-c", f"mkdir -p {WORK} && cat >{WORK}/index"], index)
    put = ("-X", "PUT", "-H", f"Content-Type: {LIST}", "--data-binary", f"@{WORK}/index")
    assert client.status("/v2/replication/multi/manifests/1", *put) == "201"
    holder, _ = await_standing(served)
    await_copy(client, other, "replication/multi:1", digest_at(client, holder, "replication/multi:1"))
    for entry in entries:
        path = f"/v2/replication/multi/manifests/{entry['digest']}"
        assert client.status(path, "-H", f"Accept: {MANIFEST}", address=str(other.address)) == "200"


def test_image_is_readable_when_the_holder_is_cut_off(served: Pair, client: Client) -> None:
    """Copied, then the holder's cable is pulled: the image is pulled through the VIP, from the other host."""
    holder, other = await_standing(served)
    digest = client.push("replication/cut:1")
    await_copy(client, other, "replication/cut:1", digest)
    fault.cut(holder)
    try:
        await_holder(served, other)
        client.pull("replication/cut:1", digest)
    finally:
        fault.heal(holder)
    await_standing(served)


def test_returning_host_gets_what_it_missed(served: Pair, client: Client) -> None:
    """Pushed while the other host was without power: it has it after it came back."""
    _, other = await_standing(served)
    fault.power_off(other)
    try:
        digest = client.push("replication/missed:1")
    finally:
        fault.power_on(other)
    await_copy(client, other, "replication/missed:1", digest, within_s=RETURNED_S)
    await_standing(served)


def test_what_only_the_former_holder_has_comes_to_the_new_one(served: Pair, client: Client) -> None:
    """Pushed, not copied, and the VIP moves: the new holder takes it, a tag that was moved last on the former one included."""
    former, taker = await_standing(served)
    await_copy(client, taker, "replication/moved:1", client.push("replication/moved:1"))
    former.output(["systemctl", "stop", REPLICATOR])
    try:
        only, moved = client.push("replication/only:1"), client.push("replication/moved:1")
        fault.kill(former, "registry")
        await_holder(served, taker)
        await_copy(client, taker, "replication/only:1", only, within_s=RETURNED_S)
        await_copy(client, taker, "replication/moved:1", moved, within_s=RETURNED_S)
    finally:
        former.output(["systemctl", "start", REPLICATOR])
    await_standing(served)
    assert digest_at(client, former, "replication/moved:1") == moved


def test_copies_go_on_after_a_killed_copier(served: Pair, client: Client) -> None:
    """The copier is killed, a push follows: systemd starts it again, and the push is copied."""
    holder, other = await_standing(served)
    holder.output(["systemctl", "kill", "--signal=KILL", REPLICATOR])
    await_copy(client, other, "replication/killed:1", client.push("replication/killed:1"))


def test_log_of_pushes_is_closed_to_clients(served: Pair, client: Client) -> None:
    """The other registry reads who pushed what, and push53 gets no connection there."""
    holder, other = await_standing(served)
    connect = ["timeout", "3", "bash", "-c", f"exec 3<>/dev/tcp/{holder.address}/15449 && tail -n 1 <&3"]
    assert other.exec(connect).stdout.strip() == "end"
    assert client.host.exec(connect).returncode != 0


def test_second_up_changes_nothing(served: Pair) -> None:
    """With images copied, `preview` expects no change, `up` runs no script, `verify` finds no drift, and a second `apply` is silent."""
    assert_nothing_to_change(served)
    assert "replication" in assert_no_drift_and_silence(served)


def test_destroy_leaves_hosts_as_they_were(begun: Begun[Pair], served: Pair, client: Client) -> None:
    """Nothing of the copier, its queue or its packages is left on any host; the images are."""
    client.clean()
    served.destroy().succeeded()
    data = served.system.storage.local.path if served.system.storage.local else ""
    assert_as_found(served, begun.before, images(data))
