"""A system on lab hosts, ours or the control, as a measurement sees it."""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import ClassVar

from lab import docker, fault, lifecycle
from lab import state as states
from lab.command import LabError
from lab.host import Host
from lab.plan import Role
from lab.prober import Target

PROJECT = Path(__file__).parent.parent
STACK_FILES = {
    "pair": PROJECT / "Pulumi.dev.yaml",
    "fronted": PROJECT / "lab" / "stacks" / "fronted.yaml",
    "kubernetes": PROJECT / "lab" / "stacks" / "kubernetes-s3.yaml",
}
"""That name the hosts of a topology's labs, ours and the control's."""
POLL_S = 0.2
SEEN_IN_A_ROW = 3
READY_S = 120


class BenchError(LabError):
    """What was being measured, what went wrong, and what to do now."""


def eventually(
    seen: Callable[[], bool], doing: str, *, within_s: float = READY_S, in_a_row: int = SEEN_IN_A_ROW, every_s: float = POLL_S
) -> None:
    """Returns once `seen` was true some times in a row; raises BenchError where it was not in time."""
    deadline, row = time.monotonic() + within_s, 0
    while row < in_a_row:
        if time.monotonic() > deadline:
            raise BenchError(f"{doing}: not so within {within_s:.0f} s; look at: python -m lab status")
        row = row + 1 if seen() else 0
        time.sleep(every_s)


class System(ABC):
    """A registry on the hosts of a lab, and a client of it."""

    topology: ClassVar[str]
    LAB: ClassVar[str]
    phase_s: float
    """A fault comes at a random moment of this length: the longest interval at which something is checked."""

    def __init__(self) -> None:
        """Its lab runs already."""
        self.lab, self._plan = self.LAB, states.of(self.LAB).plan()
        self.folder: Path = states.of(self.LAB).place
        """Of the lab: what is made in it goes with the lab."""
        self.client = next(iter(self._hosts("client")))

    @property
    @abstractmethod
    def address(self) -> IPv4Address:
        """Where clients come in."""

    @property
    @abstractmethod
    def target(self) -> Target:
        """What clients ask."""

    @property
    def login(self) -> tuple[str, str]:
        """User and password; a registry without users takes any."""
        return "nobody", ""

    def phase(self) -> float:
        """Seconds until a fault, another random moment each time."""
        return random.uniform(0, self.phase_s)  # noqa: S311 - a phase, no secret

    @abstractmethod
    def is_whole(self) -> bool:
        """Whether everything could serve and nothing is under repair."""

    @abstractmethod
    def mend(self) -> None:
        """Undoes whatever a trial may have done, in any state it may have left behind."""

    def await_whole(self) -> None:
        """Returns once `is_whole`; raises BenchError after `READY_S`."""
        eventually(self.is_whole, f"waiting until lab {self.lab} is whole again")

    @classmethod
    def remove(cls) -> None:
        """Takes the lab away, and everything that was made in it."""
        lifecycle.down(cls.LAB, keep=False)

    def _hosts(self, role: Role) -> list[Host]:
        return [Host(self.lab, one.name) for one in self._plan.machines if one.role == role]


class VipSystem(System):
    """Hosts with a VIP that one of two holds: a registry in a pair, a front before registries."""

    moves_within_s: float
    """Longest time until a fault has moved the VIP."""

    def __init__(self) -> None:
        super().__init__()
        if self._plan.vip is None:
            raise BenchError(f"measuring lab {self.lab}: its hosts share no VIP; bring up one of topology pair or fronted")
        self.vip = self._plan.vip
        self.registries, fronts = self._hosts("registry"), self._hosts("front")
        self.members = fronts or self.registries
        """Who may hold the VIP, the preferred holder first."""
        self.nodes = [*self.registries, *fronts]

    @property
    def address(self) -> IPv4Address:
        """The VIP."""
        return self.vip

    @abstractmethod
    def kill_registry(self, host: Host) -> None:
        """`docker kill` of the container that serves on `host`."""

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


class FrontedSystem(VipSystem):
    """Two fronts that share a VIP, before three registries."""

    topology = "fronted"
    window_s: float
    """How long clients are watched after a registry has failed: until they could have noticed the last of it."""

    @abstractmethod
    def victim(self) -> Host:
        """A registry that the clients under way use."""
