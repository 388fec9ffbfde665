"""What every concern promises: apply, silence, verify, remove."""

from __future__ import annotations

import pytest

from tests.scripts.concerns import ORDER, Concerns
from tests.scripts.sandbox import Sandbox
from tests.scripts.snapshot import leftovers, outside_state


@pytest.mark.parametrize("concern", ORDER)
def test_concern_applies_once_and_leaves_no_trace(concern: str, scripts: Concerns, host: Sandbox, based: Sandbox) -> None:
    """apply changes, apply again is silent, verify agrees and writes nothing, remove restores, remove again is 0."""
    host = host if concern == "base" else based
    scripts.apply_below(concern, host)
    before, host_before = outside_state(host.tree()), host.host()
    script = scripts[concern]

    first = host.run(script, "apply")
    assert first.out.startswith("changed ")
    assert host.run(script, "apply").out == ""

    applied, host_applied = host.tree(), host.host()
    verified = host.run(script, "verify")
    assert {line.split()[0] for line in verified.out.splitlines()} == {"ok"}
    assert (host.tree(), host.host()) == (applied, host_applied)

    host.run(script, "remove")
    assert leftovers(before, outside_state(host.tree())) == []
    assert leftovers(host_before, host.host()) == []
    assert host.run(script, "remove").out == ""


def test_whole_host_is_left_as_it_was_found(scripts: Concerns, host: Sandbox) -> None:
    """After all concerns came and went a host is byte for byte, mode for mode, unit for unit what it was."""
    before, host_before = host.tree(), host.host()
    scripts.apply_all(host)
    scripts.remove_all(host)
    assert leftovers(before, host.tree()) == []
    assert leftovers(host_before, host.host()) == []


@pytest.mark.parametrize("concern", ["precheck", *ORDER])
def test_remove_succeeds_on_an_empty_host(concern: str, scripts: Concerns, host: Sandbox) -> None:
    """remove where nothing was ever applied ends with 0 and changes nothing, library or not."""
    before = host.tree()
    assert host.run(scripts[concern], "remove").out == ""
    assert leftovers(before, host.tree()) == []


@pytest.mark.parametrize("concern", [concern for concern in ORDER if concern != "base"])
def test_apply_without_library_says_what_to_do(concern: str, scripts: Concerns, host: Sandbox) -> None:
    """apply where base never ran ends with 69 and names the way out; nothing is written."""
    before = host.tree()
    ran = host.run(scripts[concern], "apply", expect=69)
    assert f"failed registry01 {concern}: " in ran.err
    assert "apply base on registry01 first: run pulumi up" in ran.err
    assert leftovers(before, host.tree()) == []


def test_unknown_verb_is_refused_by_name(scripts: Concerns, host: Sandbox) -> None:
    """A verb that no concern has ends with 64 and lists those that exist."""
    ran = host.run(scripts["base"], "explode", expect=64)
    assert "no verb explode; it has apply, verify, remove" in ran.err
