"""Identity: what every topology is and knows: CA, users, secrets that registries share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import pulumi
import pulumi_random as random

from components.authority import Authority
from components.password import GENERATED_LENGTH, Password
from components.secrets import Secrets
from settings import AnySystem
from settings.secret import PASSWORD, TLS_KEY


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """Settings, and where the user's own secrets are."""

    system: AnySystem
    secrets: Secrets


class Identity(pulumi.ComponentResource):
    """CA, users, and the secret that registries sign uploads with; touches no host and no cluster."""

    ca_bundle: pulumi.Output[str]
    """What clients must trust (PEM)."""
    passwords: Mapping[str, pulumi.Output[str]]
    """Of each user, secret."""
    hashes: Mapping[str, pulumi.Output[str]]
    """Of each user, bcrypt, secret."""
    http_secret: pulumi.Output[str]
    """What every registry of the stack signs the state of uploads with, secret."""

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:identity:Identity", name, None, opts)
        self._args, self._name = args, name
        self._mine = pulumi.ResourceOptions(parent=self)
        system, secrets = args.system, args.secrets
        self.http_secret = random.RandomPassword(f"{name}-http-secret", length=64, special=False, opts=self._mine).result
        users = {user: self.password(user, secrets.get(f"{PASSWORD}{user}")) for user in system.users}
        self.passwords = {user: password.text for user, password in users.items()}
        self.hashes = {user: password.hash for user, password in users.items()}
        self._authority = None if system.tls.files else Authority(name, system, self._mine)
        self.ca_bundle = (
            self._authority.certificate if self._authority else pulumi.Output.from_input(_read(system.tls.files and system.tls.files.ca))
        )
        self.register_outputs({"caBundle": self.ca_bundle})

    def password(self, user: str, own: pulumi.Output[str] | None) -> Password:
        """The user's own password, or a generated one; each user once."""
        return Password(f"{self._name}-{user}", own, self._mine)

    def generated(self, what: str) -> pulumi.Output[str]:
        """A password that nobody chose, secret; `what` it is for, each once."""
        return random.RandomPassword(f"{self._name}-{what}", length=GENERATED_LENGTH, special=False, opts=self._mine).result

    def leaf(self, key: str, addresses: Iterable[IPv4Address]) -> tuple[pulumi.Input[str], pulumi.Input[str]]:
        """Certificate and key for the registry's name and `addresses`, each `key` once; or the user's own, whatever it names."""
        files = self._args.system.tls.files
        if self._authority is None and files:
            return _read(files.certificate), self._args.secrets.require(TLS_KEY)
        if self._authority is None:
            raise ValueError("tls: settings name files or let them be made")
        return self._authority.leaf(f"{self._name}-{key}", addresses)

    def generation(self, what: str, *keepers: pulumi.Input[str]) -> pulumi.Output[str]:
        """A value that changes whenever one of `keepers` does, and that says nothing about them: it is random."""
        kept = {str(number): pulumi.Output.secret(keeper) for number, keeper in enumerate(keepers)}
        return random.RandomId(f"{self._name}-{what}", byte_length=4, keepers=kept, opts=self._mine).hex


def _read(path: str | None) -> str:
    if path is None:
        raise ValueError("tls.files: settings name both files")
    return Path(path).read_text("utf-8")
