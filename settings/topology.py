"""Which model judges which settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settings.kubernetes import Kubernetes
from settings.model import Fronted, Pair, Vms

AnySystem = Vms | Kubernetes
"""Settings of any topology: those on machines of one's own have a common base."""
MODELS: Mapping[str, type[Pair] | type[Fronted] | type[Kubernetes]] = {"pair": Pair, "fronted": Fronted, "kubernetes": Kubernetes}
"""The models by topology."""


def model_of(raw: Mapping[Any, Any]) -> type[Pair] | type[Fronted] | type[Kubernetes]:
    """The model of the topology that is written; where none is, the one that is most likely meant, for the faults of the rest."""
    topology = raw.get("topology")
    if isinstance(topology, str) and topology in MODELS:
        return MODELS[topology]
    if {"cluster", "nodes", "pullSecrets"} & set(raw):
        return Kubernetes
    return Fronted if {"fronts", "haproxy"} & set(raw) else Pair
