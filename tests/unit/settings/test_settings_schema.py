"""The JSON schema that editors check stack files with."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from settings import schema
from tests.unit.settings.valid import ABSENT, FRONTED, KUBERNETES, VALID, changed

ROOT = Path(__file__).resolve().parents[3]
STACK_FILES = (
    ROOT / "Pulumi.dev.yaml",
    ROOT / "Pulumi.prod.yaml",
    *sorted(ROOT.glob("examples/*.yaml")),
    *sorted(ROOT.glob("lab/stacks/*.yaml")),
)


def accepts(document: object) -> bool:
    return jsonschema.Draft202012Validator(schema.schema()).is_valid(document)


def stack_file(system: object, **keys: object) -> Mapping[str, object]:
    return {"config": {"ha-registry:system": system, **keys}}


def test_schema_file_is_current() -> None:
    """The file that editors read is what the models say; `make schema` writes it."""
    assert schema.PATH.read_text(encoding="utf-8") == schema.text()


def test_schema_is_a_schema() -> None:
    """The file is a valid schema of the draft that it names."""
    jsonschema.Draft202012Validator.check_schema(json.loads(schema.text()))


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_schema_accepts_stack_files(path: Path) -> None:
    """Our own stack files validate, and name the schema in their first line."""
    text = path.read_text(encoding="utf-8")
    found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert found is not None
    assert (path.parent / found[1]).resolve() == schema.PATH
    jsonschema.validate(YAML(typ="safe").load(text), schema.schema())


def keys_of(tree: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, below in tree.items():
        yield (*above, key)
        if isinstance(below, dict) and key != "config":
            yield from keys_of(below, (*above, key))


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_schema_refuses_a_misspelt_key_anywhere(path: Path) -> None:
    """Whichever key of a stack file is misspelt, an editor marks it; names of hosts are the writer's own."""
    system = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["config"]["ha-registry:system"]
    hosts = {"registries", "fronts", "clients", "nodes"}
    for *above, key in [keys for keys in keys_of(system) if not hosts & set(keys[:-1])]:
        misspelt = copy.deepcopy(system)
        holder = misspelt
        for part in above:
            holder = holder[part]
        holder[f"{key}x"] = holder.pop(key)
        assert not accepts(stack_file(misspelt)), (*above, key)


@pytest.mark.parametrize(
    "changes",
    [
        {"fronts": ABSENT},
        {"haproxy/mode": "tls"},
        {"haproxy/balance": "uri"},
        {"haproxy/check/fall": 11},
        {"haproxy/check/intervall": "1s"},
        {"storage/s3/endpoint": "http://rgw.example.com"},
        {"storage/s3/bucket": "Registry"},
        {"storage": {"nfs": {"server": "nas"}}},
        {"storage": {"rados": {}}},
        {"topology": "pair"},
    ],
    ids=str,
)
def test_schema_refuses_behind_fronts(changes: dict[str, Any]) -> None:
    """The same of the other topology, whose settings are none of a pair."""
    assert accepts(stack_file(FRONTED))
    assert not accepts(stack_file(changed(FRONTED, changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"cluster": ABSENT},
        {"cluster/expose": "hostPort"},
        {"cluster/namespace": "Registry"},
        {"nodes/k8s-node1": "fd00::1"},
        {"registry/requests/cpu": "4x"},
        {"registry/requests/cpu": True},
        {"registry/replicas": 0},
        {"registry/memory": "1Gi"},
        {"storage/local/size": "5G"},
        {"storage": {"rbd": {"size": "1Ti"}}},
        {"vip": {"address": "10.0.0.1"}},
        {"registries": {}},
        {"topology": "pair"},
    ],
    ids=str,
)
def test_schema_refuses_in_a_cluster(changes: dict[str, Any]) -> None:
    """The same of the third; CPU may be written as a number."""
    assert accepts(stack_file(changed(KUBERNETES, {"registry/requests/cpu": 4})))
    assert not accepts(stack_file(changed(KUBERNETES, changes)))


def test_schema_accepts_keys_beside() -> None:
    """Secrets, settings of other packages and what Pulumi itself writes."""
    secret = {"secure": "v1:x"}
    keys = {"ha-registry:tlsKey": secret, "ha-registry:password-admin": secret, "pulumi:tags": {"a": "b"}}
    assert accepts({**stack_file(VALID, **keys), "encryptionsalt": "v1:x"})


@pytest.mark.parametrize(
    "changes",
    [
        {"vip/vird": 5},
        {"vip/vrid": 0},
        {"vip/vrid": "55"},
        {"vip": ABSENT},
        {"topology": "pear"},
        {"users": {"admin": "x"}},
        {"registries/r1/adress": "x"},
        {"registries/Registry": "192.168.23.54"},
        {"registries/registry01": "fd00::1"},
        {"clients": ["192.168.23.53"]},
        {"hostsEntries": "on"},
        {"tls/validity": 365},
        {"registry/image": "registry"},
        {"name": "Registry.example"},
    ],
    ids=str,
)
def test_schema_refuses(changes: dict[str, Any]) -> None:
    """What `load` refuses at sight, an editor marks."""
    assert accepts(stack_file(VALID))
    assert not accepts(stack_file(changed(VALID, changes)))


@pytest.mark.parametrize("keys", [{"ha-registry:tlsKey": "plain"}, {"ha-registry:tlskey": {"secure": "v1:x"}}, {"ha-registry:vip": 1}])
def test_schema_refuses_keys_beside(keys: dict[str, Any]) -> None:
    """A secret in plain text, a misspelt one, a setting outside `system`."""
    assert not accepts(stack_file(VALID, **keys))


def test_schema_says_what_settings_are_for() -> None:
    """Every setting has its sentence, so that an editor can show it."""
    definitions = {name: made for name, made in schema.schema()["$defs"].items() if "properties" in made and name != "Secret"}
    silent = [
        f"{name}.{key}"
        for name, made in definitions.items()
        for key, of in made["properties"].items()
        if not of.get("description") and not definitions.get(of.get("$ref", "").rpartition("/")[2], {}).get("description")
    ]
    assert silent == []
