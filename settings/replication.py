"""How images get from one registry's own disk to the other's."""

from __future__ import annotations

from settings.quantity import Duration
from settings.section import Section
from settings.value import Flag


class Replication(Section):
    """Copies of images from the registry that holds the VIP to the other one; only where each has its own disk."""

    enabled: Flag = True
    """Whether images are copied at all."""
    interval: Duration = Duration("5m")
    """Time between two full comparisons, 10s to 1d. What is pushed is copied at once; this finds what no event told of."""
    deletes: Flag = False
    """Whether deletions are copied too, those that an event told of; else what was deleted stays on the other disk."""
