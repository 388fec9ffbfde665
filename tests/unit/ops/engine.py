"""A stand-in for `pulumi` that keeps a state, a stack file's secrets and a record of how it was called."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ops.__main__ import main
from tests.unit.ops.conftest import secret

STACK = "x"
URN = f"urn:pulumi:{STACK}::ha-registry::"
ROOT_URN = f"{URN}pulumi:pulumi:Stack::ha-registry-{STACK}"
PAIR = f"{URN}haregistry:vm:PairTopology::registry"
IDENTITY = f"{URN}haregistry:vm:PairTopology$haregistry:identity:Identity::identity"
HOSTS = f"{URN}haregistry:vm:PairTopology$haregistry:vm:Hosts::hosts"
NEW_ENCRYPTION = {"type": "passphrase", "state": {"salt": "v1:of-the-new-stack"}}

STUB = """\
#!{python}
import json, pathlib, sys
place, argv = pathlib.Path({place!r}), sys.argv[1:]
verb, state, own = argv[:2], place / "state.json", pathlib.Path("Pulumi.x.yaml")
given = sys.stdin.read() if verb in (["stack", "import"], ["config", "set"]) else ""
config = pathlib.Path(argv[argv.index("--config-file") + 1]) if "--config-file" in argv else own
seen = config.read_text() if config.exists() else ""
(place / "calls").open("a").write(json.dumps({{"argv": argv, "given": given, "stackFile": seen}}) + "\\n")
if verb == ["stack", "select"]:
    if not state.exists():
        state.write_text({fresh!r})
        own.write_text(own.read_text() + "encryptionsalt: v1:of-the-new-stack\\n")
elif verb == ["stack", "export"]:
    print(state.read_text())
elif verb == ["stack", "import"]:
    state.write_text(given)
elif verb == ["config", "get"]:
    print(next(value for name, value in json.loads((place / "secrets.json").read_text()).items() if name in argv))
elif verb == ["config", "set"]:
    name = argv[argv.index("--secret") + 1]
    lines = [line for line in own.read_text().splitlines() if name not in line]
    at = lines.index("config:") + 1
    own.write_text("\\n".join([*lines[:at], f"  ha-registry:{{name}}: {{{{secure: v1:by-the-new-stack}}}}", *lines[at:], ""]))
elif argv[0] not in ("up", "preview", "cancel") or (place / "refuses").exists() and argv[0] == (place / "refuses").read_text():
    sys.exit("not taught, or refused: " + " ".join(argv))
"""


def resource(kind: str, name: str, parent: str, **others: Any) -> dict[str, Any]:
    """A resource of a state, named below its parent as the engine does; a provider stands below none."""
    if kind.startswith("pulumi:"):
        return {"urn": f"{URN}{kind}::{name}", "type": kind, "custom": True, "id": f"{name}-id", **others}
    above = parent.removeprefix(URN).rpartition("::")[0]
    custom = not kind.startswith("haregistry:")
    provider = {"provider": f"{URN}pulumi:providers:{kind.partition(':')[0]}::default::default-id"} if custom else {}
    chain = f"{above}$" if above != "pulumi:pulumi:Stack" else ""
    return {"urn": f"{URN}{chain}{kind}::{name}", "type": kind, "custom": custom, "parent": parent, **provider, **others}


class Engine:
    """The stand-in, first on PATH for `ops`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = folder / "bin" / "pulumi"
        program.parent.mkdir(parents=True)
        fresh = json.dumps({"version": 3, "deployment": {"manifest": {}, "secrets_providers": NEW_ENCRYPTION}})
        program.write_text(STUB.format(python=sys.executable, place=str(folder), fresh=fresh))
        program.chmod(0o755)

    @property
    def calls(self) -> Sequence[Mapping[str, Any]]:
        """How it was called, in order."""
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def called(self, *verb: str) -> Sequence[Mapping[str, Any]]:
        """The calls of one verb."""
        return [call for call in self.calls if call["argv"][: len(verb)] == list(verb)]

    @property
    def state(self) -> dict[str, Any]:
        """What it holds now."""
        return json.loads((self.folder / "state.json").read_text())

    @property
    def names(self) -> list[str]:
        """The resources that it holds now, `TYPE::NAME` without what is above."""
        return [each["urn"].rpartition("$")[2].removeprefix(URN) for each in self.state["deployment"]["resources"]]

    def hold(self, resources: Sequence[Mapping[str, Any]], **outputs: object) -> None:
        """Gives it a state: a stack that exports `outputs`, and what is below."""
        stack = {"urn": ROOT_URN, "type": "pulumi:pulumi:Stack", "custom": False, "outputs": outputs}
        deployment = {"manifest": {"version": "v3.259.0"}, "secrets_providers": {"type": "passphrase", "state": {"salt": "old"}}}
        state = {"version": 3, "deployment": {**deployment, "resources": [stack, *resources]}}
        (self.folder / "state.json").write_text(json.dumps(state))

    def secrets(self, **values: str) -> None:
        """The secrets of the stack file in clear."""
        (self.folder / "secrets.json").write_text(json.dumps(values))

    def refuse(self, verb: str) -> None:
        """Makes a verb fail."""
        (self.folder / "refuses").write_text(verb)

    @property
    def environment(self) -> Mapping[str, str]:
        """Of an `ops` that finds it first."""
        kept = {name: value for name, value in os.environ.items() if name != "PULUMI_BACKEND_URL"}
        return kept | {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "COLUMNS": "80"}

    def ops(self, *arguments: str, expect: int = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """What `python -m ops` says; asserts how it ended. In this process: starting another takes longer than what it does."""
        argv, out, err = ["ops", *arguments, "--stack", STACK], io.StringIO(), io.StringIO()
        typed = (patch.object(sys, "argv", argv), patch.object(sys, "stdin", io.StringIO(stdin)), patch.dict(os.environ, self.environment))
        with ExitStack() as stack, redirect_stdout(out), redirect_stderr(err):
            for each in typed:
                stack.enter_context(each)
            os.environ.pop("PULUMI_BACKEND_URL", None)
            code = _exit_code(main)
        assert code == expect, f"ended with {code} instead of {expect}\n{out.getvalue()}\n{err.getvalue()}"
        return subprocess.CompletedProcess(argv, code, out.getvalue(), err.getvalue())


def _exit_code(program: Callable[[], None]) -> int:
    try:
        program()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def deployed_pair(way: Mapping[str, object], *, users: Sequence[str] = ("admin", "robot")) -> list[dict[str, Any]]:
    """A pair with its hosts as the state has it, in the engine's order: what is needed comes before what needs it."""
    below = {"parent": IDENTITY}
    ca_key = resource("tls:index/privateKey:PrivateKey", "identity-ca", **below, outputs={"privateKeyPem": secret("KEY-OF-THE-CA")})
    ca = resource("tls:index/selfSignedCert:SelfSignedCert", "identity-ca", **below, dependencies=[ca_key["urn"]])
    made = [
        resource("haregistry:vm:PairTopology", "registry", ROOT_URN),
        resource("haregistry:vm:Hosts", "hosts", PAIR),
        resource("haregistry:identity:Identity", "identity", PAIR),
        *(resource(f"pulumi:providers:{name}", "default", "") for name in ("command", "random", "tls")),
        ca_key,
        ca,
        resource("random:index/randomPassword:RandomPassword", "identity-http-secret", **below, outputs={"result": secret("HTTP-SECRET")}),
    ]
    for user in users:
        made.append(resource("random:index/randomBytes:RandomBytes", f"identity-{user}-salt", **below))
        outputs = {"result": secret(f"PASSWORD-OF-{user}")}
        made.append(resource("random:index/randomPassword:RandomPassword", f"identity-{user}", **below, outputs=outputs))
    before: list[str] = []
    for host in ("node51", "node52"):
        key = resource("tls:index/privateKey:PrivateKey", f"identity-{host}", **below, outputs={"privateKeyPem": secret(f"KEY-OF-{host}")})
        request = resource("tls:index/certRequest:CertRequest", f"identity-{host}", **below, dependencies=[key["urn"]])
        needs = [request["urn"], ca_key["urn"], ca["urn"]]
        leaf = resource("tls:index/locallySignedCert:LocallySignedCert", f"identity-{host}", **below, dependencies=needs)
        made += [key, request, leaf]
        for concern in ("precheck", "registry", "vip"):
            inputs = {"connection": secret(way), "stdin": secret("exit 0\n"), "create": "bash -s -- apply"}
            properties = {"stdin": [leaf["urn"]], "create": list(before)}
            each = resource(
                "command:remote:Command",
                f"{host}-{concern}",
                HOSTS,
                inputs=inputs,
                dependencies=[*before, leaf["urn"]],
                propertyDependencies=properties,
            )
            before.append(each["urn"])
            made.append(each)
    return made


def contradictions(state: Mapping[str, Any]) -> list[str]:
    """What the engine would refuse: a reference to a resource that does not come before (its VerifyIntegrity)."""
    known: set[str] = set()
    found: list[str] = []
    for each in state["deployment"]["resources"]:
        by_property = [urn for urns in (each.get("propertyDependencies") or {}).values() for urn in urns]
        referred = [each.get("parent"), (each.get("provider") or "").rpartition("::")[0], *(each.get("dependencies") or []), *by_property]
        found += [f"{each['urn']} needs {urn}" for urn in referred if urn and urn not in known]
        known.add(each["urn"])
    return found
