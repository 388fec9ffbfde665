"""Which model judges which settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settings.model import Fronted, Pair

MODELS: Mapping[str, type[Pair] | type[Fronted]] = {"pair": Pair, "fronted": Fronted}
"""The models by topology."""


def model_of(raw: Mapping[Any, Any]) -> type[Pair] | type[Fronted]:
    """The model of the topology that is written; where none is, the one that is most likely meant, for the faults of the rest."""
    topology = raw.get("topology")
    if isinstance(topology, str) and topology in MODELS:
        return MODELS[topology]
    return Fronted if {"fronts", "haproxy"} & set(raw) else Pair
