"""From the raw config object of a stack to checked settings, or every fault at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from settings.fault import Fault, SettingsError, shown
from settings.given import AnyGiven, Checked, known_hosts
from settings.kubernetes import Kubernetes
from settings.model import Vms
from settings.parse import parse
from settings.raw import ROOT, is_mapping, unwrapped
from settings.rules import RULES_OF
from settings.ssh import Ssh
from settings.topology import AnySystem, model_of


def load(
    system: Mapping[str, Any],
    base: Path,
    stack: str,
    secrets: Collection[str],
    *,
    plain: Collection[str] = (),
    now: datetime | None = None,
) -> AnySystem:
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
    raw = _mapping(unwrapped(system))
    model = model_of(raw)
    parsed, faults = parse(model, raw)
    given: AnyGiven = Checked(
        system=parsed,
        base=base.absolute(),
        stack=stack,
        secrets=frozenset(secrets),
        plain=frozenset(plain),
        now=now or datetime.now(UTC),
    )
    faults += [fault for rule in RULES_OF[model] for fault in rule.faults(given)]
    if faults:
        raise SettingsError(faults)
    return _with_absolute_files(given)


def _mapping(raw: object) -> Mapping[Any, Any]:
    if not is_mapping(raw):
        raise SettingsError([Fault(ROOT, shown(raw), "must be a mapping of settings", "write it as in Pulumi.prod.yaml")])
    return raw


def _with_absolute_files(given: AnyGiven) -> AnySystem:
    system = given.system
    files, s3 = system.tls.files, system.storage.s3
    changes: dict[str, Any] = _of_cluster(given, system) if isinstance(system, Kubernetes) else _of_hosts(given, system)
    if files:
        absolute = {"certificate": str(given.file(files.certificate)), "ca": str(given.file(files.ca))}
        changes["tls"] = system.tls.model_copy(update={"files": files.model_copy(update=absolute)})
    if s3 and s3.ca:
        changes["storage"] = system.storage.model_copy(update={"s3": s3.model_copy(update={"ca": str(given.file(s3.ca))})})
    return system.model_copy(update=changes)


def _of_cluster(given: AnyGiven, system: Kubernetes) -> dict[str, Any]:
    kubeconfig, issuer = system.cluster.kubeconfig, system.cluster.issuer
    changes: dict[str, Any] = {"kubeconfig": kubeconfig and str(given.file(kubeconfig))}
    if issuer and issuer.ca:
        changes["issuer"] = issuer.model_copy(update={"ca": str(given.file(issuer.ca))})
    absolute = {"cluster": system.cluster.model_copy(update=changes)}
    return {**absolute, "ssh": _ssh(given, system.ssh)} if system.fronts else absolute


def _of_hosts(given: AnyGiven, system: Vms) -> dict[str, Any]:
    ca = system.registry.source.ca
    source = system.registry.source.model_copy(update={"ca": ca and str(given.file(ca))})
    return {"ssh": _ssh(given, system.ssh), "registry": system.registry.model_copy(update={"source": source})}


def _ssh(given: AnyGiven, ssh: Ssh) -> Ssh:
    return ssh.model_copy(update={"key": ssh.key and str(given.file(ssh.key)), "known_hosts": str(known_hosts(given, ssh))})
