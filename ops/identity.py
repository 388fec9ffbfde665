"""What of a stack's state no `up` can make again: CA, keys, certificates, made passwords, the http secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ops.deployed import STACK
from ops.deployment import resources_of

BORN = ("random:", "tls:")
"""Packages whose resources exist in the state alone; every other resource is something on a host or in a cluster."""


def identity(state: Mapping[str, Any]) -> dict[str, Any]:
    """An exported state with nothing but the identity in it, and what that refers to: an `up` makes all the rest.

    How its secrets are encrypted is left out: that is a matter of the stack into which it is imported.
    """
    by_urn = {str(each["urn"]): each for each in resources_of(state) if not each.get("delete")}
    born = [urn for urn, each in by_urn.items() if str(each["type"]).startswith(BORN)]
    kept = {needed for urn in born for needed in _needed(by_urn, urn)}
    return {
        **{name: state[name] for name in ("version", "features") if name in state},
        "deployment": {
            "manifest": (state.get("deployment") or {}).get("manifest") or {},
            "resources": [_bare(by_urn[urn]) for urn in by_urn if urn in kept],
        },
    }


def _needed(by_urn: Mapping[str, Mapping[str, Any]], urn: str) -> Iterator[str]:
    """The resource, those it stands below, and its provider."""
    while urn:
        yield urn
        # URN::ID
        if provider := str(by_urn[urn].get("provider") or "").rpartition("::")[0]:
            yield provider
        urn = str(by_urn[urn].get("parent") or "")


def _bare(resource: dict[str, Any]) -> dict[str, Any]:
    """Without what the stack exported: `ops` would take it for deployed."""
    return {name: value for name, value in resource.items() if not (resource["type"] == STACK and name == "outputs")}
