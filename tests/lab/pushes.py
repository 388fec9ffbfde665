"""Pushes while something happens to a registry: `with Pushes(deployment, addresses) as pushes: ...`, then `pushes.read_back()`."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Sequence

from lab.host import Host
from tests.lab import engine
from tests.lab.deployment import Deployment
from tests.lab.pushing import Report


class Pushes:
    """Clients on push53, or another host, that push image after image, every request on a connection of its own."""

    def __init__(
        self,
        deployment: Deployment,
        *,
        read_at: Sequence[str],
        through: str = "",
        on: Host | None = None,
        clients: int = 2,
        layers: int = 2,
        layer_bytes: int = 200_000,
        at_least: int = 1,
    ) -> None:
        """`at_least` images are tried by each client, however soon the block ends; `read_at`: addresses to read back from.

        They are pushed `through` the VIP, unless another address is named. An address may end in `:PORT`.
        """
        client = deployment.client
        self._login = f"{client.user}:{client.password}\n"
        counts = {"clients": clients, "layers": layers, "layer-bytes": layer_bytes, "at-least": at_least}
        self._argv = [
            *("nsenter", f"--target={(on or client.host).pid}", "--net", sys.executable, "-m", "tests.lab.pushing"),
            *("--address", through or client.vip, "--name", deployment.name, "--ca", str(deployment.ca)),
            *("--repository", f"pushes/{secrets.token_hex(4)}"),
            *(part for name, count in counts.items() for part in (f"--{name}", str(count))),
            *(part for address in read_at for part in ("--read-at", address)),
        ]

    def __enter__(self) -> Pushes:
        """Returns once every client has tried one image, so that something is acknowledged before anything breaks."""
        self._process = subprocess.Popen(
            self._argv, cwd=engine.PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._tell(self._login, "ready\n")
        return self

    def __exit__(self, *_: object) -> None:
        """Lets the pushes that are under way end."""
        self._tell("stop\n", "stopped\n")

    def read_back(self) -> Report:
        """Reads everything that was acknowledged at every address; what failed meanwhile is counted, what is lost is named."""
        out, err = self._process.communicate()
        assert self._process.returncode == 0, err
        return Report(**json.loads(out))

    def _tell(self, words: str, answer: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(words)
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said == answer, said + self._process.communicate()[1]
