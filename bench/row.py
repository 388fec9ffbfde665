"""Every figure that is published, with its unit and limit, once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure: less is better, and more than `limit` is a fault of the program."""

    id: str
    what: str
    unit: str
    limit: float | None
    """None: printed for the reader, nothing is promised."""


KINDS_OF_CHANGE = {
    "registry": "a setting of the registry changes",
    "certificate": "every registry gets a new certificate",
    "user": "a user comes or goes",
    "firewall": "who may pull changes",
    "keepalived": "the advert interval changes",
}

PAIR = (
    Row("pair.gap.registry-killed", "the holder's registry container is killed", "ms", 200),
    Row("pair.gap.registry-hung", "its registry is stopped by SIGSTOP, the port stays open", "ms", 1500),
    Row("pair.gap.host-cut", "the holder's link goes down", "ms", 500),
    Row("pair.gap.keepalived-killed", "all keepalived processes of the holder are killed (`kill -9`)", "ms", 150),
    Row("pair.holders.keepalived-killed", "after that, until one host holds the VIP, and stays the only one", "ms", 2000),
    Row("pair.failed.repair", "requests failed while the host of a fault above is repaired", "count", 0),
    Row("pair.moves.fault", "moves of the VIP from fault to repaired", "count", 1),
    *(
        Row(f"pair.failed.change.{kind}", f"of 2000 requests and a long one: {what}, on both hosts", "count", 0)
        for kind, what in KINDS_OF_CHANGE.items()
    ),
    Row("pair.moves.change", "moves of the VIP in one of these changes", "count", 0),
    Row("pair.failed.failover", "the VIP is moved by hand, clients retry once", "count", 0),
    Row("pair.resets.failover", "requests that needed this retry", "count", None),
    Row("pair.failed.reboot", "the holder reboots, clients retry once", "count", 0),
    Row("pair.resets.reboot", "requests that needed this retry", "count", None),
    Row("pair.seconds.preview", "`pulumi preview` without a change", "s", 4),
    Row("pair.ms-per-resource.render", "the program with 50 pairs and no engine, per resource", "ms", 5),
    Row("pair.commands-per-host", "Commands of the host that has most", "count", 8),
    Row("pair.state-bytes-per-host", "state of the host that has most", "bytes", 256_000),
    Row("pair.moves.stress", "moves of the VIP while stress-ng keeps all cores busy", "count", 0),
    Row("pair.load.stress", "highest load average meanwhile", "load", None),
    Row("pair.standstill.stress", "longest time that the machine itself did not run, as a real-time process sees it", "ms", None),
)
TOPOLOGIES = {"pair": PAIR}
