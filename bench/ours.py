"""The system under measurement: a lab of its own, and what this program makes on it."""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from bench.engine import STACK, Stack
from bench.system import PROJECT, STACK_FILES, FrontedSystem, System, VipSystem
from lab import lifecycle
from lab import state as states
from lab.command import run
from lab.host import Host
from lab.prober import Target

WHOLE = """\
[ "$(cat /run/ha-registry/unit.down /run/ha-registry/probe.down /run/ha-registry/moved.down | tr -d '\\n')" = 000 ] &&
systemctl is-active --quiet keepalived"""


class Ours(System):
    """Made by `python -m ops up` from the stack file of a lab of its own."""

    plugins: ClassVar[Sequence[str]] = ()
    """That not every stack needs."""

    def __init__(self) -> None:
        """Starts the lab where it does not run, and applies the stack."""
        lifecycle.up(self.topology, STACK_FILES[self.topology], self.LAB)
        super().__init__()
        file = self.place / "bench.yaml"
        if not file.exists():
            self.place.mkdir(exist_ok=True)
            shutil.copy(states.of(self.LAB).stack_file, file)
        self.stack = Stack(file, self.plugins)
        self.prepare()
        self.stack.up()
        self.mend()  # an interrupted run may have left a fault behind
        self.await_whole()

    @property
    def place(self) -> Path:
        """Folder of the stack file and of the state: the lab's own."""
        return self.folder

    def prepare(self) -> None:
        """Of the stack file, before the first `up`: nothing but what the lab wrote."""

    def hand_over(self) -> None:
        """The keys of the lab's storage become secrets of the stack."""
        secrets = [sys.executable, "-m", "lab", "secrets", "--name", self.LAB, "--stack", STACK, "--config-file", str(self.stack.file)]
        run(secrets, f"handing the storage's secrets to stack {STACK}", cwd=PROJECT, env=self.stack.environment)

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """Of the stack; the CA and the passwords stay what they are in every change that is measured, until it is destroyed."""
        return self.stack.outputs()

    @property
    def target(self) -> Target:
        """`/` of the registry by its name, at `address`."""
        ca = self.place / "registry-ca.pem"
        ca.write_text(self.outputs["caCertificatePem"])
        url = urlsplit(str(self.outputs["registryUrl"]))
        return Target(address=str(self.address), name=url.hostname or "", ca=str(ca), port=url.port or Target.port)

    @property
    def login(self) -> tuple[str, str]:
        """User and password."""
        return "admin", self.outputs["passwords"]["admin"]


class OursBehindVip(Ours, VipSystem):
    """On hosts with a VIP."""

    phase_s = 1.0
    moves_within_s = 10

    def kill_registry(self, host: Host) -> None:
        """`docker kill` of the live slot's writer."""
        host.output(["sh", "-c", 'docker kill "ha-registry-writer-$(cat /var/lib/ha-registry/live)"'])

    def is_whole(self) -> bool:
        """No track file speaks against any host that may hold the VIP."""
        return all(host.exec(["sh", "-c", WHOLE]).returncode == 0 for host in self.members)

    def mend(self) -> None:
        """Undoes faults, and a move by hand."""
        super().mend()
        for host in self.nodes:
            host.exec(["sh", "-c", "echo 0 >/run/ha-registry/moved.down"])


class OursPair(OursBehindVip):
    """Two registries that share a VIP."""

    topology, LAB = "pair", "bench"


class OursFronted(OursBehindVip, FrontedSystem):
    """Two fronts before three registries on the lab's Ceph."""

    LAB = "bench-fronted"
    window_s = 7.0

    def prepare(self) -> None:
        """All registries, though an interrupted run may have taken one out; and what the storage's operator handed over."""
        for host in self.registries:
            self.stack.add("registries", host.name, str(host.address))
        self.hand_over()

    def is_whole(self) -> bool:
        """Both fronts may hold the VIP, and each passes requests on to every registry."""
        return super().is_whole() and all(self._replicas(front) == {host.name: "up" for host in self.registries} for front in self.members)

    def victim(self) -> Host:
        """Any: each takes a third of the requests."""
        return random.choice(self.registries)  # noqa: S311 - a place, no secret

    def _replicas(self, front: Host) -> dict[str, str]:
        asked = self.client.exec(["curl", "-sk", "-m", "2", f"https://{front.address}/health"])
        return json.loads(asked.stdout)["replicas"] if asked.returncode == 0 else {}
