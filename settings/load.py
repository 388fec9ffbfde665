"""From the raw config object of a stack to checked settings, or every fault at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from settings.elsewhere import NOT_YET, TOPOLOGIES
from settings.fault import Fault, SettingsError, shown
from settings.given import Given
from settings.model import Fronted, Pair
from settings.parse import parse
from settings.raw import ROOT, is_mapping, unwrapped
from settings.rules import RULES
from settings.topology import MODELS, model_of


def load(
    system: Mapping[str, Any],
    base: Path,
    stack: str,
    secrets: Collection[str],
    *,
    plain: Collection[str] = (),
    now: datetime | None = None,
) -> Pair | Fronted:
    """The settings of a stack, checked as a whole.

    Files named in the result are absolute and exist. Touches no network and changes nothing.

    Args:
        system: the config object `ha-registry:system`, as YAML or JSON gave it.
        base: folder of the stack file; file settings are relative to it.
        stack: name of the stack, for the default of `ssh.knownHosts` and for remedies.
        secrets: names of the secret config keys that are set, without their namespace.
        plain: names of our other config keys beside `system`; each is a secret in plain text, or misspelt.
        now: when certificates are judged; default the present.

    Raises:
        SettingsError: with every fault, those of single values and those of rules over several together.
    """
    raw = _available(unwrapped(system))
    parsed, faults = parse(model_of(raw), raw)
    given = Given(
        system=parsed,
        base=base.absolute(),
        stack=stack,
        secrets=frozenset(secrets),
        plain=frozenset(plain),
        now=now or datetime.now(UTC),
    )
    faults += [fault for rule in RULES for fault in rule.faults(given)]
    if faults:
        raise SettingsError(faults)
    return _with_absolute_files(given)


def _available(raw: object) -> Mapping[Any, Any]:
    """The settings as a mapping; those of a topology to come would be judged by the wrong model, so they are not."""
    if not is_mapping(raw):
        raise SettingsError([Fault(ROOT, shown(raw), "must be a mapping of settings", "write it as in Pulumi.prod.yaml")])
    topology = raw.get("topology")
    if isinstance(topology, str) and topology in TOPOLOGIES:
        remedy = f"write topology: {' or '.join(MODELS)}"
        raise SettingsError([Fault("topology", topology, f"{TOPOLOGIES[topology]}: {NOT_YET}", remedy)])
    return raw


def _with_absolute_files(given: Given) -> Pair | Fronted:
    system = given.system
    key, ca, files, s3 = system.ssh.key, system.registry.source.ca, system.tls.files, system.storage.s3
    ssh = system.ssh.model_copy(update={"key": key and str(given.file(key)), "known_hosts": str(given.known_hosts())})
    source = system.registry.source.model_copy(update={"ca": ca and str(given.file(ca))})
    changes: dict[str, Any] = {"ssh": ssh, "registry": system.registry.model_copy(update={"source": source})}
    if files:
        absolute = {"certificate": str(given.file(files.certificate)), "ca": str(given.file(files.ca))}
        changes["tls"] = system.tls.model_copy(update={"files": files.model_copy(update=absolute)})
    if s3 and s3.ca:
        changes["storage"] = system.storage.model_copy(update={"s3": s3.model_copy(update={"ca": str(given.file(s3.ca))})})
    return system.model_copy(update=changes)
