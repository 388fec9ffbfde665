"""compare: what the registries of a pair hold, tag by tag."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import Any, cast

from ops.deployed import Deployed
from ops.https import MANIFESTS, Answer, AskError, Registry

SAME, DIFFERENT = 0, 3
"""Exit codes: the same everywhere, something differs."""
AT_ONCE = 8
"""Requests at the same time to one registry: it checks a password with bcrypt at each."""
PAGE = 1000
Tags = Mapping[str, str]
"""`repository:tag` to digest."""


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
        held = dict(zip(addresses, pool.map(_tags, (Registry(deployed, address) for address in addresses.values())), strict=True))
    ours, others = held[reference], {host: tags for host, tags in held.items() if host != reference}
    return Compared(
        reference=reference,
        counts={host: len(tags) for host, tags in held.items()},
        missing=[(host, image, ours[image]) for host, tags in others.items() for image in sorted(ours.keys() - tags.keys())],
        extra=[(host, image, tags[image]) for host, tags in others.items() for image in sorted(tags.keys() - ours.keys())],
        differing=[
            (host, image, tags[image], ours[image])
            for host, tags in others.items()
            for image in sorted(ours.keys() & tags.keys())
            if tags[image] != ours[image]
        ],
    )


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


def _tags(registry: Registry) -> Tags:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        repositories = list(_listed(registry, f"/v2/_catalog?n={PAGE}", "repositories"))
        listed = pool.map(_tags_of, repeat(registry), repositories)
        images = [(name, tag) for name, tags in zip(repositories, listed, strict=True) for tag in tags]
        digests = pool.map(_digest, repeat(registry), images)
        return {f"{name}:{tag}": digest for (name, tag), digest in zip(images, digests, strict=True) if digest}


def _tags_of(registry: Registry, repository: str) -> Sequence[str]:
    return list(_listed(registry, f"/v2/{repository}/tags/list?n={PAGE}", "tags"))


def _listed(registry: Registry, path: str, key: str) -> Iterator[str]:
    """Every name of a list, page by page; nothing where a repository has lost its last tag."""
    following: str | None = path
    while following:
        answer = registry.ask(following)
        if answer.status == 404 and key == "tags":
            return
        _expect(registry, following, answer)
        names = cast("dict[str, list[str] | None]", json.loads(answer.body))[key]
        yield from names or []
        # RFC 8288, as the distribution specification uses it
        link = re.match(r'<(?:https?://[^/]+)?(/[^>]*)>; *rel="?next"?', answer.headers.get("link", ""))
        following = link[1] if link else None


def _digest(registry: Registry, image: tuple[str, str]) -> str:
    """Empty where the tag is gone since it was listed."""
    path = f"/v2/{image[0]}/manifests/{image[1]}"
    answer = registry.ask(path, method="HEAD", accept=MANIFESTS)
    if answer.status == 404:
        return ""
    _expect(registry, path, answer)
    return answer.headers.get("docker-content-digest", "")


def _expect(registry: Registry, path: str, answer: Answer) -> None:
    if answer.status != 200:
        raise AskError(f"{registry.address}: {path}: answered {answer.status}; is a registry there, with the stack's passwords?")
