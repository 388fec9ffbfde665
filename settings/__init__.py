"""Settings of a stack: what a stack file may say, checked as a whole before anything happens."""

from settings.fault import Fault, SettingsError
from settings.load import load
from settings.model import (
    Access,
    Bastion,
    Host,
    Hosts,
    Local,
    Log,
    Pair,
    Registry,
    Section,
    Source,
    Ssh,
    Storage,
    System,
    Tls,
    TlsFiles,
    Trust,
    Vip,
)
from settings.quantity import Duration, Size
from settings.secret import secret_names
from settings.stackfile import StackFile

__all__ = [
    "Access",
    "Bastion",
    "Duration",
    "Fault",
    "Host",
    "Hosts",
    "Local",
    "Log",
    "Pair",
    "Registry",
    "Section",
    "SettingsError",
    "Size",
    "Source",
    "Ssh",
    "StackFile",
    "Storage",
    "System",
    "Tls",
    "TlsFiles",
    "Trust",
    "Vip",
    "load",
    "secret_names",
]
