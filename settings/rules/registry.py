"""Rules over the registry containers, their image, users and configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from settings.fault import HIDDEN, Fault, joined, shown
from settings.given import AnyGiven, Given, rule
from settings.kubernetes import Kubernetes
from settings.quantity import Size
from settings.raw import is_mapping
from settings.reserved import OWN_CONFIG, POD_CONFIG
from settings.rules.path import is_plain

MAX_USERS = 50
"""bcrypt is checked against one line of htpasswd per request; more users belong to a token service."""
LEAST_MEMORY = Size("64Mi")


@rule("registry.source.archive")
def archive_path_is_a_plain_file(given: Given) -> Iterator[Fault]:
    """The archive lies on the hosts, so its path is absolute there."""
    archive = given.system.registry.source.archive
    if archive and not (archive.startswith("/") and is_plain(archive)):
        rule_ = "must be the absolute path of a file on every registry host, in plain characters"
        yield Fault("registry.source.archive", shown(archive), rule_, "write for example /srv/images/registry-3.1.1.tar")


@rule("registry.source.archive", "registry.source.proxy", "registry.source.user", "registry.source.ca")
def archive_is_the_only_source(given: Given) -> Iterator[Fault]:
    """What is on the host already is fetched from nowhere."""
    source = given.system.registry.source
    for key, value in (("proxy", source.proxy), ("user", source.user), ("ca", source.ca)):
        if source.archive and value:
            rule_ = "has no effect: the image comes from registry.source.archive"
            yield Fault(f"registry.source.{key}", shown(value), rule_, "remove this one, or the archive")


@rule("registry.source.proxy")
def proxy_has_a_port(given: Given) -> Iterator[Fault]:
    """The port of a URL can be too high."""
    proxy = given.system.registry.source.proxy
    if proxy and not 0 < int(proxy.rstrip("/").rpartition(":")[2]) < 2**16:
        yield Fault("registry.source.proxy", shown(proxy), "has a port outside 1 to 65535", "write for example http://proxy.example:3128")


@rule("registry.memory")
def memory_is_enough(given: Given) -> Iterator[Fault]:
    """With less the registry is killed at its first push."""
    memory = given.system.registry.memory
    if memory.bytes < LEAST_MEMORY.bytes:
        yield Fault("registry.memory", memory.text, f"is less than the {LEAST_MEMORY} a registry needs", "write for example 1Gi")


@rule("users")
def users_are_some(given: AnyGiven) -> Iterator[Fault]:
    """At least one, each once, few enough for htpasswd."""
    users = given.system.users
    if not users:
        yield Fault("users", "a list", "is empty, so nobody could log in", "write [admin], or leave it out")
    if len(users) > MAX_USERS:
        yield Fault("users", f"{len(users)} users", f"are more than {MAX_USERS}", "give machines that pull one user together")
    for user in sorted({user for user in users if users.count(user) > 1}):
        yield Fault("users", user, "stands there twice", "write each user once")


@rule("registry.config")
def config_leaves_ours_alone(given: AnyGiven) -> Iterator[Fault]:
    """Keys of config.yml that carry a promise of ours are not for `registry.config`."""
    ours = POD_CONFIG if isinstance(given.system, Kubernetes) else OWN_CONFIG
    yield from _foreign(given.system.registry.config, (), ours)


def _foreign(config: Mapping[Any, Any], above: tuple[str, ...], ours: Mapping[tuple[str, ...], str]) -> Iterator[Fault]:
    for key, value in config.items():
        at = (*above, str(key))
        path = joined("registry", "config", *at)
        below = [own for own in ours if own[: len(at)] == at]
        if not isinstance(key, str):
            yield Fault(path, shown(key), "is a key that is not text", "put the key in quotes, or remove it")
        elif at in ours or _is_driver(at):
            instead = ours.get(at, "storage is the setting `storage`")
            yield Fault(path, HIDDEN, f"{'.'.join(at)} of config.yml is ours", f"remove it; {instead}")
        elif below and not is_mapping(value):
            rule_ = f"would overwrite {', '.join('.'.join(own) for own in below)} of config.yml, which is ours"
            yield Fault(path, HIDDEN, rule_, "write a mapping with single keys below it, or remove it")
        elif is_mapping(value):
            yield from _foreign(value, at, ours)


def _is_driver(at: tuple[str, ...]) -> bool:
    """Whether it names a storage driver: the registry refuses to start with two."""
    return len(at) == 2 and at[0] == "storage" and at[1] not in {"maintenance", "tag"}


ANYWHERE = (users_are_some, config_leaves_ours_alone)
RULES = (
    *ANYWHERE,
    archive_path_is_a_plain_file,
    archive_is_the_only_source,
    proxy_has_a_port,
    memory_is_enough,
)
