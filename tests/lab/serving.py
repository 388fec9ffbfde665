"""Who holds the VIP, who could take it, and how often it moved."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from lab.host import Host
from tests.lab.calm import Calm
from tests.lab.deployment import Deployment
from tests.lab.wait import eventually

TRACK_FILES = 3
"""unit, probe, moved: a host may hold the VIP while each says 0."""
STEADY = 15
"""Observations in a row, 0.2 s apart: longer than any election with adverts of 100 ms."""


def may_hold(host: Host) -> bool:
    """Whether every track file of a host says 0 and its keepalived runs."""
    said = host.exec(["sh", "-c", "systemctl is-active keepalived && cat /run/ha-registry/*.down"])
    return said.returncode == 0 and said.stdout.split() == ["active", *["0"] * TRACK_FILES]


def await_standing(deployment: Deployment, *, within_s: float = 120) -> tuple[Host, Host]:
    """Holder and standby, once one host holds the VIP and both could; raises AssertionError where that is never so."""
    held = eventually(
        lambda: (deployment.vip_holders(), [host.name for host in deployment.members if not may_hold(host)]),
        lambda seen: len(seen[0]) == 1 and not seen[1],
        what="one holder of the VIP and nobody who may not take it",
        within_s=within_s,
        successes=STEADY,
    )[0]
    holder = deployment.host(held[0])
    return holder, next(host for host in deployment.members if host != holder)


def await_holder(deployment: Deployment, host: Host, *, within_s: float = 20) -> None:
    """Returns once `host` alone has held the VIP for some time."""
    eventually(
        deployment.vip_holders, lambda held: held == [host.name], what=f"{host.name} alone holds the VIP", within_s=within_s, successes=5
    )


class Moves:
    """How often the VIP moved in a `with` block, counted in the journals of keepalived."""

    count: int
    lines: Mapping[str, list[str]]
    """By host: `Entering MASTER STATE` and what else keepalived said, for the words of a failure."""

    def __init__(self, deployment: Deployment) -> None:
        """Nothing is counted before the block."""
        self._deployment, self._calm = deployment, Calm()

    def __enter__(self) -> Moves:
        """Counting starts now, by each host's own clock."""
        self._since = {host.name: self._deployment.now(host.name) for host in self._deployment.members}
        self._calm.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Reads the journals of hosts that run."""
        self._calm.__exit__(kind, fault, trace)
        self.lines = {name: self._deployment.journal(name, "keepalived.service", since).splitlines() for name, since in self._since.items()}
        self.count = sum("Entering MASTER STATE" in line for lines in self.lines.values() for line in lines)

    def assert_at_most(self, count: int) -> None:
        """Raises AssertionError with the journals where there were more moves than `count`."""
        if self.count > count:
            self._calm.assert_calm()
        words = "\n".join(f"{name}: {line}" for name, lines in self.lines.items() for line in lines)
        assert self.count <= count, f"{self.count} moves of the VIP, {count} allowed:\n{words}"
