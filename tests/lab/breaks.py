"""How a host breaks, and how it is repaired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab import fault
from lab.host import Host


def nothing(host: Host) -> None:
    """What the host repairs by itself."""


@dataclass(frozen=True)
class Fault:
    """What breaks on a host, and how it is repaired."""

    breaks: Callable[[Host], None]
    repair: Callable[[Host], None] = nothing


def systemctl(verb: str, unit: str) -> Callable[[Host], None]:
    """What `systemctl VERB UNIT` does on a host."""

    def done(host: Host) -> None:
        host.output(["systemctl", verb, unit])

    return done


def signalled(send: Callable[[Host, str], None], process: str) -> Callable[[Host], None]:
    """What a signal to every process of that name does; `send` is one of `lab.fault`."""

    def done(host: Host) -> None:
        send(host, process)

    return done


def held_by_vip(process: str, unit: str) -> dict[str, Fault]:
    """What breaks on a host that holds the VIP, where `process` of `unit` is what serves there."""
    return {
        f"{process}-stopped": Fault(systemctl("stop", unit), systemctl("start", unit)),
        f"{process}-killed": Fault(signalled(fault.kill, process)),
        f"{process}-hung": Fault(signalled(fault.pause, process), signalled(fault.resume, process)),
        "keepalived-stopped": Fault(systemctl("stop", "keepalived.service"), systemctl("start", "keepalived.service")),
        "keepalived-killed": Fault(signalled(fault.kill, "keepalived")),
        "link-down": Fault(fault.cut, fault.heal),
        "rebooted": Fault(fault.reboot),
        "power-cut": Fault(fault.power_off, fault.power_on),
    }
