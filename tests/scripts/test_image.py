"""Where the image of the registry comes from: a registry, with password, through a proxy, or an archive on the host."""

from __future__ import annotations

from typing import Any

from tests.scripts.concerns import Concerns, with_facts
from tests.scripts.sandbox import Sandbox

IMAGE = "docker.io/library/registry:3.1.1"


def _from(scripts: Concerns, **source: Any) -> Concerns:
    registry = scripts.system.registry
    chosen = registry.model_copy(update={"source": registry.source.model_copy(update=source)})
    return Concerns(scripts.system.model_copy(update={"registry": chosen}))


def _has_image(host: Sandbox) -> bool:
    return (host.state / "docker/images" / IMAGE.replace("/", "%")).is_dir()


def test_image_is_pulled_once(scripts: Concerns, based: Sandbox) -> None:
    """The first apply pulls it without a password, the second asks only whether it is there."""
    based.run(scripts["identity"], "apply")
    based.run(scripts["registry"], "apply")
    based.run(scripts["registry"], "apply")
    assert _has_image(based)
    assert [call for call in based.calls if call.startswith("docker pull")] == [f"docker pull -q {IMAGE}"]


def test_password_of_the_image_travels_by_file(scripts: Concerns, based: Sandbox) -> None:
    """Docker finds the password in its own configuration, of mode 0600 and used for this one pull."""
    chosen = _from(scripts, user="puller")
    based.run(chosen["identity"], "apply")
    based.run(chosen["registry"], "apply")
    used = based.get("docker/pulled-with").strip()
    assert used == "/etc/ha-registry/identity/pull"
    assert based.tree()[f"{used[1:]}/config.json"].mode == "0600"
    assert not [call for call in based.calls if "PULL-PASSWORD" in call or call.startswith("docker login")]


def test_archive_on_the_host_needs_no_network(scripts: Concerns, based: Sandbox) -> None:
    """With an archive nothing is pulled."""
    based.file("/srv/registry.tar", IMAGE)
    chosen = _from(scripts, archive="/srv/registry.tar")
    based.run(chosen["identity"], "apply")
    based.run(with_facts(chosen["registry"], ARCHIVE=str(based.root / "srv/registry.tar")), "apply")
    assert _has_image(based)
    assert not [call for call in based.calls if call.startswith("docker pull")]


def test_archive_with_another_image_is_refused(scripts: Concerns, based: Sandbox) -> None:
    """An archive that does not hold the image ends with 75 and names both."""
    archive = based.file("/srv/registry.tar", "docker.io/library/registry:3.0.0")
    chosen = _from(scripts, archive="/srv/registry.tar")
    based.run(chosen["identity"], "apply")
    ran = based.run(with_facts(chosen["registry"], ARCHIVE=str(archive)), "apply", expect=75)
    assert f"image {IMAGE} is not in " in ran.err
    assert "put an archive made by docker save there" in ran.err


def test_image_through_a_proxy_leaves_no_archive(scripts: Concerns, based: Sandbox) -> None:
    """skopeo fetches it through the proxy; the Docker daemon is not restarted, the archive is gone afterwards."""
    chosen = _from(scripts, proxy="http://proxy.dev.com:3128", user="puller")
    based.run(chosen["base"], "apply")
    based.run(chosen["identity"], "apply")
    script = chosen["registry"]
    based.run(with_facts(script, PULL=str(based.root / "etc/ha-registry/identity/pull")), "apply")
    assert _has_image(based)
    assert based.get("proxy-used") == "http://proxy.dev.com:3128\n"
    assert not list((based.root / "tmp").iterdir())
    assert not [call for call in based.calls if call.startswith("systemctl restart docker")]
