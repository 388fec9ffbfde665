"""compare: what the registries of a pair hold, tag by tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from ops.deployed import Deployed
from ops.https import Registry
from ops.tags import Tags, tags

SAME, DIFFERENT = 0, 3
"""Exit codes: the same everywhere, something differs."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What differs from the registry by which the others are judged."""

    reference: str
    counts: Mapping[str, int]
    """Tags on each host."""
    missing: Sequence[tuple[str, str, str]]
    """Host, image, digest: the reference has it and that host does not."""
    extra: Sequence[tuple[str, str, str]]
    """Host, image, digest: that host has it and the reference does not."""
    differing: Sequence[tuple[str, str, str, str]]
    """Host, image, its digest, that of the reference."""

    @property
    def exit_code(self) -> int:
        """DIFFERENT where anything differs."""
        return DIFFERENT if self.missing or self.extra or self.differing else SAME


def shares_images(deployed: Deployed) -> bool:
    """Whether all registries have the same images because they share a store: only then they have a login for one another."""
    return any(script.fact("PROBE") for script in deployed.with_concern("registry").values())


def compare(deployed: Deployed, reference: str) -> Compared:
    """Asks all registries at once for every tag and its digest; `reference` is the host by which the others are judged.

    Reads while others write: a tag that is pushed or deleted meanwhile may be named.

    Raises:
        AskError: a registry gave no answer, or another than the API says.
    """
    addresses = {host: script.connection.address for host, script in deployed.with_concern("registry").items()}
    with ThreadPoolExecutor(len(addresses)) as pool:
        held = dict(zip(addresses, pool.map(tags, (Registry(deployed, address) for address in addresses.values())), strict=True))
    return differences(reference, held)


def differences(reference: str, held: Mapping[str, Tags]) -> Compared:
    """What differs between the tags of `reference` and those of all others; `held` has them by name."""
    ours, others = held[reference], {host: found for host, found in held.items() if host != reference}
    return Compared(
        reference=reference,
        counts={host: len(found) for host, found in held.items()},
        missing=[(host, image, ours[image]) for host, found in others.items() for image in sorted(ours.keys() - found.keys())],
        extra=[(host, image, found[image]) for host, found in others.items() for image in sorted(found.keys() - ours.keys())],
        differing=[
            (host, image, found[image], ours[image])
            for host, found in others.items()
            for image in sorted(ours.keys() & found.keys())
            if found[image] != ours[image]
        ],
    )


def with_backup(then: Tags, registry: str, now: Tags) -> Compared:
    """What a registry lacks of a backup, or has with another digest; what it has besides was pushed later and is no difference."""
    return replace(differences("the backup", {"the backup": then, registry: now}), extra=())


def as_json(found: Compared) -> Mapping[str, Any]:
    """The same for programs."""
    return {
        "reference": found.reference,
        "tags": dict(found.counts),
        "missing": [{"host": host, "image": image, "digest": digest} for host, image, digest in found.missing],
        "extra": [{"host": host, "image": image, "digest": digest} for host, image, digest in found.extra],
        "differing": [
            {"host": host, "image": image, "digest": digest, "referenceDigest": right} for host, image, digest, right in found.differing
        ],
    }


def as_lines(found: Compared) -> Sequence[str]:
    """One line for each image that differs, and the counts."""
    lines = [f"missing {image} on {host}: {found.reference} has {digest}" for host, image, digest in found.missing]
    lines += [f"extra {image} on {host}: {digest}, {found.reference} has none" for host, image, digest in found.extra]
    lines += [f"differs {image} on {host}: {digest}, {found.reference} has {right}" for host, image, digest, right in found.differing]
    counts = ", ".join(f"{count} tags on {host}" for host, count in found.counts.items())
    return [*lines, f"{counts}; {len(lines) or 'nothing'} {'differ' if len(lines) > 1 else 'differs'} from {found.reference}"]
