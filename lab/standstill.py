"""How long the machine itself stood still: a virtual machine is not run by its host all the time, and then nothing on it runs."""

from __future__ import annotations

import os
import threading
import time

SLEEP_S = 0.005
PRIORITY = 60
"""Of SCHED_FIFO: above everything that a lab or a load runs, so that only the machine itself can be late."""


class Standstill:
    """Watches every processor for the length of a `with` block; needs root."""

    def __init__(self) -> None:
        """Nothing runs before the block."""
        self._over = threading.Event()
        self._longest_s: dict[int, float] = {}
        self._threads = [threading.Thread(target=self._watch, args=(cpu,)) for cpu in sorted(os.sched_getaffinity(0))]

    def __enter__(self) -> Standstill:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def longest_ms(self) -> float:
        """The longest time by which a processor was late."""
        return round(max(self._longest_s.values(), default=0.0) * 1000, 1)

    def _watch(self, cpu: int) -> None:
        os.sched_setaffinity(0, {cpu})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        while not self._over.is_set():
            due = time.monotonic() + SLEEP_S
            time.sleep(SLEEP_S)
            self._longest_s[cpu] = max(self._longest_s.get(cpu, 0.0), time.monotonic() - due)
