"""Archives of the registry images."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from lab import registry_image
from lab.registry_image import RELEASES


@pytest.fixture
def archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    monkeypatch.setenv("HA_REGISTRY_CACHE", str(tmp_path))
    made: dict[str, Path] = {}

    def built(program: str, package: str) -> Path:
        path = tmp_path / program
        path.write_bytes(f"program {program}".encode())
        return path

    monkeypatch.setattr(registry_image, "_build", built)
    assert registry_image.ensure()
    for release in RELEASES:
        made[release.tag] = registry_image.archive(release)
    return made


def test_archive_holds_what_its_manifest_names(archives: dict[str, Path]) -> None:
    """Every digest in an archive is true: docker, skopeo and a registry refuse it otherwise."""
    for path in archives.values():
        with tarfile.open(path) as tar:
            content = {member.name: tar.extractfile(member).read() for member in tar}  # pyright: ignore[reportOptionalMemberAccess]
        (manifest,) = json.loads(content["manifest.json"])
        config = json.loads(content[manifest["Config"]])
        assert manifest["Config"] == hashlib.sha256(content[manifest["Config"]]).hexdigest() + ".json"
        layers = [f"sha256:{hashlib.sha256(content[layer]).hexdigest()}" for layer in manifest["Layers"]]
        assert config["rootfs"]["diff_ids"] == layers


def test_upgrade_differs_and_bad_release_has_another_program(archives: dict[str, Path]) -> None:
    """The upgrade is the same program under another digest; the bad release is another program in the same place."""

    def config_and_program(tag: str) -> tuple[str, bytes]:
        with tarfile.open(archives[tag]) as tar:
            manifest = json.loads(tar.extractfile("manifest.json").read())[0]  # pyright: ignore[reportOptionalMemberAccess]
            layer = tar.extractfile(manifest["Layers"][0]).read()  # pyright: ignore[reportOptionalMemberAccess]
        with tarfile.open(fileobj=io.BytesIO(layer)) as inner:
            return manifest["Config"], inner.extractfile("bin/registry").read()  # pyright: ignore[reportOptionalMemberAccess]

    stable, upgrade, bad = (config_and_program(tag) for tag in ("3.1.1", "3.1.2", "3.1.99"))
    assert stable[1] == upgrade[1] == b"program registry"
    assert bad[1] == b"program broken"
    assert len({stable[0], upgrade[0], bad[0]}) == 3


def test_second_run_builds_nothing(archives: dict[str, Path]) -> None:
    """Archives that are there are used: a build takes minutes."""
    assert not registry_image.ensure()
