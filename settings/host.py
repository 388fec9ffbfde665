"""Hosts of a role, as a stack file names them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, core_schema

from settings.network import Address, HostName, InterfaceName
from settings.raw import is_mapping
from settings.section import Section


class HostEntry(Section):
    """A host in its long form; the key above it is its name."""

    address: Address = Field(examples=["192.168.23.51"])
    """The host's own address: where it is reached by SSH and by its peers."""
    interface: InterfaceName | None = None
    """Network interface that carries the VIP on this host; default `vip.interface`."""


class Host(HostEntry):
    """One machine we reach by SSH."""

    name: HostName
    """Key of the host in the stack file; part of resource names, so renaming it replaces its resources."""


class _ByName:
    """Annotation: `name: address` or `name: {address, interface}` in the stack file, hosts in that order here."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A mapping of entries, the short form made long before and hosts made of them after."""
        entries = handler.generate_schema(dict[HostName, HostEntry])
        written = handler.generate_schema(dict[HostName, Address | HostEntry])
        long = core_schema.no_info_before_validator_function(_long, entries, json_schema_input_schema=written)
        return core_schema.no_info_after_validator_function(_hosts, long)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The written form; pydantic leaves the pattern of the names out."""
        return {**handler(schema), "propertyNames": TypeAdapter(HostName).json_schema()}


def _long(value: object) -> object:
    if not is_mapping(value):
        return value
    return {name: host if is_mapping(host) else {"address": host} for name, host in value.items()}


def _hosts(entries: dict[str, HostEntry]) -> tuple[Host, ...]:
    return tuple(Host(name=name, address=entry.address, interface=entry.interface) for name, entry in entries.items())


Hosts = Annotated[tuple[Host, ...], _ByName()]
