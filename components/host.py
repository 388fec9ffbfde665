"""Getting onto hosts: the only module that knows pulumi_command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pulumi
from pulumi_command import remote

from components.secrets import Secrets
from render.layout import SCRIPT_S
from render.script import Script
from settings import Host, Vms
from settings.known_hosts import host_keys

DIAL_ATTEMPTS, DIAL_S = 2, 10
"""A dead host is named within 60 s, and a host that boots gets a second chance."""


def _verb(verb: str) -> str:
    # The shell of a lost connection goes on; the lock on the host and this limit keep it from being met twice
    return f"sudo -n timeout -k 10 {SCRIPT_S} bash -s -- {verb}"


@dataclass(frozen=True, kw_only=True)
class Access:
    """How we get in: one user and key for all hosts, the pinned key of each, the bastion in front of them."""

    system: Vms
    private_key: pulumi.Output[str]
    host_keys: Mapping[str, str]
    """Address to host key."""
    last: dict[str, pulumi.Resource] = field(default_factory=dict[str, pulumi.Resource], compare=False, repr=False)
    """Host to what was made on it last."""

    @classmethod
    def of(cls, system: Vms, secrets: Secrets) -> Access:
        """From the files that the settings name, or the secret `sshKey`; host keys are never taken on trust."""
        ssh = system.ssh
        text = pulumi.Output.secret(Path(ssh.key).read_text("utf-8")) if ssh.key else secrets.require("sshKey")
        if ssh.known_hosts is None:
            raise ValueError("ssh.knownHosts: settings fill it in")
        addresses: list[IPv4Address] = [host.address for host in system.hosts]
        keys = host_keys(Path(ssh.known_hosts), addresses, ssh.port)
        if ssh.bastion:
            keys |= host_keys(Path(ssh.known_hosts), [ssh.bastion.address], ssh.bastion.port)
        return cls(system=system, private_key=text, host_keys=keys)

    def to(self, host: Host) -> remote.ConnectionArgs:
        """Connection to `host`, refused on any other host key."""
        ssh = self.system.ssh
        return remote.ConnectionArgs(
            host=str(host.address),
            port=ssh.port,
            user=ssh.user,
            private_key=self.private_key,
            host_key=self.host_keys[str(host.address)],
            dial_error_limit=DIAL_ATTEMPTS,
            per_dial_timeout=DIAL_S,
            proxy=self._bastion(),
        )

    def _bastion(self) -> remote.ProxyConnectionArgs | None:
        ssh = self.system.ssh
        if ssh.bastion is None:
            return None
        return remote.ProxyConnectionArgs(
            host=str(ssh.bastion.address),
            port=ssh.bastion.port,
            user=ssh.bastion.user or ssh.user,
            private_key=self.private_key,
            host_key=self.host_keys[str(ssh.bastion.address)],
            dial_error_limit=DIAL_ATTEMPTS,
            per_dial_timeout=DIAL_S,
        )


class HostScript(remote.Command):
    """One concern on one host; done means its `apply` ended with 0 there.

    Each depends directly on the one made on the same host before. The engine orders deletions by direct dependencies between
    what is deleted: of a host taken out of the settings, `base` would otherwise go before what needs its library to be removed.
    """

    def __init__(
        self,
        host: Host,
        concern: str,
        script: Script | pulumi.Output[Script],
        access: Access,
        *,
        after: Sequence[pulumi.Resource],
        parent: pulumi.Resource,
    ) -> None:
        """`after`: nothing is applied before these; `depends_on` of a component would not reach its children."""
        before = access.last.get(host.name)
        super().__init__(
            f"{host.name}-{concern}",
            connection=access.to(host),
            stdin=script.text if isinstance(script, Script) else script.apply(lambda ready: ready.text),
            create=_verb("apply"),
            update=_verb("apply"),
            delete=_verb("remove"),
            triggers=[str(host.address)],
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(
                parent=parent,
                depends_on=[*after, before] if before else list(after),
                delete_before_replace=True,
                custom_timeouts=pulumi.CustomTimeouts(create="45m", update="45m", delete="45m"),
            ),
        )
        access.last[host.name] = self


def roll(
    hosts: Iterable[Host],
    each: Callable[[Host, Sequence[pulumi.Resource]], Sequence[pulumi.Resource]],
    after: Sequence[pulumi.Resource],
) -> list[pulumi.Resource]:
    """One host after the other: what `each` makes on a host waits for all it made on the host before, and so for `after`.

    Returns what was made on all hosts.
    """
    made: list[pulumi.Resource] = []
    before = after
    for host in hosts:
        before = each(host, before)
        made += before
    return made


def at_once(
    hosts: Iterable[Host],
    each: Callable[[Host, Sequence[pulumi.Resource]], Sequence[pulumi.Resource]],
    after: Sequence[pulumi.Resource],
) -> list[pulumi.Resource]:
    """All hosts at the same time, where nothing that serves is touched; returns what was made on all of them."""
    return [resource for host in hosts for resource in each(host, after)]
