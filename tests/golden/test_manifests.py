"""Every object of a cluster is read by what knows its kind: the provider's own description of the Kubernetes API.

An API server says more than that, but needs a cluster; kinds of other makers (Gateway API, Prometheus operator) are not
described there.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.golden.files import GOLDEN

MANIFESTS = sorted(GOLDEN.glob("kubernetes-*/*.yaml"))
OTHER_MAKERS = ("gateway.networking.k8s.io", "monitoring.coreos.com")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def described(manifest: Mapping[str, Any]) -> type:
    """The class with the fields of the kind."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    module = importlib.import_module(f"pulumi_kubernetes.{group.split('.')[0] or 'core'}.{version}.{manifest['kind']}")
    return next(vars(module)[name] for end in ("InitArgs", "Args") if (name := f"{manifest['kind']}{end}") in vars(module))


@cache
def fields(kind: type) -> Mapping[str, tuple[str, type | None]]:
    """Field as a manifest writes it: its name in Python, and the kind of what is below it, where that has fields."""
    own = {name: value.fget for name, value in vars(kind).items() if isinstance(value, property)}
    return {getattr(read, "_pulumi_name", name): (name, below(kind, str(read.__annotations__["return"]))) for name, read in own.items()}


def below(kind: type, annotation: str) -> type | None:
    found = re.search(r"'((?:_\w+\.)?(?:\w+\.)*)(\w+Args)'", annotation)
    if found is None:
        return None
    path = found[1].strip(".").removeprefix("_")
    module = importlib.import_module(f"pulumi_kubernetes.{path}") if path else inspect.getmodule(kind)
    return getattr(module, found[2])


def faults(kind: type, value: Any, at: str) -> Iterator[str]:
    """Fields that the kind has not, and such as it must have and the value has not."""
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from faults(kind, each, f"{at}[{number}]")
        return
    if not isinstance(value, dict):
        yield f"{at}: is {value!r}, no mapping"
        return
    known = fields(kind)
    yield from (f"{at}.{key}: is no field" for key in value if key not in known)
    for key, (name, kind_below) in known.items():
        parameter = inspect.signature(kind.__init__).parameters.get(name)
        if key not in value and parameter is not None and parameter.default is inspect.Parameter.empty:
            yield f"{at}.{key}: is missing"
        if key in value and kind_below is not None:
            yield from faults(kind_below, value[key], f"{at}.{key}")


def is_known(manifest: Mapping[str, Any]) -> bool:
    return not manifest["apiVersion"].startswith(OTHER_MAKERS)


@pytest.mark.parametrize("case", sorted({path.parent.name for path in MANIFESTS}))
def test_objects_have_the_fields_of_their_kind(case: str) -> None:
    """No field is misspelt or in the wrong place, none that must be there is missing."""
    read = [load(path) for path in MANIFESTS if path.parent.name == case]
    assert [fault for each in read if is_known(each) for fault in faults(described(each), each, each["kind"])] == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("spec/template/spec/enableServiceLink", "Deployment.spec.template.spec.enableServiceLink: is no field"),
        ("spec/replica", "Deployment.spec.replica: is no field"),
        ("spec/template/spec/containers/0/readinessProbe/httpGet/pfad", "containers[0].readinessProbe.httpGet.pfad: is no field"),
    ],
)
def test_check_finds_faults(path: str, says: str) -> None:
    """The check above can fail: a misspelt field is found wherever it is, a missing one too."""
    deployment = copy.deepcopy(load(GOLDEN / "kubernetes-password/deployment-registry.yaml"))
    *above, key = path.split("/")
    holder = deployment
    for part in above:
        holder = holder[int(part) if part.isdigit() else part]
    holder[key] = "x"
    assert any(says in fault for fault in faults(described(deployment), deployment, "Deployment"))
    del deployment["spec"]["selector"]
    assert "Deployment.spec.selector: is missing" in list(faults(described(deployment), deployment, "Deployment"))


def test_kinds_of_other_makers_are_few() -> None:
    """What is not described here is known by name: the Gateway's objects and the ServiceMonitor."""
    others = {load(path)["kind"] for path in MANIFESTS if not is_known(load(path))}
    assert others == {"Gateway", "HTTPRoute", "BackendTLSPolicy", "ServiceMonitor"}
