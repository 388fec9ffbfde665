"""From the values of all trials to the figures that are published."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: always a value that was seen. Raises ValueError where there is none."""
    if not values:
        raise ValueError("no values, no percentile")
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]
