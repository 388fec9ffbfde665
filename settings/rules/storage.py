"""Rules over storage: one kind, shared where it must be, in folders that are free, with nothing that loses data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from settings.fault import Fault, shown
from settings.given import AnyGiven, Given, rule
from settings.model import Fronted
from settings.reserved import OWN_FOLDER
from settings.rules.path import is_plain, made_absolute
from settings.shape import keys
from settings.storage import Storage
from settings.volume import Volumes

SYSTEM_FOLDERS = tuple(
    f"/{folder}"
    for folder in (
        *("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "root", "run", "sbin", "sys", "tmp", "usr", "var/cache"),
        *("var/lib/containerd", "var/lib/containers", "var/lib/docker", "var/lock", "var/log", "var/run", "var/spool", "var/tmp"),
    )
)
"""Nothing at or below these is ours to fill."""
SHARED_FOLDERS = ("/", "/home", "/media", "/mnt", "/opt", "/srv", "/var", "/var/lib", OWN_FOLDER)
"""Others keep things there too; a folder below is fine."""
_OF_OURS = {"local": "data", "nfs": "images", "cephfs": "images"}
"""Where below our own folder each kind of storage may be."""
_SHARED_KINDS = "s3, nfs, cephfs or mounted"


@rule(*(f"storage.{name}" for name in dict.fromkeys([*Storage.model_fields, *Volumes.model_fields])))
def storage_is_one_kind(given: AnyGiven) -> Iterator[Fault]:
    """Exactly one kind beneath `storage`."""
    kinds = given.system.storage.kinds
    if len(kinds) != 1:
        example = f"write one of {', '.join(keys(type(given.system.storage)))}, e.g. storage: {{local: {{path: /data/registry}}}}"
        remedy = "keep the one that holds the images" if kinds else example
        yield Fault("storage", " and ".join(kinds) or "no kind", "must have exactly one kind beneath it", remedy)


@rule("storage.local", "registries")
def replicas_share_their_storage(given: Given) -> Iterator[Fault]:
    """A front sends each request to any registry: what was pushed to one must be in all."""
    count = len(given.system.registries)
    if isinstance(given.system, Fronted) and given.system.storage.local and count > 1:
        rule_ = f"is each registry's own disk: what is pushed through one of the {count} would be missing in the others"
        yield Fault("storage", "local", rule_, f"write {_SHARED_KINDS} instead, or keep one registry")


@rule("storage.local.path", "storage.nfs.path", "storage.cephfs.path", "storage.mounted.path")
def data_path_is_a_plain_folder(given: AnyGiven) -> Iterator[Fault]:
    """Absolute, as it is meant, in characters that no shell, unit or mount reads in its own way."""
    for kind, path in _paths(given):
        setting = f"storage.{kind}.path"
        if not path.startswith("/"):
            yield Fault(setting, shown(path), "is relative; hosts have no stack file beside them", f"write {made_absolute(path)}")
        elif not is_plain(path):
            rule_ = "must be plain: letters, digits, '.', '_', '-', no '..', '//' or final '/'"
            yield Fault(setting, shown(path), rule_, "write for example /data/registry")


@rule("storage.local.path", "storage.nfs.path", "storage.cephfs.path", "storage.mounted.path")
def data_path_is_free(given: AnyGiven) -> Iterator[Fault]:
    """Not a folder of the system's, of Docker's or of ours: its owner becomes the registry's user, and a mount hides what is there."""
    for kind, written in _paths(given):
        if not written.startswith("/"):
            continue
        path = PurePosixPath(re.sub("/+", "/", written))
        taken = [folder for folder in SYSTEM_FOLDERS if path.is_relative_to(folder)]
        taken += [folder for folder in SHARED_FOLDERS if path == PurePosixPath(folder)]
        ours = path.is_relative_to(OWN_FOLDER) and path != PurePosixPath(OWN_FOLDER)
        if ours and not (kind in _OF_OURS and path.is_relative_to(f"{OWN_FOLDER}/{_OF_OURS[kind]}")):
            taken.append(OWN_FOLDER)
        if taken:
            rule_ = f"lies in {taken[0]}, where other things of the host live"
            yield Fault(f"storage.{kind}.path", shown(written), rule_, "give the images a folder of their own, e.g. /data/registry")


def _paths(given: AnyGiven) -> Iterator[tuple[str, str]]:
    """Folders of machines; a volume that is no folder of one has no such path."""
    for kind, made in given.system.storage.kinds.items():
        path: str | None = vars(made).get("path")
        if path is not None:
            yield kind, path


@rule("storage.s3.bucket", "storage.s3.endpoint", "storage.s3.force_path_style")
def bucket_can_be_in_a_host_name(given: AnyGiven) -> Iterator[Fault]:
    """Where the bucket stands in the host name, that must be a name, and one that a wildcard certificate covers."""
    s3 = given.system.storage.s3
    if s3 is None or s3.is_path_style:
        return
    if s3.endpoint and _is_address(urlsplit(s3.endpoint).hostname or ""):
        rule_ = "puts the bucket before an address, which makes no host name"
        yield Fault("storage.s3.forcePathStyle", "false", rule_, "write true, or leave it out")
    if "." in s3.bucket:
        rule_ = "has a dot, so that no wildcard certificate covers BUCKET.HOST (AWS bucket naming rules)"
        yield Fault("storage.s3.bucket", s3.bucket, rule_, "write storage.s3.forcePathStyle: true, or take a bucket without a dot")


@rule("storage.cephfs.monitors")
def monitors_are_some(given: Given) -> Iterator[Fault]:
    """At least one, each once."""
    cephfs = given.system.storage.cephfs
    if cephfs is None:
        return
    if not cephfs.monitors:
        yield Fault(
            "storage.cephfs.monitors", "a list", "is empty, so nothing could be mounted", "write the addresses that `ceph mon dump` lists"
        )
    for monitor in sorted({monitor for monitor in cephfs.monitors if cephfs.monitors.count(monitor) > 1}):
        yield Fault("storage.cephfs.monitors", monitor, "stands there twice", "write each monitor once")


@rule("storage.nfs.options")
def nfs_options_stand_once(given: AnyGiven) -> Iterator[Fault]:
    """Of one option written twice, mount takes one without a word."""
    nfs = given.system.storage.nfs
    names = [option.partition("=")[0] for option in nfs.options] if nfs else []
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Fault("storage.nfs.options", name, "stands there twice", "write each option once")


@rule("storage.local", "registry.delete_data_on_destroy")
def shared_images_outlive_their_hosts(given: Given) -> Iterator[Fault]:
    """Shared images belong to no host: the one that is destroyed first would take those of all others with it."""
    system = given.system
    if system.registry.delete_data_on_destroy and system.storage.is_shared:
        rule_ = "would delete the images of all registries as soon as one of them is removed: they are on shared storage"
        yield Fault(
            "registry.deleteDataOnDestroy", "true", rule_, "remove it; delete the images on the storage itself, after `pulumi destroy`"
        )


def _is_address(host: str) -> bool:
    try:
        IPv4Address(host)
    except AddressValueError:
        return False
    return True


ANYWHERE = (
    storage_is_one_kind,
    data_path_is_a_plain_folder,
    data_path_is_free,
    bucket_can_be_in_a_host_name,
    nfs_options_stand_once,
)
RULES = (*ANYWHERE, replicas_share_their_storage, monitors_are_some, shared_images_outlive_their_hosts)
