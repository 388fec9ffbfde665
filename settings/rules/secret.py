"""Rules over the secrets that are set: the settings that need them, and the other way round. Their values are never seen."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from settings.fault import HIDDEN, MISSING, Fault, joined
from settings.given import AnyGiven, rule
from settings.kubernetes import Kubernetes
from settings.model import Fronted
from settings.secret import FIXED, IMAGE_PASSWORD, OF_STORAGE, PASSWORD, SSH_KEY, STATS_PASSWORD, TLS_KEY
from settings.topology import AnySystem

NAMESPACE = "ha-registry:"


@rule("registry.source.user")
def pull_user_has_a_password(given: AnyGiven) -> Iterator[Fault]:
    """`registry.source.user` and the secret `imagePassword` come together."""
    user, is_set = given.system.registry.source.user, IMAGE_PASSWORD in given.secrets
    if user and not is_set:
        remedy = given.set_secret(IMAGE_PASSWORD, "the password")
        yield Fault("registry.source.user", user, f"has no password: the secret {IMAGE_PASSWORD} is not set", remedy)
    if is_set and not user:
        yield _unused(given, IMAGE_PASSWORD, "write whose password it is in registry.source.user")


@rule("tls.files")
def own_certificate_has_a_key(given: AnyGiven) -> Iterator[Fault]:
    """`tls.files` and the secret `tlsKey` come together."""
    files, is_set = given.system.tls.files, TLS_KEY in given.secrets
    if files and not is_set:
        remedy = given.set_secret(TLS_KEY, "the private key")
        yield Fault("tls.files", MISSING, f"its private key, the secret {TLS_KEY}, is not set", remedy)
    if is_set and not files:
        yield _unused(given, TLS_KEY, "write the certificate's files in tls.files")


@rule("storage.s3", "storage.cephfs", "storage.rbd")
def storage_has_its_keys(given: AnyGiven) -> Iterator[Fault]:
    """The store and the secrets that open it come together."""
    kinds = given.system.storage.kinds
    wanted = {name: kind for kind in kinds for name in OF_STORAGE.get(kind, ())}
    for name in sorted({name for names in OF_STORAGE.values() for name in names}):
        if name in wanted and name not in given.secrets:
            remedy = given.set_secret(name, FIXED[name])
            yield Fault(f"storage.{wanted[name]}", MISSING, f"{FIXED[name]}, the secret {name}, is not set", remedy)
        if name in given.secrets and name not in wanted:
            yield _unused(given, name, f"write what it opens in {FIXED[name].partition(' in ')[2]}")


@rule()
def stats_password_has_a_page(given: AnyGiven) -> Iterator[Fault]:
    """Only fronts have a statistics page; without the secret its password is generated."""
    if STATS_PASSWORD in given.secrets and not _has_fronts(given.system):
        yield _unused(given, STATS_PASSWORD, "write topology: fronted")


@rule()
def ssh_key_has_hosts(given: AnyGiven) -> Iterator[Fault]:
    """A cluster is reached by its API, not by SSH; fronts before it are machines."""
    if SSH_KEY in given.secrets and isinstance(given.system, Kubernetes) and not _has_fronts(given.system):
        yield _unused(given, SSH_KEY, "write topology: pair or fronted")


@rule("users")
def passwords_belong_to_users(given: AnyGiven) -> Iterator[Fault]:
    """`password-<user>` is for a user in `users`."""
    for name in sorted(given.secrets):
        if name.startswith(PASSWORD) and name.removeprefix(PASSWORD) not in given.system.users:
            user = name.removeprefix(PASSWORD)
            remedy = f"add the user to users, or run `pulumi config rm --stack {given.stack} {joined(name)}`"
            yield Fault(joined(f"{NAMESPACE}{name}"), HIDDEN, f"is the password of {joined(user)}, who is not in users", remedy)


@rule()
def secrets_are_encrypted(given: AnyGiven) -> Iterator[Fault]:
    """A secret in plain text is in the repository for ever: encrypting it is not enough."""
    for name in sorted(given.plain):
        if name in FIXED or name.startswith(PASSWORD):
            remedy = f"choose a new one, and {given.set_secret(joined(name), 'the new value')}"
            yield Fault(joined(f"{NAMESPACE}{name}"), HIDDEN, "is a secret in plain text", remedy)


@rule()
def secrets_are_known(given: AnyGiven) -> Iterator[Fault]:
    """A key beside the settings that nothing reads is a misspelt one."""
    for name in sorted(given.secrets | given.plain):
        if name not in FIXED and not name.startswith(PASSWORD):
            near = difflib.get_close_matches(name, [*FIXED, PASSWORD], n=1)
            meant = f"did you mean {near[0]}?" if near else f"known are {', '.join(FIXED)} and {PASSWORD}USER"
            yield Fault(joined(f"{NAMESPACE}{name}"), HIDDEN, "is not a key of this program", f"remove it; {meant}")


def _has_fronts(system: AnySystem) -> bool:
    return isinstance(system, Fronted) or (isinstance(system, Kubernetes) and bool(vars(system).get("fronts", True)))


def _unused(given: AnyGiven, name: str, otherwise: str) -> Fault:
    remedy = f"{otherwise}, or run `pulumi config rm --stack {given.stack} {name}`"
    return Fault(f"{NAMESPACE}{name}", HIDDEN, f"has no use: it is {FIXED[name]}, which is not there", remedy)


RULES = (
    pull_user_has_a_password,
    own_certificate_has_a_key,
    storage_has_its_keys,
    stats_password_has_a_page,
    ssh_key_has_hosts,
    passwords_belong_to_users,
    secrets_are_encrypted,
    secrets_are_known,
)
