"""What goes wrong in the middle: nothing is lost, and the next run heals it."""

from __future__ import annotations

import pytest

from render.script import Script
from tests.scripts.concerns import Concerns, with_file
from tests.scripts.sandbox import Sandbox
from tests.scripts.snapshot import leftovers, outside_state

KEEPALIVED = "etc/keepalived/keepalived.conf"


def _changed(script: Script) -> Script:
    return with_file(script, "keepalived.conf", script.files["keepalived.conf"] + "# changed\n")


def test_refused_candidate_leaves_the_live_file_untouched(scripts: Concerns, based: Sandbox) -> None:
    """A configuration that its own program refuses ends with 65 and its reason; nothing is reloaded, nothing left beside."""
    based.run(scripts["vip"], "apply")
    before, live = outside_state(based.tree()), (based.root / KEEPALIVED).read_text()
    based.fault("fail", "keepalived --config-test *")
    based.forget_calls()
    ran = based.run(_changed(scripts["vip"]), "apply", expect=65)
    assert f"/{KEEPALIVED}: refused by its check" in ran.err
    assert "the file in use is untouched" in ran.err
    assert (based.root / KEEPALIVED).read_text() == live
    assert leftovers(before, outside_state(based.tree())) == []
    assert not [call for call in based.calls if call.startswith(("systemctl reload", "systemctl restart"))]


def test_refused_candidate_of_the_firewall(scripts: Concerns, based: Sandbox) -> None:
    """nft sees the candidate, never the live file."""
    based.run(scripts["firewall"], "apply")
    based.fault("fail", "nft -c -f *")
    broken = with_file(scripts["firewall"], "firewall.nft", "table inet broken {\n")
    based.forget_calls()
    based.run(broken, "apply", expect=65)
    assert "broken" not in (based.root / "etc/ha-registry/firewall.nft").read_text()
    checked = [call for call in based.calls if call.startswith("nft -c")]
    assert checked
    assert not [call for call in checked if call.endswith("/firewall.nft")]


@pytest.mark.parametrize(("version", "end", "code"), [("v2.2.7", 143, 0), ("v2.2.8", 143, 65), ("v2.2.7", 1, 65)])
def test_keepalived_of_debian_12_ends_a_passed_check_by_a_signal(
    version: str, end: int, code: int, scripts: Concerns, based: Sandbox
) -> None:
    """2.2.7 ends its own passed test with 143; no other version and no other end is taken for a pass."""
    seen = {"STUB_KEEPALIVED": version, "STUB_KEEPALIVED_ENDS": str(end)}
    based.run(scripts["vip"], "apply", expect=code, environment=seen)


def test_reload_that_failed_is_healed_by_the_next_apply(scripts: Concerns, based: Sandbox) -> None:
    """A reload that failed ends with 75 and is done again by the next apply, although no file changes any more."""
    based.run(scripts["vip"], "apply")
    based.fault("once", "systemctl reload keepalived.service")
    ran = based.run(_changed(scripts["vip"]), "apply", expect=75)
    assert "keepalived.service did not reload; see journalctl -u keepalived.service on registry01" in ran.err
    assert "stale" in based.run(_changed(scripts["vip"]), "verify", expect=3).out
    assert based.run(_changed(scripts["vip"]), "apply").out == "changed unit keepalived.service: reload\n"
    assert based.run(_changed(scripts["vip"]), "apply").out == ""


def test_certificate_of_identity_switches_the_registry(scripts: Concerns, serving: Sandbox) -> None:
    """A new certificate, written by identity, is taken live by the same apply: its unit is settled whoever wrote the file."""
    renewed = with_file(scripts["identity"], "tls.crt", "-----BEGIN CERTIFICATE-----\nTkVX\n-----END CERTIFICATE-----\n")
    live = (serving.root / "var/lib/ha-registry/live").read_text()
    said = serving.run(renewed, "apply").out
    assert "changed unit ha-registry.service: switch" in said
    assert (serving.root / "var/lib/ha-registry/live").read_text() != live
    assert serving.run(renewed, "apply").out == ""


def test_precheck_restarts_nothing(scripts: Concerns, based: Sandbox) -> None:
    """precheck changes nothing, even where a unit waits to be settled: another host may still refuse."""
    based.run(scripts["vip"], "apply")
    based.fault("once", "systemctl reload keepalived.service")
    based.run(_changed(scripts["vip"]), "apply", expect=75)
    before = based.tree(), based.host()
    based.set("names", "registry01.dev.com 192.168.23.50\n")
    host_before = based.host()
    assert based.run(scripts["precheck"], "apply").out == ""
    assert (based.tree(), based.host()) == (before[0], host_before)


BLOCKS = {
    "package": ("vip", "apt-get -qq -y * install *keepalived"),
    "check of a candidate": ("vip", "keepalived --config-test *"),
    "owner of a key": ("identity", "chown ha-registry:ha-registry *tls.key*"),
    "start of a unit": ("vip", "systemctl restart keepalived.service"),
    "table": ("firewall", "nft -f *"),
    "image": ("registry", "docker pull *"),
    "start of a slot": ("registry", "systemctl start ha-registry@writer-a.service"),
    "redirect": ("registry", "nft -f *"),
    "account": ("base", "useradd *"),
}


@pytest.mark.parametrize("block", BLOCKS)
def test_killed_apply_is_finished_by_the_next(block: str, scripts: Concerns, host: Sandbox, based: Sandbox) -> None:
    """kill -9 of everything in the middle of an apply: the next apply converges, verify agrees, remove leaves no trace."""
    concern, pattern = BLOCKS[block]
    host = host if concern == "base" else based
    scripts.apply_below(concern, host)
    before, host_before = outside_state(host.tree()), host.host()
    host.fault("block", pattern)
    host.kill_when_blocked(scripts[concern], "apply")
    host.run(scripts[concern], "apply")
    assert host.run(scripts[concern], "apply").out == ""
    host.run(scripts[concern], "verify")
    host.run(scripts[concern], "remove")
    assert leftovers(before, outside_state(host.tree())) == []
    assert leftovers(host_before, host.host()) == []


@pytest.mark.parametrize("block", ["check of a candidate", "owner of a key", "start of a slot"])
def test_killed_apply_is_cleaned_by_remove(block: str, scripts: Concerns, based: Sandbox) -> None:
    """remove straight after a killed apply leaves no trace either: the ledger is written before each thing is made."""
    concern, pattern = BLOCKS[block]
    scripts.apply_below(concern, based)
    before, host_before = outside_state(based.tree()), based.host()
    based.fault("block", pattern)
    based.kill_when_blocked(scripts[concern], "apply")
    based.run(scripts[concern], "remove")
    assert leftovers(before, outside_state(based.tree())) == []
    assert leftovers(host_before, based.host()) == []


def test_system_store_is_refreshed_by_the_apply_after_a_failed_one(scripts: Concerns, based: Sandbox) -> None:
    """The CA file is there but the store was not rebuilt: the next apply rebuilds it, the one after is silent."""
    trust = scripts.system.trust.model_copy(update={"system": True})
    chosen = Concerns(scripts.system.model_copy(update={"trust": trust}))
    based.fault("once", "update-ca-certificates")
    based.run(chosen["trust"], "apply", expect=None)
    based.run(chosen["trust"], "apply")
    assert "Q0E=" in based.get("trusted")
    based.forget_calls()
    assert based.run(chosen["trust"], "apply").out == ""
    assert "update-ca-certificates" not in based.calls
    based.run(chosen["trust"], "remove")
    assert "Q0E=" not in based.get("trusted")


def test_package_lists_are_fetched_again_after_a_failure(scripts: Concerns, host: Sandbox) -> None:
    """A fresh host without network: apply ends with 75; when the network is there again, the same command succeeds."""
    host.fault("fail", "apt-get * update")
    ran = host.run(scripts["base"], "apply", expect=75)
    assert "could not be installed" in ran.err
    assert "mend the package source, then run pulumi up again" in ran.err
    host.mend()
    host.run(scripts["base"], "apply")
    host.run(scripts["base"], "verify")


def test_image_that_cannot_be_fetched_says_where_to_look(scripts: Concerns, based: Sandbox) -> None:
    """A pull that fails ends with 75, names the image, Docker's reason and the settings to mend."""
    registry = scripts.system.registry.model_copy(update={"image": "mirror.dev.com/missing:3.1.1"})
    chosen = Concerns(scripts.system.model_copy(update={"registry": registry}))
    based.run(chosen["identity"], "apply")
    ran = based.run(chosen["registry"], "apply", expect=75)
    assert "failed registry01 registry: image mirror.dev.com/missing:3.1.1 could not be fetched: " in ran.err
    assert "manifest unknown" in ran.err
    assert "mend registry.image or registry.source" in ran.err


def test_registry_that_does_not_become_ready_keeps_the_old_one(scripts: Concerns, serving: Sandbox) -> None:
    """A change whose container dies ends with 75 and says why; live slot, redirect and VIP state stay."""
    live, table = (serving.root / "var/lib/ha-registry/live").read_text(), serving.get("nft/ha-registry-live")
    serving.set("candidate-is-broken", "")
    broken = with_file(scripts["registry"], "writer.yml", "version: 9\n")
    ran = serving.run(broken, "apply", expect=75)
    assert "the new registry did not become ready" in ran.out
    assert "error parsing config.yml" in ran.out
    assert "ha-registry.service did not switch" in ran.err
    assert (serving.root / "var/lib/ha-registry/live").read_text() == live
    assert serving.get("nft/ha-registry-live") == table
    assert (serving.root / "run/ha-registry/unit.down").read_text() == "0\n"
    (serving.state / "candidate-is-broken").unlink()
    assert "unit ha-registry.service" not in serving.run(scripts["registry"], "apply").out
    assert "changed unit ha-registry.service: switch" in serving.run(broken, "apply").out


def test_lock_of_another_script_is_waited_for_and_named(scripts: Concerns, based: Sandbox) -> None:
    """A script orphaned by a killed run holds the lock: the next one waits, ends with 75 and names the file; verify does not wait."""
    lock = based.root / "run/lock/ha-registry"
    text = scripts["firewall"].text.replace("main ", "LOCK_S=0\nmain ", 1) if "LOCK_S" not in scripts["firewall"].text else ""
    assert text
    holder = based.begin(f'exec 9>"{lock}"; flock 9; touch "$STUB_HOST/blocked"; sleep 60\n')
    assert holder.stdin
    holder.stdin.close()
    holder.stdin = None
    based.wait_blocked()
    try:
        before = based.tree()
        ran = based.run(text, "apply", expect=75)
        assert "another script is still busy on registry01" in ran.err
        assert "fuser -v" in ran.err
        assert leftovers(before, based.tree()) == []
        based.run(text, "verify", expect=3)
    finally:
        based.kill(holder)
    based.run(text, "apply")


def test_unexpected_failure_names_host_concern_and_command(scripts: Concerns, based: Sandbox) -> None:
    """A command of ours that fails unforeseen says where and what, and that it is safe to run again."""
    based.fault("fail", "chown *")
    ran = based.run(scripts["identity"], "apply", expect=1)
    assert "failed registry01 identity: line " in ran.err
    assert "chown" in ran.err
    assert "safe to run again" in ran.err
