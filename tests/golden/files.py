"""What a case renders: every file of every host, its facts, and the plan."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pulumi

from components.fronted import FrontedTopology
from components.pair import PairTopology
from components.secrets import Secrets
from components.topology import Topology, TopologyArgs
from render import precheck, trust
from render.plain import Authorities, scripts_of
from render.script import Fact, Script
from settings import Host, Vms
from tests.golden.cases import CASES, SECRETS, loaded, needed, write_files
from tests.unit.components.engine_double import FakeEngine

GOLDEN = Path(__file__).parent
CA = "-----BEGIN CERTIFICATE-----\nQ0E=\n-----END CERTIFICATE-----\n"
TOPOLOGIES: Mapping[str, type[Topology]] = {"pair": PairTopology, "fronted": FrontedTopology}


def rendered(case: str) -> Mapping[str, str]:
    """Path below the folder of the case to its text."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        write_files(base)
        system = loaded(CASES[case](), base)
        found = {"plan.txt": _plan(case, system)}
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


def _plan(case: str, system: Vms) -> str:
    """`host: concern concern ...` in the order in which they are applied there."""

    def program() -> None:
        TOPOLOGIES[topology]("registry", TopologyArgs(system=system, secrets=Secrets.of(pulumi.Config())))

    given = {name: SECRETS[name] for name in needed(CASES[case]())}
    topology = CASES[case]()["topology"]
    engine = FakeEngine().run(program, given, list(given))
    lines: list[str] = []
    for host in system.hosts:
        own = [name for name in engine.commands if name.startswith(f"{host.name}-")]
        own.sort(key=lambda name: (len(engine.before(name)), name))
        lines.append(f"{host.name}: {' '.join(name.removeprefix(f'{host.name}-') for name in own)}\n")
    return "".join(lines)
