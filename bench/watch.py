"""Who held the VIP when: address events of every registry host, as its kernel reports them."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address

from lab.host import Host

LINE = re.compile(r"^\[(?P<at>[\d:.T-]+)\] (?P<gone>Deleted )?\d+: .*?\binet (?P<address>[\d.]+)")
"""Of `ip -oneline -tshort monitor address`."""


@dataclass(frozen=True)
class Event:
    """An address came to a host, or went."""

    at: float
    """Seconds since the epoch."""
    host: str
    holds: bool


def parse(host: str, text: str, vip: IPv4Address) -> list[Event]:
    """Events of the VIP in what `ip monitor` printed on a machine with clock in UTC."""
    found = (match for match in map(LINE.match, text.splitlines()) if match and match["address"] == str(vip))
    return [Event(datetime.fromisoformat(match["at"]).replace(tzinfo=UTC).timestamp(), host, not match["gone"]) for match in found]


def moves(before: Iterable[str], events: Sequence[Event]) -> int:
    """How often a host that did not hold the VIP got it; hearing of it again is no move."""
    holders, count = set(before), 0
    for event in sorted(events, key=lambda one: one.at):
        if event.holds:
            count += event.host not in holders
            holders.add(event.host)
        else:
            holders.discard(event.host)
    return count


def settled_s(before: Iterable[str], events: Sequence[Event], since: float, until: float) -> float:
    """Seconds from `since` until exactly one host held the VIP, and did so up to `until`; `until` itself where that never came."""
    holders, wrong_until = set(before), since
    timeline = [event for event in sorted(events, key=lambda one: one.at) if event.at <= until]
    for event in timeline:
        was_one = len(holders) == 1
        (holders.add if event.holds else holders.discard)(event.host)
        if event.at > since and (not was_one or len(holders) != 1):
            wrong_until = event.at
    return (until if len(holders) != 1 else wrong_until) - since


class Watch:
    """Listens on all `hosts` for the length of a `with` block; the figures are there after it."""

    def __init__(self, hosts: Sequence[Host], vip: IPv4Address) -> None:
        """Nothing runs before the block."""
        self._hosts, self._vip = hosts, vip
        self._listeners: Mapping[str, subprocess.Popen[str]] = {}
        self.before: list[str] = []
        self.events: list[Event] = []

    def __enter__(self) -> Watch:
        """Listens first and looks then, so that no event falls between."""
        self._files = {host.name: tempfile.TemporaryFile("w+") for host in self._hosts}  # noqa: SIM115 - closed in __exit__
        self._listeners = {host.name: self._listen(host) for host in self._hosts}
        self.before = [host.name for host in self._hosts if host.holds(self._vip)]
        return self

    def __exit__(self, *_: object) -> None:
        for name, listener in self._listeners.items():
            listener.terminate()
            listener.wait()
            with self._files[name] as file:
                file.seek(0)
                self.events += parse(name, file.read(), self._vip)

    @property
    def moves(self) -> int:
        """How often the VIP came to another host."""
        return moves(self.before, self.events)

    def settled_s(self, since: float, until: float) -> float:
        """See the function of that name."""
        return settled_s(self.before, self.events, since, until)

    def _listen(self, host: Host) -> subprocess.Popen[str]:
        argv = ["nsenter", f"--target={host.pid}", "--net", "ip", "-oneline", "-tshort", "monitor", "address"]
        return subprocess.Popen(argv, stdout=self._files[host.name], env={**os.environ, "TZ": "UTC"}, text=True)
