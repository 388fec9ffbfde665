"""The images of a registry: every tag and its digest, asked over HTTPS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import repeat
from typing import cast
from urllib.parse import urlsplit

from ops.deployed import Deployed
from ops.https import MANIFESTS, Answer, AskError, Registry

AT_ONCE = 8
"""Requests at the same time to one registry: it checks a password with bcrypt at each."""
PAGE = 1000
Tags = Mapping[str, str]
"""`repository:tag` to digest."""


def entry(deployed: Deployed) -> Registry:
    """The registry where clients come in: at the VIP, or by its name where a cluster has none of ours."""
    name = urlsplit(str(deployed.outputs["registryUrl"])).hostname
    return Registry(deployed, str(deployed.outputs.get("vipAddress") or name))


def tags(registry: Registry) -> Tags:
    """Every tag and its digest, whatever it names: an image, an index, another artifact.

    Reads while others write: a tag that is pushed or deleted meanwhile may be left out.

    Raises:
        AskError: the registry gave no answer, or another than the API says.
    """
    with closing(registry), ThreadPoolExecutor(AT_ONCE) as pool:
        repositories = list(_listed(registry, f"/v2/_catalog?n={PAGE}", "repositories"))
        listed = pool.map(_tags_of, repeat(registry), repositories)
        images = [(name, tag) for name, found in zip(repositories, listed, strict=True) for tag in found]
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
