"""Single values of shared file systems: servers, exports, monitors, mount options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from settings.fault import refused
from settings.network import is_ipv6
from settings.value import Parsed, text

_HOST = r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
_PLAIN = r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)"

LOSSY: Mapping[str, str] = {
    "soft": "gives up on a slow server, and what was being written is lost without a word (nfs(5))",
    "softerr": "gives up on a slow server, and what was being written is lost (nfs(5))",
    "softreval": "trusts what it remembers of files while the server is silent (nfs(5))",
    "nolock": "locks nothing for the other registries to see",
    "local_lock": "locks nothing for the other registries to see",
    "nocto": "leaves out the look at the server when a file is opened, so that one registry misses what another wrote (nfs(5))",
    "async": "lets writes wait; of an export it means that the server acknowledges what is not on its disk (exports(5))",
    "ro": "mounts it read-only, so that no push succeeds",
    "bg": "lets the mount be missing while the registry starts",
    "intr": "has had no effect for many years (nfs(5))",
    "udp": "is not spoken by NFS 4 (nfs(5))",
    "sharecache": "is the opposite of ours",
    "fsc": "keeps images in a cache of this host, which other registries do not know of",
}
"""Options that lose data or show old ones, and why; sources: nfs(5) and exports(5) of nfs-utils."""
OURS = ("vers", "nfsvers", "minorversion", "hard", "noatime", "nosharecache", "rw")
"""Options that are always there."""
_SAFE = re.compile(
    r"(rsize|wsize)=[0-9]{4,7}|timeo=[1-9][0-9]{0,3}|retrans=[1-9][0-9]{0,2}|(nconnect|max_connect)=([1-9]|1[0-6])|port=[1-9][0-9]{0,4}"
    r"|(actimeo|acregmin|acregmax|acdirmin|acdirmax)=[0-9]{1,2}|lookupcache=(none|pos|positive|all)|sec=(sys|krb5|krb5i|krb5p)|proto=(tcp|rdma)"
    r"|noac|sync|nodiratime|nodev|nosuid|noexec|noresvport|resvport|cto|trunkdiscovery|notrunkdiscovery|noacl"
)
_EXAMPLE = "write for example nconnect=4, rsize=1048576 or sec=krb5p"


def _nfs_option(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z_0-9=]{1,64}", value):
        raise refused("must be one mount option of nfs(5)", f"one entry for each, without commas: {_EXAMPLE}", hidden=True)
    name = value.partition("=")[0]
    if name in LOSSY:
        raise refused(LOSSY[name], "remove it")
    if name in OURS or value == "proto=udp":
        raise refused("is decided by us: NFS 4.1 over TCP, hard, noatime, nosharecache", "remove it")
    if not _SAFE.fullmatch(value):
        raise refused("is not an option that is known to be safe for images", f"remove it, or {_EXAMPLE}", hidden=True)
    return value


def _server(value: object, what: str, example: str, *, port: bool = False) -> str:
    remedy = f"write for example {example}"
    if isinstance(value, str) and is_ipv6(re.sub(r"\]:[0-9]+$", "]", value)):
        raise refused("IPv6 is not supported", "write its name or IPv4 address")
    host, _, number = value.partition(":") if port and isinstance(value, str) else (value, "", "")
    if not isinstance(value, str) or not isinstance(host, str) or not re.fullmatch(_HOST, host) or ".." in host:
        raise refused(f"must be {what}", remedy)
    if ":" in value and not (re.fullmatch(r"[0-9]{1,5}", number) and 0 < int(number) < 2**16):
        raise refused("has a port outside 1 to 65535", remedy)
    return value


def _nfs_server(value: object) -> str:
    return _server(value, "the name or address of the server alone: the folder is storage.nfs.export", "nas.example.com")


def _monitor(value: object) -> str:
    return _server(value, "HOST or HOST:PORT of a Ceph monitor", "10.0.0.1 or 10.0.0.1:6789", port=True)


NfsServer = Annotated[str, Parsed(_nfs_server, (("type", "string"), ("pattern", f"^{_HOST}$")))]
Monitor = Annotated[str, Parsed(_monitor, (("type", "string"), ("pattern", f"^{_HOST}(:[0-9]{{1,5}})?$")))]
NfsOption = Annotated[str, Parsed(_nfs_option, (("type", "string"), ("pattern", "^[a-z_0-9=]{1,64}$")))]
Export = Annotated[
    str,
    text(
        rf"^{_PLAIN}+$|^/$",
        "must be the absolute path of the export on the server: letters, digits, '.', '_', '-', no '//' or final '/'",
        "write for example /images",
    ),
]
CephFolder = Annotated[
    str,
    text(
        rf"^{_PLAIN}+$|^/$",
        "must be the absolute path of a folder of the file system: letters, digits, '.', '_', '-', no '//' or final '/'",
        "write for example /registry, or leave it out for the whole of it",
    ),
]
FileSystemName = Annotated[
    str,
    text(
        r"^[A-Za-z0-9_.-]{1,64}$",
        "must be the name of a CephFS file system, as `ceph fs ls` lists it",
        "write for example cephfs, or leave it out for the default",
    ),
]
CephUser = Annotated[
    str,
    text(
        r"^(?!client\.)[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$",
        "must be the name of a Ceph client without `client.`",
        "write for example registry; its key is the secret cephKey",
        hidden=True,
    ),
]
