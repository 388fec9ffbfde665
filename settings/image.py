"""References of the registry image: a full version not older than what is supported, or a digest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from settings.fault import refused
from settings.value import Parsed

OLDEST = (3, 1, 1)
"""Older ones corrupt shared storage and are no longer rebuilt."""
ANY = (0, 0, 0)
_REMEDY = "write for example docker.io/library/registry:3.1.1, or pin its digest: NAME@sha256:..."
_DIGESTS = {"sha256": 64, "sha512": 128}
_REPOSITORY = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?"


@dataclass(frozen=True)
class Reference:
    """An image reference, split: `repository[:tag][@digest]`."""

    repository: str
    tag: str
    digest: str


def reference(image: str) -> Reference:
    """The parts of an image reference; a part that is not there is empty."""
    rest, _, digest = image.partition("@")
    folder, slash, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    return Reference(f"{folder}{slash}{name}", tag, digest)


def _image(value: object, oldest: tuple[int, ...] = OLDEST) -> str:
    if not isinstance(value, str) or not value or len(value) > 512:
        raise refused("must be an image reference", _REMEDY)
    if re.match(r"[^/@]*:[^/@]*@(?!sha)|[^/]*://", value):
        raise refused("has a scheme or credentials in it", f"{_REMEDY}; who pulls it is registry.source.user", hidden=True)
    parts = reference(value)
    domain, slash, repository = parts.repository.partition("/")
    if not slash or not re.search(r"[.:]|^localhost$", domain):
        domain, repository = "", parts.repository
    if repository != repository.lower():
        raise refused("has upper-case letters in the repository", _REMEDY)
    if not re.fullmatch(_REPOSITORY, repository) or (domain and not re.fullmatch(_DOMAIN, domain)):
        raise refused("is not an image reference", _REMEDY)
    _check_digest(value, parts.digest)
    _check_tag(parts, oldest)
    return value


def _check_digest(value: str, digest: str) -> None:
    if "@" not in value:
        return
    algorithm, _, code = digest.partition(":")
    if len(code) != _DIGESTS.get(algorithm, -1) or not re.fullmatch(r"[0-9a-f]+", code):
        raise refused("has a malformed digest: it must be sha256: and 64 of 0-9a-f", "copy the digest again, or leave it out")


def _check_tag(parts: Reference, oldest: tuple[int, ...]) -> None:
    least = ".".join(map(str, oldest))
    found = re.fullmatch(r"v?([0-9]{1,9})(?:\.([0-9]{1,9}))?(?:\.([0-9]{1,9}))?(?:[-+_][A-Za-z0-9._-]*)?", parts.tag)
    version = tuple(int(part) for part in found.groups() if part is not None) if found else ()
    if version and version < oldest[: len(version)]:
        raise refused(f"is older than {least}, which corrupts data or is no longer rebuilt", _REMEDY)
    if re.search(r"[-_](rc|alpha|beta)", parts.tag):
        raise refused("is a pre-release", _REMEDY)
    if parts.digest:
        if parts.tag and not re.fullmatch(r"\w[\w.-]{0,127}", parts.tag, re.ASCII):
            raise refused("has a malformed tag", _REMEDY)
        return
    if not parts.tag:
        raise refused("has neither tag nor digest, so its content may change under us", _REMEDY)
    if len(version) < len(oldest):
        raise refused("has a floating tag, so its content may change under us", f"write the full version, {least} or newer, or a digest")


def _pinned(value: object) -> str:
    return _image(value, ANY)


_JSON_SCHEMA = (("type", "string"), ("pattern", r"^[^@\s]+(:[^@:/\s]+|@sha(256|512):[0-9a-f]+)$"))
ImageReference = Annotated[str, Parsed(_image, _JSON_SCHEMA)]
"""Of the registry."""
PinnedImage = Annotated[str, Parsed(_pinned, _JSON_SCHEMA)]
"""Of another program: of any age, but always the same content."""
