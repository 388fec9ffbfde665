"""What the concern replication reports of the copier, from the file that the copier writes."""

from __future__ import annotations

import time

import pytest

from tests.scripts.concerns import Concerns
from tests.scripts.sandbox import Sandbox

STATUS = "var/spool/ha-registry/status"


def told(host: Sandbox, scripts: Concerns) -> dict[str, str]:
    """What the verb says, by key."""
    before = host.tree()
    lines = host.run(scripts["replication"], "status").out.splitlines()
    assert host.tree() == before
    return dict(line.removeprefix("status replication.").split(" ", 1) for line in lines)


def written(host: Sandbox, *, behind_s: int = 0, pending: int = 0, fault: str = "") -> None:
    """The copier's file, of a holder that compared a minute ago."""
    now = int(time.time())
    facts = {"role": "holder", "compared": now - 60, "behind": now - behind_s if behind_s else 0, "pending": pending}
    host.set("clock", str(now))
    (host.root / STATUS).write_text("".join(f"{key} {value}\n" for key, value in {**facts, "conflicts": 0, "fault": fault}.items()))


def test_status_of_a_holder_that_has_copied_everything(scripts: Concerns, serving: Sandbox) -> None:
    """Current, no lag, nothing pending, and how long ago all was compared."""
    written(serving)
    assert told(serving, scripts) == {
        "current": "yes",
        "role": "holder",
        "lag_seconds": "0",
        "pending": "0",
        "conflicts": "0",
        "compared_seconds_ago": "60",
    }


@pytest.mark.parametrize(("behind_s", "current"), [(5, "yes"), (61, "no")])
def test_status_of_a_holder_that_lags(behind_s: int, current: str, scripts: Concerns, serving: Sandbox) -> None:
    """A copy under way is no fault; what waits for more than a minute is, and why is told."""
    written(serving, behind_s=behind_s, pending=3, fault="the registry at 192.168.23.52 does not answer")
    seen = told(serving, scripts)
    assert (seen["current"], seen["lag_seconds"], seen["pending"]) == (current, str(behind_s), "3")
    assert seen["fault"] == "the registry at 192.168.23.52 does not answer"


def test_status_of_a_copier_that_does_not_run(scripts: Concerns, serving: Sandbox) -> None:
    """What it wrote last is old: without the unit nothing is current."""
    written(serving)
    (serving.state / "units/active/ha-registry-replicator.service").unlink()
    assert told(serving, scripts)["current"] == "no"


def test_status_before_the_copier_wrote_anything(scripts: Concerns, serving: Sandbox) -> None:
    """The role is not known yet, and nothing is claimed of a comparison."""
    assert told(serving, scripts) == {"current": "yes", "role": "unknown", "lag_seconds": "0", "pending": "0", "conflicts": "0"}
