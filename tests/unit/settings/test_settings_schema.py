"""The JSON schema that editors check stack files with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from settings import schema
from tests.unit.settings.valid import ABSENT, VALID, changed

ROOT = Path(__file__).resolve().parents[3]


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


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_schema_accepts_stack_files(name: str) -> None:
    """Our own stack files validate, and name the schema in their first line."""
    text = (ROOT / f"Pulumi.{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=settings/schema.json\n")
    jsonschema.validate(YAML(typ="safe").load(text), schema.schema())


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
