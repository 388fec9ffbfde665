"""What breaks on a host of a system under measurement, and how it is repaired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from bench.load import Loaded
from bench.ours import Ours
from bench.system import VipSystem
from lab import fault
from lab.host import Host

Fault = Callable[[VipSystem, Host], None]
FAULTS: Mapping[str, Fault] = {
    "registry-killed": lambda system, host: system.kill_registry(host),
    "registry-hung": lambda _, host: fault.pause(host, "registry"),
    "host-cut": lambda _, host: fault.cut(host),
    "keepalived-killed": lambda _, host: fault.kill(host, "keepalived"),
    "haproxy-killed": lambda _, host: fault.kill(host, "haproxy"),
    "front-cut": lambda _, host: fault.cut(host),
}
REPAIRS: Mapping[str, Callable[[Host], None]] = {
    "registry-hung": lambda host: fault.resume(host, "registry"),
    "host-cut": fault.heal,
    "front-cut": fault.heal,
}
"""The rest heals by itself in our system, and by hand in the control."""


def repaired(system: VipSystem, host: Host, kind: str) -> Mapping[str, float]:
    """Repairs `host`, in our system under load; row id to value. Raises BenchError where the system does not become whole."""
    with ExitStack() as stack:
        load = stack.enter_context(Loaded(system)) if isinstance(system, Ours) else None
        if kind in REPAIRS:
            REPAIRS[kind](host)
        if load is None:
            system.mend()
        system.await_whole()
    return {} if load is None else {f"{system.topology}.failed.repair": float(load.tally.failed)}
