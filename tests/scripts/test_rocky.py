"""The second family: dnf, rpm, firewalld, its own CA store."""

from __future__ import annotations

from tests.scripts.concerns import ORDER, Concerns
from tests.scripts.sandbox import Sandbox
from tests.scripts.snapshot import leftovers


def test_rocky_host_converges_and_is_left_as_found(scripts: Concerns, rocky: Sandbox) -> None:
    """All concerns on Rocky with firewalld: apply, silence, verify, and no trace after the last remove."""
    trust = scripts.system.trust.model_copy(update={"system": True})
    chosen = Concerns(scripts.system.model_copy(update={"trust": trust}))
    before, host_before = rocky.tree(), rocky.host()
    chosen.apply_all(rocky)
    for concern in ORDER:
        assert rocky.run(chosen[concern], "apply").out == ""
        assert "drift" not in rocky.run(chosen[concern], "verify").out
    assert "Q0E=" in rocky.get("trusted")
    assert not [call for call in rocky.calls if call.startswith("dnf") and "docker" in call]
    chosen.remove_all(rocky)
    assert leftovers(before, rocky.tree()) == []
    after = rocky.host()
    after.pop("trusted")
    assert leftovers(host_before, after) == []


def test_firewalld_is_opened_and_not_fought(scripts: Concerns, rocky: Sandbox) -> None:
    """Container ports, the log of pushes and VRRP are opened in firewalld, for good and at once; closed again by remove."""
    rocky.run(scripts["base"], "apply")
    rocky.run(scripts["firewall"], "apply")
    opened = {*(f"port={port}%tcp" for port in (15443, 15444, 15445, 15446, 15449)), "protocol=vrrp"}
    for where in ("running", "permanent"):
        assert {path.name for path in (rocky.state / "firewalld" / where).iterdir()} == opened
    (rocky.state / "firewalld/running/protocol=vrrp").unlink()
    assert "drift opened protocol=vrrp expected=yes actual=no" in rocky.run(scripts["firewall"], "verify", expect=3).out
    rocky.run(scripts["firewall"], "apply")
    rocky.run(scripts["firewall"], "remove")
    for where in ("running", "permanent"):
        assert not list((rocky.state / "firewalld" / where).iterdir())


def test_what_the_admin_opened_in_firewalld_stays_open(scripts: Concerns, rocky: Sandbox) -> None:
    """VRRP that was open before us is open after us."""
    for where in ("running", "permanent"):
        rocky.set(f"firewalld/{where}/protocol=vrrp", "")
    rocky.run(scripts["base"], "apply")
    rocky.run(scripts["firewall"], "apply")
    rocky.run(scripts["firewall"], "remove")
    for where in ("running", "permanent"):
        assert [path.name for path in (rocky.state / "firewalld" / where).iterdir()] == ["protocol=vrrp"]


def test_firewall_without_firewalld_asks_nothing_of_it(scripts: Concerns, based: Sandbox) -> None:
    """Where firewalld does not run its program is not called."""
    based.run(scripts["firewall"], "apply")
    assert not [call for call in based.calls if call.startswith("firewall-cmd")]
