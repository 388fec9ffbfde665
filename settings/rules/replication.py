"""Rules over the copies of images between the disks of a pair."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from settings.fault import HIDDEN, Fault, shown
from settings.given import Given, path_of, rule
from settings.model import Pair
from settings.quantity import Duration
from settings.raw import is_mapping
from settings.reserved import EVENTS_NAME
from settings.rules.certificate import addresses_of

SHORTEST, LONGEST = Duration("10s"), Duration("1d")


@rule("replication", "storage")
def shared_images_are_not_copied(given: Given) -> Iterator[Fault]:
    """On shared storage every registry has every image at once."""
    system = given.system
    if isinstance(system, Pair) and "replication" in system.model_fields_set and _has_one_kind(system) and system.storage.is_shared:
        rule_ = f"has no effect: both registries have the same images at once on storage.{system.storage.kind}"
        yield Fault("replication", "a section", rule_, "remove it, or keep images in storage.local")


@rule("replication.enabled")
def copying_is_not_told_how_where_it_is_off(given: Given) -> Iterator[Fault]:
    """What says how has no effect where nothing is copied."""
    if isinstance(given.system, Pair) and not given.system.replication.enabled:
        replication = given.system.replication
        for name in sorted(replication.model_fields_set - {"enabled"}):
            rule_ = "has no effect: replication.enabled is false"
            yield Fault(f"replication.{name}", shown(vars(replication)[name]), rule_, "remove this one, or replication.enabled")


@rule("replication.interval")
def interval_is_neither_a_load_nor_never(given: Given) -> Iterator[Fault]:
    """A comparison asks both registries for every tag; without one, what no event told of is never copied."""
    if isinstance(given.system, Pair):
        interval = given.system.replication.interval
        if not SHORTEST.amount <= interval.amount <= LONGEST.amount or interval.amount % Duration.UNITS["s"]:
            rule_ = f"must be whole seconds from {SHORTEST} to {LONGEST}"
            yield Fault("replication.interval", interval.text, rule_, "write for example 5m")


@rule("replication.deletes", "registry.delete")
def there_are_deletions_to_copy(given: Given) -> Iterator[Fault]:
    """Where clients may not delete, nothing is deleted on the other disk either."""
    if isinstance(given.system, Pair) and given.system.replication.deletes and not given.system.registry.delete:
        rule_ = "has no effect: registry.delete is false, so nobody may delete anything"
        yield Fault("replication.deletes", "true", rule_, "remove it, or write registry.delete: true")


@rule("replication.enabled", "storage", "tls.files.certificate", "registries", "adopt")
def taken_over_certificate_names_both_registries(given: Given) -> Iterator[Fault]:
    """Images are copied from address to address; of a certificate that is taken over only the registry's name is certain."""
    system = given.system
    files = system.tls.files
    if not isinstance(system, Pair) or not system.adopt or files is None or not _has_one_kind(system) or not system.replicates:
        return
    named = addresses_of(given, files)
    for host in system.registries:
        if host.address not in named:
            rule_ = f"does not name {path_of(system, host)} {host.address}, which the other registry verifies when it copies images there"
            remedy = f"have it issued with subjectAltName IP:{host.address}, or write replication: {{enabled: false}} until it is"
            yield Fault("tls.files.certificate", shown(files.certificate), rule_, remedy)


@rule("replication.enabled", "registry.config")
def own_notifications_stand_beside_ours(given: Given) -> Iterator[Fault]:
    """The registry tells the copier of pushes by an endpoint that is added to those of `registry.config`."""
    if not isinstance(given.system, Pair) or "notifications" not in given.system.registry.config:
        return
    written = given.system.registry.config["notifications"]
    endpoints = written.get("endpoints", []) if is_mapping(written) else None
    remedy = "write endpoints: [{name: mine, url: ...}] beneath it, or remove it"
    if not isinstance(endpoints, list):
        yield Fault("registry.config.notifications", HIDDEN, "must be a mapping with a list of endpoints", remedy)
    elif any(is_mapping(each) and each.get("name") == EVENTS_NAME for each in cast("list[object]", endpoints)):
        yield Fault("registry.config.notifications", EVENTS_NAME, "is the name of our own endpoint, by which images are copied", remedy)


def _has_one_kind(system: Pair) -> bool:
    """Whether it can be said where images are; that there is one kind is a rule of its own."""
    return len(system.storage.kinds) == 1


RULES = (
    shared_images_are_not_copied,
    copying_is_not_told_how_where_it_is_off,
    interval_is_neither_a_load_nor_never,
    there_are_deletions_to_copy,
    taken_over_certificate_names_both_registries,
    own_notifications_stand_beside_ours,
)
