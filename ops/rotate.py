"""rotate: which resources of the identity are made anew, and what that means to clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ops.deployed import Deployed
from ops.deployment import DeploymentError

MADE = "identity-"
"""What the name of every resource of the identity begins with (components/identity.py)."""
KEY, PASSWORD, SALT = (
    "tls:index/privateKey:PrivateKey",
    "random:index/randomPassword:RandomPassword",
    "random:index/randomBytes:RandomBytes",
)
CA, HTTP_SECRET = "ca", "http-secret"


class What(StrEnum):
    """What may be made anew."""

    USERS = "users"
    CERTIFICATE = "certificate"
    HTTP_SECRET = "http-secret"  # noqa: S105 - what is rotated, no secret
    CA = "ca"


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """What an `up` replaces, and what clients see of it."""

    urns: Sequence[str]
    meaning: str


def rotation(deployed: Deployed, what: What, names: Sequence[str]) -> Rotation:
    """What to replace for `names`, users or hosts; for all where there are none.

    Raises:
        DeploymentError: a name is not there, is not made by the program, or the CA is asked for. All of them are named.
    """
    if what is What.USERS:
        return _users(deployed, names)
    if what is What.CERTIFICATE:
        return _certificates(deployed, names)
    if names:
        raise DeploymentError(f"{deployed.stack}: {what} is one for the whole stack; leave out {' '.join(names)}")
    if what is What.HTTP_SECRET:
        meaning = "registries switch one after the other without a lost request; a push that sends a layer in parts meanwhile begins again"
        return Rotation(urns=[_found(deployed, PASSWORD)[HTTP_SECRET]], meaning=meaning)
    why = "clients that know only the old CA would refuse every registry that has a certificate of the new one"
    raise DeploymentError(f"{deployed.stack}: the CA is not rotated: {why}; docs/operations.md says how to replace it in a window")


def _users(deployed: Deployed, names: Sequence[str]) -> Rotation:
    passwords, salts = _found(deployed, PASSWORD), _found(deployed, SALT)
    users: Mapping[str, str] = deployed.outputs["passwords"]
    wanted = list(dict.fromkeys(names)) or [user for user in users if user in passwords]
    stack = deployed.stack
    faults = [f"no user {user}; choose one of: {', '.join(users)}" for user in wanted if user not in users]
    own = f"its password is yours; run: pulumi config set --stack {stack} --secret password-"
    faults += [f"{user}: {own}{user}" for user in wanted if user in users and user not in passwords]
    if not wanted:
        faults = [f"{user}: {own}{user}" for user in users]
    _refuse(deployed, faults)
    urns = [urn for user in wanted for urn in (passwords[user], salts.get(f"{user}-salt", "")) if urn]
    ends = f"the old passwords of {', '.join(wanted)} end as soon as a registry has the new ones, one registry after the other"
    return Rotation(urns=urns, meaning=f"{ends}; the new ones: pulumi stack output passwords --show-secrets --stack {stack}")


def _certificates(deployed: Deployed, names: Sequence[str]) -> Rotation:
    keys = {name: urn for name, urn in _found(deployed, KEY).items() if name != CA}
    wanted = list(dict.fromkeys(names)) or list(keys)
    faults = [f"{name} has no certificate; choose one of: {', '.join(keys)}" for name in wanted if name not in keys]
    if not keys:
        remedy = f"put new files there, run: pulumi config set --stack {deployed.stack} --secret tlsKey, then: pulumi up"
        faults = [f"the certificate is yours (tls.files); {remedy}"]
    _refuse(deployed, faults)
    meaning = (
        f"new keys and certificates of the same CA for {', '.join(wanted)}; registries switch and fronts reload without a lost request"
    )
    return Rotation(urns=[keys[name] for name in wanted], meaning=meaning)


def _found(deployed: Deployed, kind: str) -> Mapping[str, str]:
    """The resources of a kind in the identity, by what they are for."""
    ending = f"{kind}::{MADE}"
    return {urn.rpartition(ending)[2]: urn for urn in deployed.urns if ending in urn}


def _refuse(deployed: Deployed, faults: Sequence[str]) -> None:
    if faults:
        raise DeploymentError("\n".join(f"{deployed.stack}: {fault}" for fault in faults))
