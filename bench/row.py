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


def _of_previews(topology: str, limit_s: float | None) -> tuple[Row, Row]:
    return (
        Row(f"{topology}.seconds.preview", "`pulumi preview` without a change", "s", limit_s),
        Row(f"{topology}.steal.preview", "processor time that the machine did not get meanwhile, of what it wanted", "percent", None),
    )


def _of_hosts(topology: str) -> tuple[Row, Row]:
    return (
        Row(f"{topology}.commands-per-host", "Commands of the host that has most", "count", 8),
        Row(f"{topology}.state-bytes-per-host", "state of the host that has most", "bytes", 256_000),
    )


REQUESTS = {"pair": 2000, "fronted": 5000, "kubernetes": 2000}
"""In a planned change at least, by topology."""
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
        Row(f"pair.failed.change.{kind}", f"of {REQUESTS['pair']} requests and a long one: {what}, on both hosts", "count", 0)
        for kind, what in KINDS_OF_CHANGE.items()
    ),
    Row("pair.moves.change", "moves of the VIP in one of these changes", "count", 0),
    Row("pair.failed.failover", "the VIP is moved by hand, clients retry once", "count", 0),
    Row("pair.resets.failover", "requests that needed this retry", "count", None),
    Row("pair.failed.reboot", "the holder reboots, clients retry once", "count", 0),
    Row("pair.resets.reboot", "requests that needed this retry", "count", None),
    *_of_previews("pair", 4),
    Row("pair.ms-per-resource.render", "the program with 50 pairs and no engine, per resource", "ms", 5),
    *_of_hosts("pair"),
    Row("pair.moves.stress", "moves of the VIP while stress-ng keeps all cores busy", "count", 0),
    Row("pair.load.stress", "highest load average meanwhile", "load", None),
    Row("pair.standstill.stress", "longest time that the machine itself did not run, as a real-time process sees it", "ms", None),
)
KEPT = 0.95
"""Part of the load that two of three registries must go on serving."""
HUNG_MS = 1500
"""After which a hung registry gets no request any more."""
FRONTED_CHANGES = {
    "registry": "a setting of the registry changes, on all hosts",
    "front": "a setting of haproxy changes, on both fronts",
    "add": "a third registry comes into the stack file",
}
FRONTED = (
    Row("fronted.failed.registry-killed", "requests failed where a registry's container is killed", "count", 0),
    Row("fronted.extra.registry-killed", "the slowest request then, beyond the slowest before", "ms", 100),
    Row("fronted.failed.host-cut", "requests failed that began after the link of a registry's host went down", "count", 0),
    Row("fronted.failed-open.host-cut", "requests failed that were under way when it did", "count", None),
    Row("fronted.extra.host-cut", "the slowest that began after it, beyond the slowest before", "ms", 400),
    Row("fronted.load-kept.host-cut.inverse", "requests answered per second before, divided by those after", "ratio", round(1 / KEPT, 4)),
    Row("fronted.trouble.registry-hung", "a registry is stopped by SIGSTOP: until the last request began that failed", "ms", HUNG_MS),
    Row("fronted.failed.registry-hung", f"requests failed that began {HUNG_MS / 1000:g} s later or more", "count", 0),
    Row("fronted.failed-early.registry-hung", "requests failed that began before", "count", None),
    Row("fronted.extra.registry-hung", "the slowest request then, beyond the slowest before", "ms", None),
    Row("fronted.moves.registry", "moves of the VIP where a registry fails, until it is repaired", "count", 0),
    Row("fronted.standstill.registry", "longest time that the machine itself did not run around such a fault", "ms", None),
    Row("fronted.gap.haproxy-killed", "haproxy is killed on the holder of the VIP (`kill -9`)", "ms", 200),
    Row("fronted.gap.front-cut", "the link of the front that holds the VIP goes down", "ms", 500),
    Row("fronted.moves.fault", "moves of the VIP where a front fails, until it is repaired", "count", 1),
    Row("fronted.failed.repair", "requests failed while the host of a fault above is repaired", "count", 0),
    *(
        Row(f"fronted.failed.change.{kind}", f"of {REQUESTS['fronted']} requests and a long one: {what}", "count", 0)
        for kind, what in FRONTED_CHANGES.items()
    ),
    Row("fronted.failed.change.remove", f"of {REQUESTS['fronted']} requests: one of three registries leaves it", "count", 0),
    Row("fronted.moves.change", "moves of the VIP in one of these changes", "count", 0),
    Row("fronted.failed.reload", "requests failed while both fronts reload haproxy again and again", "count", 0),
    Row("fronted.dropped.reload", "connections that a reload cut between two requests, of 8 kept ones", "count", 0),
    *_of_previews("fronted", None),
    *_of_hosts("fronted"),
)
KUBERNETES = (
    Row("kubernetes.gap.pod-killed", "the one pod, on a local volume, is deleted at once (no grace)", "ms", 5000),
    Row("kubernetes.failed.pod-deleted", "requests failed where one of two pods on S3 is deleted in order", "count", 0),
    Row(
        "kubernetes.trouble.container-killed",
        "the container of one is killed: until the last request began that failed",
        "ms",
        3000,
    ),
    Row("kubernetes.failed.container-killed", "requests failed then", "count", None),
    Row(
        "kubernetes.failed.change.registry",
        f"of {REQUESTS['kubernetes']} requests and a long one: a setting of the registry changes, both pods are replaced",
        "count",
        0,
    ),
    Row("kubernetes.standstill.pod", "longest time that the machine itself did not run around the end of a pod or container", "ms", None),
    Row("kubernetes.seconds.up", "`up` of a single pod on a local volume, on a ready cluster, trust and proof included", "s", 60),
    *_of_previews("kubernetes", None),
)
TOPOLOGIES = {"pair": PAIR, "fronted": FRONTED, "kubernetes": KUBERNETES}
