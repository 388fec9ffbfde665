"""Settings of a stack: what a stack file may say, checked as a whole before anything happens."""

from settings.before import BeforeCluster, before
from settings.fault import Fault, SettingsError
from settings.haproxy import Balance, Check, Haproxy, Stats
from settings.host import Host, Hosts
from settings.kubernetes import Cluster, Issuer, Kubernetes, Metrics, NodeTrust, Page, PodProof, RegistryPods, Resources
from settings.load import load
from settings.model import (
    Access,
    Backend,
    Fronted,
    Log,
    Pair,
    PullSource,
    Registry,
    RegistryOptions,
    Source,
    System,
    Tls,
    TlsFiles,
    Trust,
    Vip,
    Vms,
)
from settings.quantity import Duration, Size
from settings.replication import Replication
from settings.secret import secret_names
from settings.section import Section
from settings.ssh import Bastion, Ssh
from settings.stackfile import StackFile
from settings.storage import S3, CephFs, Local, Mounted, Nfs, Storage
from settings.topology import AnySystem
from settings.volume import CephFsVolume, ClassVolume, ExistingVolume, LocalVolume, NfsVolume, RbdVolume, Volumes
from settings.warning import warnings

__all__ = [
    "S3",
    "Access",
    "AnySystem",
    "Backend",
    "Balance",
    "Bastion",
    "BeforeCluster",
    "CephFs",
    "CephFsVolume",
    "Check",
    "ClassVolume",
    "Cluster",
    "Duration",
    "ExistingVolume",
    "Fault",
    "Fronted",
    "Haproxy",
    "Host",
    "Hosts",
    "Issuer",
    "Kubernetes",
    "Local",
    "LocalVolume",
    "Log",
    "Metrics",
    "Mounted",
    "Nfs",
    "NfsVolume",
    "NodeTrust",
    "Page",
    "Pair",
    "PodProof",
    "PullSource",
    "RbdVolume",
    "Registry",
    "RegistryOptions",
    "RegistryPods",
    "Replication",
    "Resources",
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
    "Volumes",
    "before",
    "load",
    "secret_names",
    "warnings",
]
