"""verify: what differs is named, nothing is written, nothing secret is shown."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.scripts.concerns import SECRETS, Concerns
from tests.scripts.sandbox import Sandbox

Damage = Callable[[Sandbox], object]


def _unit_stopped(unit: str) -> Damage:
    return lambda host: (host.state / "units/active" / unit).unlink()


DAMAGES: dict[str, tuple[str, Damage, str]] = {
    "file-edited": (
        "firewall",
        lambda host: host.file("/etc/ha-registry/firewall.nft", "flush ruleset\n"),
        "file /etc/ha-registry/firewall.nft",
    ),
    "file-gone": ("firewall", lambda host: (host.root / "etc/ha-registry/firewall.nft").unlink(), "file /etc/ha-registry/firewall.nft"),
    "mode": ("identity", lambda host: (host.root / "etc/ha-registry/identity").chmod(0o755), "directory /etc/ha-registry/identity"),
    "unit-stopped": ("vip", _unit_stopped("keepalived.service"), "unit keepalived.service"),
    "unit-disabled": ("vip", lambda host: (host.state / "units/enabled/keepalived.service").unlink(), "unit keepalived.service"),
    "package-gone": ("vip", lambda host: (host.state / "packages/keepalived").unlink(), "package keepalived"),
    "account-gone": ("base", lambda host: (host.state / "accounts/ha-registry").unlink(), "account ha-registry"),
    "line-gone": (
        "trust",
        lambda host: host.file("/etc/hosts", "127.0.0.1 localhost\n"),
        "line /etc/hosts 192.168.23.50 registry01.dev.com",
    ),
    "socket-stopped": ("replication", _unit_stopped("ha-registry-events.socket"), "unit ha-registry-events.socket"),
    "spool-gone": ("replication", lambda host: shutil.rmtree(host.root / "var/spool/ha-registry"), "spool /var/spool/ha-registry"),
    "table-gone": ("firewall", lambda host: (host.state / "nft/ha-registry-firewall").unlink(), "firewall.loaded"),
    "address-gone": ("vip", lambda host: host.set("addresses", "ens192 192.168.23.51/20\n"), "vip.served"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_drift_is_found_and_healed(damage: str, scripts: Concerns, based: Sandbox) -> None:
    """Somebody changed one thing: verify ends with 3, names exactly that, writes nothing; apply heals what can be."""
    concern, harm, key = DAMAGES[damage]
    script = scripts[concern]
    based.run(script, "apply")
    harm(based)
    before = based.tree(), based.host()
    ran = based.run(script, "verify", expect=3)
    drifted = [line for line in ran.out.splitlines() if not line.startswith("ok ")]
    assert drifted
    assert drifted[0].startswith(f"drift {key} expected=")
    assert " actual=" in drifted[0]
    assert (based.tree(), based.host()) == before
    if damage not in {"table-gone", "address-gone"}:
        based.run(script, "apply")
        based.run(script, "verify")


def test_drift_of_a_secret_shows_neither_content_nor_digest(scripts: Concerns, based: Sandbox) -> None:
    """Of files of mode 0600 and 0640 verify says same or differs; a digest could be tried offline."""
    script = scripts["identity"]
    said = based.run(script, "apply").out
    keys = ["tls.key", "auth/htpasswd", "registry.env", "pull/config.json"]
    present = [key for key in keys if (based.root / "etc/ha-registry/identity" / key).exists()]
    assert len(present) >= 3
    for key in present:
        (based.root / "etc/ha-registry/identity" / key).write_text("another\n")
    ran = based.run(script, "verify", expect=3)
    drifted = [line for line in ran.out.splitlines() if line.startswith("drift")]
    assert [line.split()[2].removeprefix("/etc/ha-registry/identity/") for line in drifted] == present
    for line in drifted:
        expected, actual = line.split("expected=")[1].split(" actual=")
        assert (expected.split()[-1], actual.split()[-1]) == ("same", "differs")
        assert len(expected.split()) == len(actual.split()) == 3
    said += ran.out + ran.err + based.run(script, "apply").out + based.run(script, "remove").out
    assert not [secret for secret in SECRETS if secret in said]


def test_secret_files_are_closed_from_their_first_byte(scripts: Concerns, based: Sandbox) -> None:
    """Keys and passwords are mode 0600, and no argument of any program carried one."""
    based.run(scripts["identity"], "apply")
    secret = [entry for entry in based.tree().values() if any(text.encode() in entry.content for text in SECRETS)]
    assert len(secret) >= 3
    assert {entry.mode for entry in secret} == {"0600"}
    assert not [call for call in based.calls if any(text in call for text in SECRETS)]


def test_what_settings_no_longer_want_is_undone(scripts: Concerns, based: Sandbox) -> None:
    """hosts entry, second port and a user leave the host with the apply that no longer declares them."""
    based.run(scripts["trust"], "apply")
    based.run(scripts["identity"], "apply")
    lean = Concerns(scripts.system.model_copy(update={"ports": (443,), "hosts_entries": False}))
    assert (based.root / "etc/docker/certs.d/registry01.dev.com:80/ca.crt").exists()
    said = based.run(lean["trust"], "apply").out
    assert "removed file /etc/docker/certs.d/registry01.dev.com:80/ca.crt" in said
    assert "removed line /etc/hosts: 192.168.23.50 registry01.dev.com" in said
    assert not (based.root / "etc/docker/certs.d/registry01.dev.com:80").exists()
    assert (based.root / "etc/docker/certs.d/registry01.dev.com/ca.crt").exists()
    assert (based.root / "etc/hosts").read_text() == "127.0.0.1 localhost\n"
    assert based.run(lean["trust"], "apply").out == ""

    fewer = scripts["identity"]
    fewer = replace(fewer, files={**fewer.files, "auth/htpasswd": "robot:$2b$05$x\n"})
    assert "htpasswd" in based.run(fewer, "apply").out
    assert "admin" not in (based.root / "etc/ha-registry/identity/auth/htpasswd").read_text()


def test_password_of_the_image_leaves_the_host_when_no_longer_needed(scripts: Concerns, based: Sandbox) -> None:
    """A pull password that settings no longer name does not stay behind, nor does its folder."""
    script = scripts["identity"]
    based.run(script, "apply")
    assert (based.root / "etc/ha-registry/identity/pull/config.json").exists()
    files = [line for line in script.facts["FILES"] if not line.endswith("/pull/config.json")]
    without = replace(script, facts={**script.facts, "FILES": files})
    based.run(without, "apply")
    assert not (based.root / "etc/ha-registry/identity/pull").exists()
