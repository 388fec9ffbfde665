"""A hand-made system A is found, refused, taken over, and given back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from tests.lab import handmade, snapshot
from tests.lab.deployment import Pair
from tests.lab.handmade import HandMade
from tests.lab.serving import await_standing
from tests.lab.settled import assert_as_found, images
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]

REPOSITORY = "before/adoption:1"
PER_RUN = re.compile(r"path /var/log/|path /var/lib/systemd/timers")
"""Written by every login and timer, not by the program."""
CLIENT_CACHE = r"path /var/lib/containers(/|:)"
"""Of skopeo on the client: the hand-made pair was pushed to by it, and a test leaves nothing there."""
STARTED_AGAIN = (r"link veth", r"mount /run/docker/netns/", r"nft \d+: .* 172\.17\.")
"""A hand-made container that was stopped and started: another cable, and Docker's rules for it in another order."""


@pytest.fixture(scope="module")
def machines(pair: Pair) -> Iterator[Pair]:
    """Hosts of a lab of their own, as the distribution leaves them."""
    own = Pair(f"{pair.lab}-adopt")
    own.renew()
    yield own
    own.take_down()


@pytest.fixture(scope="module")
def made(machines: Pair, tmp_path_factory: pytest.TempPathFactory) -> HandMade:
    """The hand-made pair on them, with an image in it."""
    found = handmade.certificate(machines, tmp_path_factory.mktemp("certificate"))
    handmade.build(machines, found)
    return replace(found, repository=REPOSITORY, digest=handmade.push(machines, REPOSITORY))


@pytest.fixture(scope="module")
def found(machines: Pair, made: HandMade) -> Mapping[str, Mapping[str, str]]:
    """What all hosts look like with it."""
    for name in machines.hosts:
        machines.ssh(name, ["sudo", "-n", "true"])
    return {name: machines.snapshot(name) for name in machines.hosts}


def changed(machines: Pair, found: Mapping[str, Mapping[str, str]]) -> list[str]:
    return [
        f"{name}: {line}"
        for name, before in found.items()
        for line in snapshot.difference(before, machines.snapshot(name))
        if not PER_RUN.match(line)
    ]


def test_found_pair_is_refused_without_adopt(machines: Pair, made: HandMade, found: Mapping[str, Mapping[str, str]]) -> None:
    """Without `adopt` an `up` names the container, its data, keepalived and VRID on each host, and changes nothing at all."""
    run = machines.up()
    assert run.code != 0
    for host in machines.registries:
        said = "\n".join(line for line in run.output.splitlines() if host.name in line)
        for thing in (f"container {handmade.CONTAINER}", handmade.DATA, handmade.KEEPALIVED, f"VRID {handmade.VRID}"):
            assert thing in said, f"{thing} of {host.name} is not named:\n{run.output}"
    assert "adopt: true" in run.output
    assert "Traceback" not in run.output
    assert changed(machines, found) == []


def test_wrong_vrid_is_refused_with_the_found_one(machines: Pair, made: HandMade, found: Mapping[str, Mapping[str, str]]) -> None:
    """Two groups of different VRID would both hold the VIP: `adopt` with another VRID is refused with the found one; nothing changes."""
    run = machines.up({**made.settings, "vip.vrid": 56}, made.secrets)
    assert run.code != 0
    assert "refused vip.vrid: 56: " in run.output, run.output
    assert f"write vrid: {handmade.VRID}" in run.output
    assert changed(machines, found) == []


def test_adopted_pair_serves_what_it_had(machines: Pair, made: HandMade) -> None:
    """With `adopt: true` the pair is ours: images pushed before are pulled through the VIP, on every node, digest equal."""
    machines.up(made.settings, made.secrets).succeeded()
    await_standing(machines)
    client = machines.client
    try:
        assert client.login().returncode == 0
        client.pull(made.repository, made.digest)
        client.pull("after/adoption:1", client.push("after/adoption:1"))
        path = f"/v2/{made.repository.partition(':')[0]}/manifests/{made.digest}"
        accept = "Accept: application/vnd.docker.distribution.manifest.v2+json"
        for host in machines.registries:
            assert client.status(path, "-H", accept, address=str(host.address)) == "200", host.name
            assert handmade.running(host) == "false no"
            assert "advert_int 0.1" in host.output(["cat", handmade.KEEPALIVED])
    finally:
        client.clean()
    again = machines.up(made.settings, made.secrets).succeeded()
    assert " updated (" not in again.output, again.output
    assert " created (" not in again.output, again.output


def test_destroy_gives_the_hand_made_pair_back(machines: Pair, made: HandMade, found: Mapping[str, Mapping[str, str]]) -> None:
    """`destroy` leaves the hand-made pair as it was found: running, same files, same owners, the VIP held, images served."""
    machines.destroy().succeeded()
    master = machines.registries[0].name
    eventually(machines.vip_holders, lambda held: held == [master], what=f"{master} holds the VIP", within_s=90, successes=10)
    for host in machines.registries:
        assert handmade.running(host) == "true always"
        owned = handmade.owners(host)
        assert {line.split()[1] for line in owned.splitlines()} == {"0:0"}, owned
    handmade.pull(machines, made.repository, made.digest)
    assert_as_found(machines, found, [*images(handmade.DATA), CLIENT_CACHE, *STARTED_AGAIN])
