"""A stand-in for the engine: runs a program and keeps what it asked for, options included."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.rpc import UNKNOWN

SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
"""How the engine's protocol marks a secret."""
PROJECT, STACK = "ha-registry", "test"
COMMAND = "command:remote:Command"


def secret(value: object) -> dict[str, object]:
    """A secret, as it travels to and from the engine."""
    return {SIGNATURE: SECRET, "value": value}


class Providers(mocks.Mocks):
    """What the providers would answer; in preview nothing computed is known."""

    def __init__(self, *, preview: bool) -> None:
        self._preview = preview

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if self._preview:
            return "", {**args.inputs}
        return f"{args.name}-id", {**args.inputs, **self._computed(args)}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"this program asks no provider anything: {args.token}")

    @staticmethod
    def _computed(args: mocks.MockResourceArgs) -> dict[str, Any]:
        salt = base64.b64encode(hashlib.md5(args.name.encode()).digest()).decode()
        pem = f"-----BEGIN {args.name}-----\nQQ==\n-----END {args.name}-----\n"
        return {
            "random:index/randomPassword:RandomPassword": {"result": secret(f"generated {args.name}")},
            "random:index/randomId:RandomId": {"hex": hashlib.sha256(args.name.encode()).hexdigest()[:8]},
            "random:index/randomBytes:RandomBytes": {"base64": secret(salt)},
            "tls:index/privateKey:PrivateKey": {"privateKeyPem": secret(pem)},
            "tls:index/selfSignedCert:SelfSignedCert": {"certPem": pem},
            "tls:index/certRequest:CertRequest": {"certRequestPem": pem},
            "tls:index/locallySignedCert:LocallySignedCert": {"certPem": pem},
        }.get(args.typ, {})


@dataclass(frozen=True)
class Resource:
    """One registration."""

    urn: str
    request: Any

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def type(self) -> str:
        return self.request.type

    @property
    def inputs(self) -> dict[str, Any]:
        """As sent: secrets are marked, unknown values have the engine's own mark."""
        return json.loads(_json(self.request.object))

    def is_secret(self, key: str) -> bool:
        """Whether an input is marked as a secret as a whole."""
        return _is_marked(self.inputs.get(key))

    def plain(self, key: str) -> Any:
        """An input, its mark taken off."""
        value = self.inputs.get(key)
        return cast(dict[str, Any], value)["value"] if _is_marked(value) else value


def _is_marked(value: Any) -> bool:
    return isinstance(value, dict) and cast(dict[str, Any], value).get(SIGNATURE) == SECRET


def _json(struct: Any) -> str:
    from google.protobuf.json_format import MessageToJson

    return MessageToJson(struct)


@contextmanager
def _loop() -> Iterator[None]:
    """An event loop of this thread's own: the mock monitor would make one in each and never close it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class FakeEngine(mocks.MockMonitor):
    """Records requests; two of the same URN are an error, which MockMonitor would overwrite silently."""

    def __init__(self, *, preview: bool = False) -> None:
        super().__init__(Providers(preview=preview))
        self.preview = preview
        self.seen: dict[str, Resource] = {}
        self.read: dict[str, Resource] = {}
        """What is there already and was only read, by URN."""
        self.outputs: dict[str, dict[str, Any]] = {}
        self.duplicates: list[str] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's protocol
        urn = self.make_urn(request.parent, request.type, request.name)
        self.duplicates += [urn] if urn in self.seen else []
        self.seen[urn] = Resource(urn, request)
        with _loop():
            return super().RegisterResource(request)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the engine's protocol
        urn = self.make_urn(request.parent, request.type, request.name)
        self.seen[urn] = self.read[urn] = Resource(urn, request)
        with _loop():
            return super().ReadResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the engine's protocol
        self.outputs[request.urn] = json.loads(_json(request.outputs))
        return super().RegisterResourceOutputs(request)

    def run(
        self, program: Callable[[], object], config: Mapping[str, str] | None = None, secret_keys: list[str] | None = None
    ) -> FakeEngine:
        """Runs `program` to its end, with every registration it made pending along the way."""
        set_all_config(
            {f"{PROJECT}:{key}": value for key, value in (config or {}).items()}, [f"{PROJECT}:{key}" for key in secret_keys or []]
        )
        with _loop():
            mocks.set_mocks(self.mocks, project=PROJECT, stack=STACK, preview=self.preview, monitor=self)
            pulumi.runtime.test(lambda: program() and None)()
        assert not self.duplicates
        return self

    # --- looking

    @property
    def made(self) -> list[Resource]:
        """Everything registered but the stack itself."""
        others = self.read
        return [resource for urn, resource in self.seen.items() if resource.type != "pulumi:pulumi:Stack" and urn not in others]

    def of(self, type_: str) -> list[Resource]:
        """All of one type."""
        return [resource for resource in self.made if resource.type == type_]

    @property
    def commands(self) -> dict[str, Resource]:
        """Every Command by name."""
        return {resource.name: resource for resource in self.of(COMMAND)}

    @property
    def components(self) -> list[Resource]:
        """What is no custom resource."""
        return [resource for resource in self.made if not resource.request.custom]

    def one(self, name: str, type_: str) -> Resource:
        """The one resource of that name and type."""
        (found,) = [resource for resource in self.of(type_) if resource.name == name]
        return found

    def before(self, name: str) -> set[str]:
        """Names of all commands that must be done before the command `name`, directly or not."""
        return {resource.name for resource in self._above(self.commands[name]) if resource.type == COMMAND}

    def directly_before(self, name: str) -> set[str]:
        """Names of the commands that the command `name` names itself as those it waits for."""
        named = (self.seen[urn] for urn in self.commands[name].request.dependencies)
        return {resource.name for resource in named if resource.type == COMMAND}

    def above(self, resource: Resource) -> set[str]:
        """URNs of all that must be done before `resource`, directly or not."""
        return {other.urn for other in self._above(resource)}

    def _above(self, resource: Resource) -> Iterator[Resource]:
        waiting, done = list(resource.request.dependencies), set[str]()
        while waiting:
            urn = waiting.pop()
            if urn not in done:
                done.add(urn)
                yield self.seen[urn]
                waiting += self.seen[urn].request.dependencies


def is_unknown(value: object) -> bool:
    """Whether a value is not known at preview."""
    return value == UNKNOWN
