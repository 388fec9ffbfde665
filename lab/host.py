"""A running host of a lab, for tests and measurements."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from lab import docker, machine
from lab import state as states
from lab.command import Completed, LabError
from lab.outsider import OUTSIDER


@dataclass(frozen=True)
class Host:
    """One machine of the lab `lab`: a host of its stack file, its Ceph, the outsider, the router or the mirror."""

    lab: str
    name: str

    @property
    def container(self) -> str:
        """Name of its container."""
        return machine.container(self.lab, self.name)

    @property
    def address(self) -> IPv4Address:
        """Its address in the lab's network; the outsider's in the network outside."""
        plan = states.of(self.lab).plan()
        if self.name == OUTSIDER:
            return plan.outsider
        try:
            return next(one.address for one in plan.booted if one.name == self.name)
        except StopIteration:
            raise LabError(f"looking for {self.name}: lab {self.lab} has {', '.join(one.name for one in plan.booted)}") from None

    @property
    def pid(self) -> int:
        """Its first process, as this machine sees it: the way into its namespaces. Raises LabError where it does not run."""
        found = docker.inspect("container", self.container)
        if found is None or not found["State"]["Running"]:
            raise LabError(f"looking into {self.name}: it does not run; start it with: python -m lab up --name {self.lab}")
        return int(found["State"]["Pid"])

    def exec(self, argv: Sequence[str], stdin: str | None = None, *, timeout_s: float | None = 120) -> Completed:
        """What `argv` did as root on it; any exit status is an answer. Raises LabError after `timeout_s`."""
        return docker.in_container(self.container, argv, stdin=stdin, timeout_s=timeout_s)

    def output(self, argv: Sequence[str], stdin: str | None = None, *, timeout_s: float | None = 120) -> str:
        """Standard output of `argv`, run as root on it; raises LabError where it fails."""
        done = self.exec(argv, stdin, timeout_s=timeout_s)
        if done.returncode:
            said = done.stderr.strip() or done.stdout.strip()
            raise LabError(f"running `{' '.join(argv)}` on {self.name}: it ended with {done.returncode}: {said}")
        return done.stdout

    def journal(self, unit: str, *, since: str = "") -> str:
        """Messages of one systemd unit, oldest first, optionally since a time that journalctl(1) understands."""
        return self.output(
            ["journalctl", "--no-pager", "--output=short-iso-precise", f"--unit={unit}", *([f"--since={since}"] if since else [])]
        )

    def holds(self, address: IPv4Address) -> bool:
        """Whether one of its interfaces has `address`; the way to see who holds the VIP."""
        return f" {address}/" in self.output(["ip", "-oneline", "address", "show"])


def hosts(lab: str) -> dict[str, Host]:
    """The hosts of the lab's stack file by name, in its order."""
    return {one.name: Host(lab, one.name) for one in states.of(lab).plan().machines}
