"""Two fronts before several registries on the lab's Ceph."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import settings
from lab.host import Host
from settings import StackFile
from tests.lab.client import Client
from tests.lab.deployment import STACK
from tests.lab.on_ceph import OnCeph
from tests.lab.wait import eventually

GATEWAY = "ceph-radosgw@rgw.lab.service"


@dataclass(frozen=True)
class Health:
    """What /health said: HTTP status, and each replica's state by name."""

    status: str
    replicas: Mapping[str, str]


class Fronted(OnCeph):
    """The stack `test` with the topology `fronted`."""

    topology = "fronted"
    rate = 8.0  # fronts, and a Ceph that is asked for every manifest, work on the same machine: 20 keep it busy alone

    @property
    def system(self) -> settings.Fronted:
        """The settings without any change."""
        file = StackFile(self.stack_file)
        system = settings.load(file.system, self.stack_file.parent, STACK, self.handed_over)
        assert isinstance(system, settings.Fronted)
        return system

    @property
    def fronts(self) -> Sequence[Host]:
        """Preferred holder of the VIP first."""
        return self.members

    @property
    def ways_in(self) -> list[str]:
        """Addresses that serve clients: the VIP, and each front's own."""
        return [self.vip, *(str(host.address) for host in self.fronts)]

    def use(self, stack_file: Path) -> None:
        """From now on the settings are those of another stack file of the lab, with its hosts and the secrets of its storage."""
        self._lab("up", self.topology, "--name", self.lab, "--stack-file", str(stack_file))

    def without(self, name: str) -> Mapping[str, object]:
        """The change that takes one registry out of the stack file."""
        return {"registries": {host.name: str(host.address) for host in self.registries if host.name != name}}

    def health(self, address: str | None = None, path: str = "/health", port: int = 443) -> Health:
        """What a front, or the VIP, says of the replicas to anybody; status `000` where nobody answers."""
        anybody = Client(self.host("push53"), self.name, self.vip, "", "")
        said = anybody.curl(path, "-w", "\n%{http_code}", address=address, port=port).stdout
        body, _, status = said.rpartition("\n")
        return Health(status, json.loads(body)["replicas"] if status in {"200", "503"} else {})

    def await_replica(self, name: str, state: str, *, within_s: float = 60) -> None:
        """Returns once every front says so of one replica."""

        def seen() -> list[str]:
            return [self.health(str(front.address)).replicas.get(name, "unknown") for front in self.fronts]

        eventually(seen, lambda states: set(states) == {state}, what=f"{name} is {state} on every front", within_s=within_s)

    def await_replicas(self, *, within_s: float = 90) -> None:
        """Returns once every front passes requests on to every registry of the stack file."""
        for host in self.registries:
            self.await_replica(host.name, "up", within_s=within_s)

    @contextmanager
    def storage_stopped(self) -> Iterator[None]:
        """The S3 gateway does not run as long as the block lasts; afterwards every replica serves again."""
        self.ceph.output(["systemctl", "stop", GATEWAY])
        try:
            yield
        finally:
            self.ceph.output(["systemctl", "start", GATEWAY])
        self.await_replicas()

    def restart_storage(self) -> None:
        """The S3 gateway ends and starts at once."""
        self.ceph.output(["systemctl", "restart", GATEWAY])
