"""How long the program takes without an engine: `python -m bench.program STACK_FILE` prints milliseconds per resource."""

from __future__ import annotations

import base64
import gc
import sys
import time
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks

from components.pair import PairTopology
from components.positions import without_positions
from components.secrets import Secrets
from components.topology import TopologyArgs
from settings import StackFile

PAIRS = 50


class Providers(mocks.Mocks):
    """Answers at once, with values of the right shape."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Inputs come back, with what only a provider knows."""
        salt = base64.b64encode(bytes(16)).decode()
        made = {"result": "x" * 32, "base64": salt, "privateKeyPem": "key\n", "certPem": "certificate\n", "certRequestPem": "request\n"}
        return f"{args.name}-id", {**args.inputs, **made}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        """The program calls no provider."""
        raise NotImplementedError(args.token)


class Monitor(mocks.MockMonitor):
    """Counts what is registered."""

    count = 0

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the protocol
        """One more."""
        self.count += 1
        return super().RegisterResource(request)


def ms_per_resource(stack_file: Path) -> float:
    """Milliseconds from read settings to the last registered resource, divided by their number."""
    system = StackFile(stack_file).load()
    monitor = Monitor(Providers())
    mocks.set_mocks(Providers(), project="ha-registry", stack="bench", preview=False, monitor=monitor)

    def program() -> None:
        secrets = Secrets(config=pulumi.Config(), names=(), plain=())
        with without_positions():  # as the program does
            for number in range(PAIRS):
                PairTopology(f"registry-{number}", TopologyArgs(system=system, secrets=secrets))

    started = time.monotonic()
    pulumi.runtime.test(program)()
    return (time.monotonic() - started) * 1000 / monitor.count


if __name__ == "__main__":
    gc.disable()  # as the program does
    print(f"{ms_per_resource(Path(sys.argv[1])):.2f}")
