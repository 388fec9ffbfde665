"""The system under measurement: a lab of its own, and this program's pair on it."""

from __future__ import annotations

import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.engine import Stack
from bench.system import System
from lab import lifecycle
from lab import state as states
from lab.host import Host
from lab.prober import Target

LAB = "bench"
PROJECT = Path(__file__).parent.parent
WHOLE = """\
[ "$(cat /run/ha-registry/unit.down /run/ha-registry/probe.down /run/ha-registry/moved.down | tr -d '\\n')" = 000 ] &&
systemctl is-active --quiet keepalived"""


class Ours(System):
    """Made by `python -m ops up` from the stack file of the lab `bench`."""

    phase_s = 1.0
    moves_within_s = 10

    def __init__(self) -> None:
        """Starts the lab where it does not run, and applies the stack."""
        lifecycle.up("pair", PROJECT / "Pulumi.dev.yaml", LAB)
        super().__init__(LAB)
        file = self.folder / "bench.yaml"
        if not file.exists():
            shutil.copy(states.of(LAB).stack_file, file)
        self.stack = Stack(file)
        self.stack.up()
        self.mend()  # an interrupted run may have left a fault behind
        self.await_whole()

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """Of the stack; the CA and the passwords stay what they are in every change that is measured."""
        return self.stack.outputs()

    @property
    def target(self) -> Target:
        """`/` of the registry at the VIP."""
        ca = self.folder / "registry-ca.pem"
        ca.write_text(self.outputs["caCertificatePem"])
        name = self.outputs["registryUrl"].removeprefix("https://")
        return Target(address=str(self.vip), name=name, ca=str(ca))

    @property
    def login(self) -> tuple[str, str]:
        """User and password."""
        return "admin", self.outputs["passwords"]["admin"]

    def kill_registry(self, host: Host) -> None:
        """`docker kill` of the live slot's writer."""
        host.output(["sh", "-c", 'docker kill "ha-registry-writer-$(cat /var/lib/ha-registry/live)"'])

    def is_whole(self) -> bool:
        """No track file speaks against any host."""
        return all(host.exec(["sh", "-c", WHOLE]).returncode == 0 for host in self.nodes)

    def mend(self) -> None:
        """Undoes faults, and a move by hand."""
        super().mend()
        for host in self.nodes:
            host.exec(["sh", "-c", "echo 0 >/run/ha-registry/moved.down"])


def remove() -> None:
    """Takes the lab away, and everything of the stack with it."""
    lifecycle.down(LAB, keep=False)
