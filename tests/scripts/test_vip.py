"""vip: the planned move."""

from __future__ import annotations

import pytest

from tests.scripts.concerns import Concerns
from tests.scripts.sandbox import Sandbox

MOVED = "run/ha-registry/moved.down"


@pytest.fixture
def holder(serving: Sandbox) -> Sandbox:
    """A host that holds the VIP, its peer ready."""
    serving.set("http/192.168.23.52:443", "ready")
    return serving


def _hurried(scripts: Concerns) -> str:
    return scripts["vip"].text.replace("readonly MOVE_S=10", "readonly MOVE_S=0")


def test_drain_of_a_host_that_holds_nothing_does_nothing(scripts: Concerns, holder: Sandbox) -> None:
    """Not the holder: exit 0, no track file touched."""
    holder.set("addresses", "ens192 192.168.23.51/20\n")
    holder.run(scripts["vip"], "drain")
    assert not (holder.root / MOVED).exists() or (holder.root / MOVED).read_text() == "0\n"


@pytest.mark.parametrize("peer", ["", "sick", "hung"])
def test_drain_without_a_taker_keeps_the_vip(peer: str, scripts: Concerns, holder: Sandbox) -> None:
    """No peer serves: exit 69, says which were asked, and the VIP is not given away."""
    if peer:
        holder.set("http/192.168.23.52:443", peer)
    else:
        (holder.state / "http/192.168.23.52:443").unlink()
    ran = holder.run(scripts["vip"], "drain", expect=69)
    assert "no peer of 192.168.23.50/20 is ready (192.168.23.52); it stays here" in ran.err
    assert not (holder.root / MOVED).exists() or (holder.root / MOVED).read_text() == "0\n"


def test_drain_that_nobody_took_is_taken_back(scripts: Concerns, holder: Sandbox) -> None:
    """A taker that serves but does not take: exit 75, the track file says 0 again."""
    ran = holder.run(_hurried(scripts), "drain", expect=75)
    assert "it is back here" in ran.err
    assert (holder.root / MOVED).read_text() == "0\n"


def test_drain_moves_and_undrain_allows_again(scripts: Concerns, holder: Sandbox) -> None:
    """The VIP answers from elsewhere: exit 0 and said; undrain opens the host again."""
    script = scripts["vip"].text.replace("find_taker\n", 'find_taker\n  echo "ens192 192.168.23.51/20" >"$STUB_HOST/addresses"\n', 1)
    holder.set("answering", "192.168.23.50\n")
    assert "changed vip 192.168.23.50/20: moved away" in holder.run(script, "drain").out
    assert (holder.root / MOVED).read_text() == "1\n"
    holder.run(scripts["vip"], "undrain")
    assert (holder.root / MOVED).read_text() == "0\n"


def test_status_of_the_holder(scripts: Concerns, holder: Sandbox) -> None:
    """What an operator asks: it holds the VIP, would hold it, is not drained, and the registry answers there."""
    holder.set("http/192.168.23.50:443", "ready")
    told = holder.run(scripts["vip"], "status").out.splitlines()
    assert told == [f"status vip.{key}" for key in ("held yes", "ready yes", "drained no", "answers yes", "keepalived 2.2.8")]


def test_status_of_a_registry(scripts: Concerns, holder: Sandbox) -> None:
    """It serves, nobody drained it, its image, and what is left of the disk with the images."""
    holder.set("free", "123456789")
    told = holder.run(scripts["registry"], "status").out.splitlines()
    image = f"image {scripts.system.registry.image}"
    assert told == [
        "status registry.ready yes",
        "status registry.drained no",
        f"status registry.{image}",
        "status disk.free_bytes 123456789",
    ]


@pytest.mark.parametrize("down", ["unit", "probe", "moved"])
def test_status_of_a_host_that_may_not_hold_the_vip(down: str, scripts: Concerns, holder: Sandbox) -> None:
    """Any track file that objects makes it not ready; only an operator's makes it drained."""
    holder.file(f"run/ha-registry/{down}.down", "1\n")
    told = holder.run(scripts["vip"], "status").out
    assert "status vip.ready no\n" in told
    assert f"status vip.drained {'yes' if down == 'moved' else 'no'}\n" in told


def test_orphaned_address_is_drift(scripts: Concerns, holder: Sandbox) -> None:
    """keepalived is dead and its address is still there: two holders are near, verify says so."""
    (holder.state / "units/active/keepalived.service").unlink()
    ran = holder.run(scripts["vip"], "verify", expect=3)
    assert "drift vip.not-orphaned expected=yes actual=no" in ran.out
