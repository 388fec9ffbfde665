"""All objects of a system that carry no secret and no certificate of ours, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from render.kubernetes import page
from render.kubernetes.manifest import RESTRICTED, Manifest, namespace_of
from render.kubernetes.pods import config_maps, deployment, disruption_budget
from render.kubernetes.volume import volumes
from render.kubernetes.way_in import metrics, network_policy, routes, service
from settings import Kubernetes


def before_pods(system: Kubernetes, storage_ca: str) -> Iterator[Manifest]:
    """What the pods need, beside the Secrets."""
    yield from config_maps(system, storage_ca)
    yield from volumes(system)
    # Before the first pod: it is never open, not even while it starts
    yield network_policy(system)


def after_pods(system: Kubernetes) -> Iterator[Manifest]:
    """What leads to the pods; a Service without a ready pod would be waited for."""
    yield from disruption_budget(system)
    yield service(system)
    yield from page.service(system)
    yield from routes(system)
    yield from metrics(system)


def plain_objects(system: Kubernetes, storage_ca: str) -> Sequence[Manifest]:
    """All that is known at preview."""
    own = [namespace_of(system.cluster.namespace, RESTRICTED)] if system.cluster.create_namespace else []
    return [*own, *before_pods(system, storage_ca), deployment(system, storage_ca, ""), *page.page(system, ""), *after_pods(system)]
