"""The two registries do not hear each other while clients reach both."""

from __future__ import annotations

import secrets

import pytest

from lab import fault
from lab.host import Host
from tests.lab.client import Client
from tests.lab.deployment import Pair
from tests.lab.serving import await_standing
from tests.lab.wait import eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

SEEN_WITHIN_S = 10
IMAGES_PER_HOST = 3


def push_to(client: Client, host: Host, repository: str) -> str:
    """The digest that `host` acknowledged when it took an image of new layers: skopeo ends with 0 only after a 201."""
    local, address = f"partition.example/{repository}", str(host.address)
    client.make_image(local)
    client.login_skopeo(address)
    trust = ["--dest-cert-dir", f"/etc/docker/certs.d/{client.name}"]
    kept = f"/root/ha-registry-client/{secrets.token_hex(4)}"
    done = client.skopeo(
        "--insecure-policy", "copy", "--digestfile", f"{kept}.digest", *trust, f"docker-daemon:{local}", f"docker://{address}/{repository}"
    )
    assert done.returncode == 0, f"push to {host.name}: {done.stderr}"
    client.host.output(["docker", "image", "rm", "--force", local])
    return client.host.output(["cat", f"{kept}.digest"]).strip()


@pytest.mark.parametrize("both_ways", [True, False], ids=["both-ways", "one-way"])
def test_two_holders_are_seen_and_one_is_left(deployed: Pair, client: Client, both_ways: bool) -> None:
    """Separated hosts both hold the VIP within 10 s, healed exactly one does, and each still has what it acknowledged meanwhile."""
    holder, standby = await_standing(deployed)
    acknowledged: dict[tuple[Host, str], str] = {}
    fault.partition(holder, standby, both_ways=both_ways)
    try:
        both = sorted([holder.name, standby.name])
        eventually(lambda: sorted(deployed.vip_holders()), lambda held: held == both, what="two holders", within_s=SEEN_WITHIN_S)
        for number in range(IMAGES_PER_HOST):
            for host in (holder, standby):
                repository = f"partition/{host.name}-{secrets.token_hex(3)}:{number}"
                acknowledged[host, repository] = push_to(client, host, repository)
        assert sorted(deployed.vip_holders()) == both, "the hosts were not separated all the time"
    finally:
        fault.mend(deployed.lab)
    await_standing(deployed)
    for (host, repository), digest in acknowledged.items():
        address = str(host.address)
        client.login_skopeo(address)
        assert client.digest_by_skopeo(repository, registry=address) == digest
        named = f"{repository.partition(':')[0]}@{digest}"
        done = client.copy_by_skopeo(named, f"back-{secrets.token_hex(4)}", registry=address)
        assert done.returncode == 0, f"{named} of {host.name}: {done.stderr}"
