"""How long a service was away, as clients on a lab host saw it.

An attempt starts every 10 ms, each on a new TLS connection with a deadline of 100 ms, whatever became of those before it.
The gap is the longest time without a success: from one success (or the start) to the next (or the end).

This is the process that does it, in whatever network namespace it was started; `lab.probe` starts it in a host's.
"""

import argparse
import json
import os
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

INTERVAL_S = 0.010
DEADLINE_S = 0.100
WORKERS = 12
"""Each starts every WORKERS-th attempt: one that uses up its deadline is back before its next turn."""
ANSWERS = (b"HTTP/1.1 200", b"HTTP/1.1 401")
"""200 from a path without users, 401 from one with: both are a registry that answers."""
AWAIT_S = 10
SUCCESSES_BEFORE = 3
"""In a row, before a measurement counts as started."""


@dataclass(frozen=True)
class Target:
    """What is asked for."""

    address: str
    name: str
    """What the certificate must be valid for."""
    ca: str
    """PEM file that must have signed it."""
    port: int = 443
    path: str = "/"


@dataclass(frozen=True)
class Attempt:
    """One connection and request; times in seconds of the monotonic clock."""

    started: float
    ended: float
    cause: str
    """Why it failed; empty for a success."""


@dataclass(frozen=True)
class Report:
    """What a measurement saw. Times in milliseconds."""

    attempts: int
    failed: int
    gap_ms: float
    """Longest time without a success. Without a fault it is the interval plus what one request takes longer than another."""
    gap_at_ms: float
    """When that time began, after the start of the measurement."""
    slowest_ms: float
    """Of the successes."""
    causes: dict[str, int]


def report(attempts: Sequence[Attempt]) -> Report:
    """The figures of a list of attempts; one without any success is one gap."""
    start, end = min(one.started for one in attempts), max(one.ended for one in attempts)
    good = [one for one in attempts if not one.cause]
    moments = [start, *sorted(one.ended for one in good), end]
    gap, begin = max((after - before, before) for before, after in pairwise(moments))
    return Report(
        attempts=len(attempts),
        failed=len(attempts) - len(good),
        gap_ms=round(gap * 1000, 1),
        gap_at_ms=round((begin - start) * 1000, 1),
        slowest_ms=round(max((one.ended - one.started for one in good), default=0.0) * 1000, 1),
        causes=dict(Counter(one.cause for one in attempts if one.cause)),
    )


class Prober:
    """Runs attempts in this process's own network namespace."""

    def __init__(self, target: Target) -> None:
        """Reads the CA; raises OSError where it cannot be read."""
        self._target = target
        self._context = ssl.create_default_context(cafile=target.ca)
        host = target.name if target.port == 443 else f"{target.name}:{target.port}"
        self._request = f"GET {target.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._attempts: list[Attempt] = []

    def attempt(self) -> Attempt:
        """One connection with TLS handshake, request and first line of the answer, all within the deadline."""
        started = time.monotonic()
        try:
            cause = self._ask(started + DEADLINE_S)
        except TimeoutError:
            cause = "timeout"
        except ssl.SSLError as fault:
            cause = f"tls {fault.reason or fault}"
        except OSError as fault:
            cause = os.strerror(fault.errno) if fault.errno else str(fault)
        return Attempt(started, time.monotonic(), cause)

    def _ask(self, deadline: float) -> str:
        with socket.create_connection((self._target.address, self._target.port), timeout=_left(deadline)) as plain:
            plain.settimeout(_left(deadline))
            with self._context.wrap_socket(plain, server_hostname=self._target.name) as secure:
                secure.settimeout(_left(deadline))
                secure.sendall(self._request)
                secure.settimeout(_left(deadline))
                answer = secure.recv(64)
        _left(deadline)
        line = answer.splitlines()[0].decode(errors="replace") if answer else "nothing"
        return "" if answer.startswith(ANSWERS) else f"answered {line}"

    def await_service(self) -> bool:
        """Whether some attempts in a row succeeded before `AWAIT_S` was over."""
        deadline, row = time.monotonic() + AWAIT_S, 0
        while row < SUCCESSES_BEFORE and time.monotonic() < deadline:
            row = 0 if self.attempt().cause else row + 1
            time.sleep(INTERVAL_S)
        return row == SUCCESSES_BEFORE

    def start(self) -> None:
        """Begins attempts at fixed times, in threads of their own."""
        begin = time.monotonic()
        self._threads = [threading.Thread(target=self._work, args=(begin + number * INTERVAL_S,), daemon=True) for number in range(WORKERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> Report:
        """Lets attempts under way end, and sums up."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        return report(self._attempts)

    def _work(self, due: float) -> None:
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            self._attempts.append(self.attempt())
            due += WORKERS * INTERVAL_S


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def main() -> None:
    """Prints `ready` once the service answers, then the report as JSON when standard input ends."""
    options = argparse.ArgumentParser(
        prog="python -m lab.prober", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for required in ("address", "name", "ca"):
        options.add_argument(f"--{required}", required=True)
    options.add_argument("--port", type=int, default=Target.port)
    options.add_argument("--path", default=Target.path)
    prober = Prober(Target(**vars(options.parse_args())))
    if not prober.await_service():
        sys.exit(f"no {SUCCESSES_BEFORE} answers in a row within {AWAIT_S} s; the last attempt: {prober.attempt().cause or 'answered'}")
    prober.start()
    print("ready", flush=True)
    sys.stdin.read()
    print(json.dumps(asdict(prober.stop())))


if __name__ == "__main__":
    main()
