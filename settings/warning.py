"""What is allowed and should be known: said in every preview, in the words of a fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from settings.fault import Fault
from settings.model import Fronted, Pair
from settings.topology import AnySystem

FEWEST = 3
"""Replicas from which on one may be missing, for a change or a fault, and another still fail."""


def warnings(system: AnySystem) -> Sequence[Fault]:
    """What the settings allow and their writer may not have meant; nothing of it stops an `up`."""
    return tuple(sorted([*_number_of_replicas(system), *_unseen_storage(system), *_uncopied_images(system)]))


def _number_of_replicas(system: AnySystem) -> Iterator[Fault]:
    """Registries on shared storage have no quorum: what counts is how many may be missing at once."""
    if not isinstance(system, Fronted):
        return
    count = len(system.registries)
    named = ", ".join(host.name for host in system.registries)
    survive = f"{count} replicas survive {count - 1} of them failing: they share one storage and have no quorum"
    if count == 1:
        yield Fault("registries", named, "is a single replica: while it fails, nothing serves", "add a second and a third replica")
    elif system.haproxy.mode == "tcp" and count < FEWEST:
        rule = f"{survive}; while one is changed, a fault of the other is an outage"
        yield Fault("registries", named, rule, f"add a replica, so that there are {FEWEST}, or accept it")
    elif system.haproxy.mode == "tcp" and count % 2 == 0:
        rule = f"is an even number: {survive}, so an even number is as good as an odd one, but usual are 3, 5 or 7"
        yield Fault("registries", named, rule, "add or remove a replica if you expected a quorum, or accept it")


def _unseen_storage(system: AnySystem) -> Iterator[Fault]:
    """What is right on one storage and wrong on another, which nothing here can see."""
    s3 = system.storage.s3
    if s3 and s3.redirect:
        rule = f"sends every client to {s3.endpoint or 'AWS'} for the layers: each must reach it and trust its certificate"
        yield Fault("storage.s3.redirect", "true", rule, "give clients the CA of the store, or write false")
    if isinstance(system, Fronted) and system.storage.mounted and system.haproxy.balance not in {None, "source"}:
        rule = f"spreads the requests of one upload over registries: if it is NFS that is mounted at {system.storage.path}, pushes fail"
        yield Fault("haproxy.balance", str(system.haproxy.balance), rule, "write source, or accept it where it is CephFS")


def _uncopied_images(system: AnySystem) -> Iterator[Fault]:
    """Two disks that nothing keeps equal."""
    if isinstance(system, Pair) and not system.storage.is_shared and not system.replication.enabled:
        rule = "leaves each image on the disk that it was pushed to: after a move of the VIP it is missing, with that disk it is lost"
        yield Fault("replication.enabled", "false", rule, "remove it, share a storage, or copy images yourself")
