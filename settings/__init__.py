"""Settings of a stack: what a stack file may say, checked as a whole before anything happens."""

from settings.fault import Fault, SettingsError
from settings.haproxy import Balance, Check, Haproxy, Stats
from settings.host import Host, Hosts
from settings.load import load
from settings.model import Access, Bastion, Fronted, Log, Pair, Registry, Source, Ssh, System, Tls, TlsFiles, Trust, Vip, Vms
from settings.quantity import Duration, Size
from settings.secret import secret_names
from settings.section import Section
from settings.stackfile import StackFile
from settings.storage import S3, CephFs, Local, Mounted, Nfs, Storage
from settings.warning import warnings

__all__ = [
    "S3",
    "Access",
    "Balance",
    "Bastion",
    "CephFs",
    "Check",
    "Duration",
    "Fault",
    "Fronted",
    "Haproxy",
    "Host",
    "Hosts",
    "Local",
    "Log",
    "Mounted",
    "Nfs",
    "Pair",
    "Registry",
    "Section",
    "SettingsError",
    "Size",
    "Source",
    "Ssh",
    "StackFile",
    "Stats",
    "Storage",
    "System",
    "Tls",
    "TlsFiles",
    "Trust",
    "Vip",
    "Vms",
    "load",
    "secret_names",
    "warnings",
]
