"""A system on lab hosts, ours or the control, as a measurement sees it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from lab import docker, fault
from lab import state as states
from lab.command import LabError
from lab.host import Host
from lab.plan import Machine
from lab.prober import Target

PROJECT = Path(__file__).parent.parent
STACK_FILES = {"pair": PROJECT / "Pulumi.dev.yaml", "fronted": PROJECT / "lab" / "stacks" / "fronted.yaml"}
"""That name the hosts of a topology's labs, ours and the control's."""
POLL_S = 0.2
SEEN_IN_A_ROW = 3
READY_S = 120


class BenchError(LabError):
    """What was being measured, what went wrong, and what to do now."""


def eventually(seen: Callable[[], bool], doing: str, *, within_s: float = READY_S, in_a_row: int = SEEN_IN_A_ROW) -> None:
    """Returns once `seen` was true some times in a row; raises BenchError where it was not in time."""
    deadline, row = time.monotonic() + within_s, 0
    while row < in_a_row:
        if time.monotonic() > deadline:
            raise BenchError(f"{doing}: not so within {within_s:.0f} s; look at: python -m lab status")
        row = row + 1 if seen() else 0
        time.sleep(POLL_S)


class System(ABC):
    """Registry hosts, a client, and a VIP that one of two hosts holds: a registry in a pair, a front before registries."""

    topology: ClassVar[str]
    phase_s: float
    """A fault comes at a random moment of this length: the longest interval at which something is checked."""
    moves_within_s: float
    """Longest time until a fault has moved the VIP."""

    def __init__(self, lab: str) -> None:
        """The lab of that name runs already."""
        plan = states.of(lab).plan()
        if plan.vip is None:
            raise BenchError(f"measuring lab {lab}: its hosts share no VIP; bring up one of topology pair or fronted")
        self.lab, self.vip = lab, plan.vip
        self.folder: Path = states.of(lab).place
        """Of the lab: what is made in it goes with the lab."""
        self.registries = self._hosts(one for one in plan.machines if one.role == "registry")
        fronts = self._hosts(one for one in plan.machines if one.role == "front")
        self.members = fronts or self.registries
        """Who may hold the VIP, the preferred holder first."""
        self.nodes = [*self.registries, *fronts]
        self.client = next(iter(self._hosts(one for one in plan.machines if one.role == "client")))

    @property
    @abstractmethod
    def target(self) -> Target:
        """What clients ask."""

    @property
    def login(self) -> tuple[str, str]:
        """User and password; a registry without users takes any."""
        return "nobody", ""

    @abstractmethod
    def kill_registry(self, host: Host) -> None:
        """`docker kill` of the container that serves on `host`."""

    @abstractmethod
    def is_whole(self) -> bool:
        """Whether every host could serve and nothing is under repair."""

    def mend(self) -> None:
        """Undoes whatever a trial may have done, in any state it may have left behind."""
        for host in self.nodes:
            found = docker.inspect("container", host.container)
            if found is not None and not found["State"]["Running"]:
                fault.power_on(host)
            fault.heal(host)
        for host in self.registries:
            with suppress(LabError):  # no registry runs here at the moment, so none is stopped
                fault.resume(host, "registry")

    def holders(self) -> list[Host]:
        """Who holds the VIP now."""
        return [host for host in self.members if host.holds(self.vip)]

    def holder(self) -> Host:
        """The only one who holds the VIP; raises BenchError where that is not one."""
        found = self.holders()
        if len(found) != 1:
            raise BenchError(f"looking for the holder of {self.vip} in lab {self.lab}: {len(found)} hosts hold it, not one")
        return found[0]

    def other(self, host: Host) -> Host:
        """The peer of `host` that may hold the VIP too."""
        return next(one for one in self.members if one.name != host.name)

    def await_whole(self) -> None:
        """Returns once every host is well and one holds the VIP; raises BenchError after `READY_S`."""
        eventually(lambda: self.is_whole() and len(self.holders()) == 1, f"waiting until lab {self.lab} is whole again")

    def _hosts(self, machines: Iterable[Machine]) -> list[Host]:
        return [Host(self.lab, one.name) for one in machines]


class FrontedSystem(System):
    """Two fronts that share a VIP, before three registries."""

    topology = "fronted"
    window_s: float
    """How long clients are watched after a registry has failed: until they could have noticed the last of it."""

    @abstractmethod
    def victim(self) -> Host:
        """A registry that the clients under way use."""
