"""A deployment whose life a story tells: what its hosts were like before, and how its first `up` ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from tests.lab.deployment import Deployment
from tests.lab.outcome import Run

Made = TypeVar("Made", bound=Deployment)


@dataclass(frozen=True)
class Begun(Generic[Made]):
    """After the first `up`."""

    made: Made
    before: Mapping[str, Mapping[str, str]]
    """What each host looked like before it."""
    first: Run

    @classmethod
    def of(cls, fresh: Made) -> Begun[Made]:
        """Applies `fresh` for the first time."""
        before = {name: fresh.snapshot(name) for name in fresh.hosts}
        return cls(fresh, before, fresh.up())

    def served(self) -> Made:
        """The deployment, once it is known that the first `up` succeeded."""
        self.first.succeeded()
        return self.made
