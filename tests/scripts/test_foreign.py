"""What stood on a host before us: kept, and put back as it was."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.scripts.concerns import Concerns
from tests.scripts.sandbox import Sandbox
from tests.scripts.snapshot import Entry, leftovers, outside_state

KEEPALIVED = "/etc/keepalived/keepalived.conf"
DATA = "/data/registry"


@pytest.fixture
def adopting(scripts: Concerns) -> Concerns:
    """System A with adopt: true."""
    return Concerns(scripts.system.model_copy(update={"adopt": True}))


def test_file_that_stood_there_comes_back(scripts: Concerns, based: Sandbox) -> None:
    """remove puts a found file back byte for byte and mode for mode, however often apply ran."""
    found = based.file("/etc/docker/certs.d/registry01.dev.com/ca.crt", "of a colleague\n", 0o640)
    before = outside_state(based.tree())
    based.run(scripts["trust"], "apply")
    assert found.read_text() != "of a colleague\n"
    based.file("/etc/docker/certs.d/registry01.dev.com/ca.crt", "edited by hand while ours\n")
    based.run(scripts["trust"], "apply")
    based.run(scripts["trust"], "remove")
    assert leftovers(before, outside_state(based.tree())) == []


@pytest.mark.parametrize(
    "hosts",
    [
        "127.0.0.1 localhost\n",
        "127.0.0.1 localhost",
        "127.0.0.1 localhost\n\n\n",
        "",
        "127.0.0.1 localhost\n192.168.23.50 registry01.dev.com\n",
        "192.168.23.50 registry01.dev.com extra\n",
    ],
    ids=["plain", "no final newline", "blank lines", "empty", "entry of the admin", "similar entry"],
)
def test_hosts_file_comes_back_byte_for_byte(hosts: str, scripts: Concerns, based: Sandbox) -> None:
    """Whatever /etc/hosts looked like, our line stands alone in it, and remove leaves the rest untouched."""
    based.file("/etc/hosts", hosts)
    based.run(scripts["trust"], "apply")
    lines = (based.root / "etc/hosts").read_text().splitlines()
    assert lines.count("192.168.23.50 registry01.dev.com") == 1
    based.run(scripts["trust"], "verify")
    based.run(scripts["trust"], "remove")
    assert (based.root / "etc/hosts").read_text() in {hosts, f"{hosts}\n"}  # a final newline that was missing stays


def test_directory_that_stood_there_keeps_owner_and_mode(scripts: Concerns, based: Sandbox) -> None:
    """A folder that was there before gets its mode back and is not removed."""
    folder = based.root / "etc/ha-registry/identity"
    folder.mkdir(parents=True)
    folder.chmod(0o750)
    before = outside_state(based.tree())
    based.run(scripts["identity"], "apply")
    based.run(scripts["identity"], "remove")
    assert leftovers(before, outside_state(based.tree())) == []


def test_folder_with_files_of_others_stays(scripts: Concerns, based: Sandbox) -> None:
    """What others put into a folder of ours is never deleted; the folder is named as kept."""
    based.run(scripts["identity"], "apply")
    based.file("/etc/ha-registry/identity/auth/notes", "mine\n")
    ran = based.run(scripts["identity"], "remove")
    assert "kept /etc/ha-registry/identity/auth" in ran.out
    assert (based.root / "etc/ha-registry/identity/auth/notes").read_text() == "mine\n"


def test_packages_that_were_there_stay(scripts: Concerns, host: Sandbox) -> None:
    """Only what we installed is purged: curl of the admin stays, and so does Docker of the admin."""
    host.brought("curl", package="curl")
    host.brought("docker", "dockerd", package="docker-ce")
    host.run(scripts["base"], "apply")
    assert not host.has("packages/docker.io")
    host.run(scripts["base"], "remove")
    assert host.has("packages/curl")
    assert host.has("packages/docker-ce")
    assert not host.has("packages/nftables")


def test_package_that_others_need_by_now_stays(scripts: Concerns, based: Sandbox) -> None:
    """A package on which somebody's later package stands is kept, and the message says for whom."""
    based.run(scripts["vip"], "apply")
    (based.state / "packages/monitoring-agent").write_text("keepalived")
    ran = based.run(scripts["vip"], "remove")
    assert "kept package keepalived: needed by monitoring-agent" in ran.out
    assert based.has("packages/keepalived")


def test_account_of_others_stays(scripts: Concerns, host: Sandbox) -> None:
    """An account of that name that was there before is used and not deleted."""
    host.set("accounts/ha-registry", "")
    host.run(scripts["base"], "apply")
    host.run(scripts["base"], "remove")
    assert host.has("accounts/ha-registry")


def test_docker_with_containers_of_others_stays(scripts: Concerns, based: Sandbox) -> None:
    """Docker that we installed and others use by now keeps its images and containers."""
    based.container("theirs", publish="8080", data="")
    based.file("/var/lib/docker/overlay2/layer", "bytes\n")
    ran = based.run(scripts["base"], "remove")
    assert "kept docker: 1 containers of others" in ran.out
    assert (based.root / "var/lib/docker/overlay2/layer").exists()


def test_rules_of_the_admin_outlive_docker(scripts: Concerns, host: Sandbox) -> None:
    """With the Docker that we brought go its rules, chains and tables; what the admin had in the same tables stays."""
    host.set("iptables/filter", ":INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n")
    before = host.get("iptables/filter")
    host.run(scripts["base"], "apply")
    assert "DOCKER" in host.get("iptables/filter")
    host.run(scripts["base"], "remove")
    assert host.get("iptables/filter") == before
    assert not host.has("iptables/nat")
    assert not host.has("links/docker0")


def test_foreign_keepalived_comes_back(adopting: Concerns, based: Sandbox) -> None:
    """A hand-made keepalived is taken over by vip, and runs with its own configuration after remove."""
    based.brought("keepalived", package="keepalived")
    based.unit("keepalived.service", active=True)
    based.file(KEEPALIVED, "vrrp_instance theirs {\n  virtual_router_id 55\n}\n", 0o640)
    before, host_before = outside_state(based.tree()), based.host()
    based.run(adopting["vip"], "apply")
    assert "registry" in (based.root / KEEPALIVED[1:]).read_text()
    ran = based.run(adopting["vip"], "remove")
    assert "could not" not in ran.out
    assert leftovers(before, outside_state(based.tree())) == []
    assert leftovers(host_before, based.host()) == []


def test_parked_container_and_its_data_come_back(adopting: Concerns, based: Sandbox) -> None:
    """The hand-made registry is stopped, its images served by ours, and remove gives both back as they were."""
    data = based.file(f"{DATA}/docker/registry/v2/blob", "image of the admin\n", 0o640).parents[3]
    data.chmod(0o755)
    based.container("registry", publish="443 80", data=DATA)
    based.run(adopting["identity"], "apply")
    before, host_before = outside_state(based.tree()), based.host()

    said = based.run(adopting["registry"], "apply").out
    assert "changed parked registry: stopped" in said
    assert based.container_field("registry", "running") == "false"
    assert based.container_field("registry", "restart") == "no"
    assert based.tree()["data/registry/docker/registry/v2/blob"].owner == "ha-registry:ha-registry"
    assert based.run(adopting["registry"], "apply").out == ""

    based.run(adopting["registry"], "remove")
    assert based.container_field("registry", "running") == "true"
    assert based.container_field("registry", "restart") == "always"
    owners_given_back = {name: entry.owner for name, entry in based.tree().items() if name.startswith("data/registry")}
    assert set(owners_given_back.values()) == {"0:0"}
    assert leftovers(_without_owner(before), _without_owner(outside_state(based.tree()))) == []
    assert leftovers(host_before, based.host()) == []


def _without_owner(tree: Mapping[str, Entry]) -> dict[str, object]:
    return {name: (entry.kind, entry.mode, entry.content) for name, entry in tree.items()}


def test_adopted_host_is_left_without_bookkeeping(adopting: Concerns, host: Sandbox) -> None:
    """After an adoption and its destroy nothing of ours is on the host, the folder of parked containers included."""
    host.brought("docker", "dockerd", package="docker-ce")
    host.file(f"{DATA}/blob", "image\n")
    host.container("registry", publish="443", data=DATA)
    adopting.apply_all(host)
    adopting.remove_all(host)
    assert not (host.root / "var/lib/ha-registry").exists()


@pytest.mark.parametrize("delete", [False, True])
def test_images_are_deleted_only_when_asked_for(delete: bool, scripts: Concerns, serving: Sandbox) -> None:
    """remove keeps pushed images, unless registry.deleteDataOnDestroy says otherwise."""
    registry = scripts.system.registry.model_copy(update={"delete_data_on_destroy": delete})
    chosen = Concerns(scripts.system.model_copy(update={"registry": registry}))
    serving.file(f"{DATA}/docker/blob", "pushed\n")
    ran = serving.run(chosen["registry"], "remove")
    assert (serving.root / "data/registry/docker/blob").exists() is not delete
    assert (f"removed data {DATA}" if delete else f"kept {DATA}") in ran.out


def test_replaced_image_does_not_stay_for_ever(scripts: Concerns, serving: Sandbox) -> None:
    """An image that a draining container still uses when it is no longer wanted is removed by the last remove."""
    newer = scripts.system.registry.model_copy(update={"image": "docker.io/library/registry:3.2.0"})
    changed = Concerns(scripts.system.model_copy(update={"registry": newer}))
    serving.set("docker/in-use", scripts.system.registry.image)
    serving.run(changed["registry"], "apply")
    (serving.state / "docker/in-use").unlink()
    serving.run(changed["registry"], "remove")
    assert not list((serving.state / "docker/images").iterdir())
