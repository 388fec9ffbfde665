"""What a stack deployed, read from its state: the script of each host and concern, and how that host is entered.

The state says what is on the hosts; a stack file may have been edited since.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ops.deployment import Deployment, DeploymentError

SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the engine's mark of a secret value
REMOTE_COMMAND = "command:remote:Command"
STACK = "pulumi:pulumi:Stack"
APPLY = "apply"
"""The verb at the end of a script's `create`; another one in its place is sent in the same way."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The way onto one host: a user, a key, and the one host key that is accepted there."""

    address: str
    port: int
    user: str
    private_key: str = field(repr=False)
    host_key: str
    bastion: Connection | None = None


@dataclass(frozen=True, kw_only=True)
class DeployedScript:
    """One concern on one host, as it was last applied. Its text may hold secrets: it travels on standard input only."""

    host: str
    concern: str
    text: str = field(repr=False)
    connection: Connection
    start: str
    """The remote command but for the verb at its end."""

    def fact(self, name: str) -> str:
        """A fact of one word that the script was rendered with; empty where it has none of that name."""
        found = re.search(rf"^readonly {re.escape(name)}=(.*)$", self.text, re.MULTILINE)
        return "".join(shlex.split(found[1])) if found else ""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """Everything that `ops` needs to know of a stack."""

    stack: str
    scripts: Sequence[DeployedScript]
    """In the order in which they were first applied."""
    outputs: Mapping[str, Any] = field(repr=False)
    """What the stack exports, secrets in clear."""
    urns: Sequence[str] = ()
    """Of every resource, in the engine's order."""

    @classmethod
    def of(cls, deployment: Deployment) -> Deployed:
        """Reads the state.

        Raises:
            DeploymentError: the backend is out of reach, the passphrase is wrong, or nothing is deployed.
        """
        resources = deployment.resources()
        scripts = [_script(each) for each in resources if each["type"] == REMOTE_COMMAND and not each.get("delete")]
        made = [each.get("outputs") for each in resources if each["type"] == STACK]
        outputs = cast(dict[str, Any], _plain(made[0]) or {}) if made else {}
        if "registryUrl" not in outputs:
            raise DeploymentError(f"{deployment.stack}: nothing is deployed; run: pulumi up --stack {deployment.stack}")
        urns = [str(each["urn"]) for each in resources if not each.get("delete")]
        return cls(stack=deployment.stack, scripts=scripts, outputs=outputs, urns=urns)

    @property
    def hosts(self) -> Mapping[str, Sequence[DeployedScript]]:
        """The scripts of each host by its name."""
        names = dict.fromkeys(script.host for script in self.scripts)
        return {name: [script for script in self.scripts if script.host == name] for name in names}

    def with_concern(self, concern: str) -> Mapping[str, DeployedScript]:
        """The script of one concern on each host that has it, by the host's name."""
        return {script.host: script for script in self.scripts if script.concern == concern}

    def machines(self, verb: str, instead: str) -> Deployed:
        """This stack, where it has machines.

        Raises:
            DeploymentError: it is in a cluster alone, where `verb` does not apply; `instead` says what does.
        """
        if not self.scripts:
            raise DeploymentError(f"{self.stack}: {verb} asks machines by SSH, and this stack is in a cluster; {instead}")
        return self


def host_and_concern(urn: str) -> tuple[str, str]:
    """What a script's URN names; concerns have no dash in their names."""
    host, _, concern = urn.rpartition("::")[2].rpartition("-")
    return host, concern


def _script(resource: Mapping[str, Any]) -> DeployedScript:
    inputs = cast(dict[str, Any], _plain(resource["inputs"]))
    host, concern = host_and_concern(str(resource["urn"]))
    connection = cast(dict[str, Any], inputs["connection"])
    bastion = cast(dict[str, Any] | None, connection.get("proxy"))
    return DeployedScript(
        host=host,
        concern=concern,
        text=inputs["stdin"],
        connection=_connection(connection, _connection(bastion) if bastion else None),
        start=str(inputs["create"]).removesuffix(APPLY),
    )


def _connection(inputs: Mapping[str, Any], bastion: Connection | None = None) -> Connection:
    return Connection(
        address=inputs["host"],
        port=int(inputs["port"]),
        user=inputs["user"],
        private_key=inputs["privateKey"],
        host_key=inputs["hostKey"],
        bastion=bastion,
    )


def _plain(value: object) -> object:
    """The value without the engine's marks of secrets."""
    if isinstance(value, dict):
        tree = cast(dict[str, Any], value)
        return _plain(json.loads(tree["plaintext"])) if SECRET in tree else {name: _plain(each) for name, each in tree.items()}
    if isinstance(value, list):
        return [_plain(each) for each in cast(list[object], value)]
    return value
