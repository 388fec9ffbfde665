"""How we get onto machines."""

from __future__ import annotations

from pydantic import Field

from settings.network import Address, Port
from settings.section import Section
from settings.value import FilePath, LoginName


class Bastion(Section):
    """The jump host in front of all others."""

    address: Address = Field(examples=["192.168.23.9"])
    """Where the jump host is reached."""
    port: Port = 22
    """Its SSH port."""
    user: LoginName | None = None
    """Default `ssh.user`."""


class Ssh(Section):
    """How we get onto the hosts: a user with passwordless sudo and a key; host keys are pinned."""

    user: LoginName = "ops"
    """May run sudo without password on every host."""
    port: Port = 22
    """SSH port of every host."""
    key: FilePath | None = None
    """Private key file (`~` allowed); left out, the secret `sshKey` holds it."""
    known_hosts: FilePath | None = None
    """Default `Pulumi.<stack>.known_hosts` beside the stack file."""
    bastion: Bastion | None = None
    """The jump host in front of all others."""
