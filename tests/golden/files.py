"""What a case renders: every file of every host, its facts, and the plan."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml

from components.fronted import FrontedTopology
from components.kubernetes import KubernetesTopology
from components.pair import PairTopology
from components.secrets import Secrets
from components.topology import Topology, TopologyArgs
from render import precheck, trust
from render.plain import Authorities, scripts_of
from render.script import Fact, Script
from settings import AnySystem, Host, Kubernetes, Vms, before
from tests.golden.cases import CASES, SECRETS, loaded, needed, write_files
from tests.unit.components.engine_double import FakeEngine, Resource

GOLDEN = Path(__file__).parent
CA = "-----BEGIN CERTIFICATE-----\nQ0E=\n-----END CERTIFICATE-----\n"
TOPOLOGIES: Mapping[str, type[Topology] | type[KubernetesTopology]] = {
    "pair": PairTopology,
    "fronted": FrontedTopology,
    "kubernetes": KubernetesTopology,
}
OF_RUN = {"ca.crt"}
"""Keys of a ConfigMap whose text is known only after `up`."""


def rendered(case: str) -> Mapping[str, str]:
    """Path below the folder of the case to its text."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        write_files(base)
        system = loaded(CASES[case](), base)
        # Settings want a certificate that is valid now; what is rendered must not change with it
        (base / "rgw-ca.pem").write_text(CA)
        engine = _run(case, system)
    if not isinstance(system, Kubernetes):
        return {"plan.txt": _plan(engine, system), **_files(system)}
    ahead = before(system) if system.fronts else None
    return {**_objects(engine), **({"hosts.txt": _plan(engine, ahead), **_files(ahead)} if ahead else {})}


def _files(system: Vms) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for host in system.hosts:
        for script in _scripts(system, host):
            at = f"{host.name}/{script.concern}"
            found[f"{at}/facts.sh"] = "".join(f"{name}={_value(script.facts[name])}\n" for name in sorted(script.facts))
            found |= {f"{at}/{name.replace(' ', '_')}": text for name, text in script.files.items()}
    return found


def stored(case: str) -> Mapping[str, str]:
    """The same as it lies beside the tests."""
    folder = GOLDEN / case
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def _scripts(system: Vms, host: Host) -> Iterator[Script]:
    """Without `base`, whose files are sources, and without what carries secrets."""
    yield precheck.script(system, host, "0" * 16)
    authorities = Authorities(storage=CA if system.storage.s3 and system.storage.s3.ca else "")
    yield from (script for script in scripts_of(system, host, authorities) if script.concern not in {"base", "trust"})
    yield trust.script(system, host, CA)


def _value(fact: Fact) -> str:
    return shlex.quote(fact) if isinstance(fact, str) else f"({shlex.join(fact)})"


def _objects(engine: FakeEngine) -> Mapping[str, str]:
    """Every object as a manifest, by the name of its resource, but for what secrets hold; and the order in which they are made."""
    objects = [resource for resource in engine.made if resource.type.startswith("kubernetes:")]
    objects.sort(key=lambda resource: (len(engine.above(resource)), resource.name))
    found = {"plan.txt": "".join(f"{resource.name}: {resource.type.removeprefix('kubernetes:')}\n" for resource in objects)}
    for resource in objects:
        text = {key: _shown(resource, key, value) for key, value in resource.inputs.items()}
        found[f"{resource.name}.yaml"] = yaml.dump(_whole(text), Dumper=_Readable, sort_keys=True, width=120)
    return found


class _Readable(yaml.SafeDumper):
    """Text of several lines as such, not as one long quoted line."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Readable.add_representer(str, _text)


def _whole(value: Any) -> Any:
    """Numbers as the manifest had them: the protocol of the engine knows only floating point."""
    if isinstance(value, dict):
        return {key: _whole(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_whole(below) for below in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(resource: Resource, key: str, value: Any) -> Any:
    if resource.is_secret(key):
        return dict.fromkeys(resource.plain(key), "(secret)")
    return {name: "(known after up)" if name in OF_RUN else text for name, text in value.items()} if key == "data" else value


def _run(case: str, system: AnySystem) -> FakeEngine:
    def program() -> None:
        TOPOLOGIES[topology]("registry", TopologyArgs(system=system, secrets=Secrets.of(pulumi.Config())))

    given = {name: SECRETS[name] for name in needed(CASES[case]())}
    topology = CASES[case]()["topology"]
    return FakeEngine().run(program, given, list(given))


def _plan(engine: FakeEngine, system: Vms) -> str:
    """`host: concern concern ...` in the order in which they are applied there."""
    lines: list[str] = []
    for host in system.hosts:
        own = [name for name in engine.commands if name.startswith(f"{host.name}-")]
        own.sort(key=lambda name: (len(engine.before(name)), name))
        lines.append(f"{host.name}: {' '.join(name.removeprefix(f'{host.name}-') for name in own)}\n")
    return "".join(lines)
