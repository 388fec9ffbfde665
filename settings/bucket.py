"""Single values of a bucket: its name, its store, its region, the folder in it."""

from __future__ import annotations

import re
from typing import Annotated

from settings.fault import refused
from settings.network import is_ipv6
from settings.value import Parsed, text

_BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
_ENDPOINT = r"^https://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?/?$"
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
"""AWS, "General purpose bucket naming rules": the prefixes and suffixes that it keeps for itself."""


def _bucket(value: object) -> str:
    remedy = "write the bucket's name as the store lists it, e.g. registry"
    if not isinstance(value, str) or not re.fullmatch(_BUCKET, value):
        rule = "must be 3 to 63 lower-case letters, digits, '.' and '-', first and last a letter or digit (AWS bucket naming rules)"
        raise refused(rule, remedy, hidden=not isinstance(value, str))
    for found, rule in (
        (".." in value, "has two dots in a row"),
        (re.fullmatch(r"[0-9]+(\.[0-9]+){3}", value), "looks like an IP address"),
        (value.startswith(_RESERVED_STARTS), "begins with a prefix that AWS keeps for itself"),
        (value.endswith(_RESERVED_ENDS), "ends with a suffix that AWS keeps for itself"),
    ):
        if found:
            raise refused(f"{rule} (AWS bucket naming rules)", remedy)
    return value


def _endpoint(value: object) -> str:
    remedy = "write https://HOST or https://HOST:PORT, e.g. https://rgw.example.com:8443"
    if not isinstance(value, str) or not value:
        raise refused("must be the URL of the store", remedy)
    if re.search(r"://[^/]*@", value):
        raise refused("has credentials in it", f"{remedy}; the keys are the secrets s3AccessKey and s3SecretKey", hidden=True)
    if value.startswith("http://"):
        raise refused("is plain http: keys and images would cross the network unprotected", f"{remedy}; its CA goes into storage.s3.ca")
    host = value.removeprefix("https://").split("/", 1)[0]
    if is_ipv6(re.sub(r"\]:[0-9]+$", "]", host)):
        raise refused("IPv6 is not supported", "write the store's name or IPv4 address")
    if not value.startswith("https://"):
        raise refused("has no https:// in front", remedy)
    if "/" in value.removeprefix("https://").rstrip("/"):
        raise refused("has a path in it", f"{remedy}; the bucket is storage.s3.bucket, a folder in it storage.s3.folder")
    if not re.fullmatch(_ENDPOINT, value) or not _is_port(host.rpartition(":")[2] if ":" in host else "443"):
        raise refused("is not https://HOST[:PORT] with a host name in lower case and a port up to 65535", remedy)
    return value.rstrip("/")


def _is_port(written: str) -> bool:
    return written.isdigit() and 0 < int(written) < 2**16


BucketName = Annotated[str, Parsed(_bucket, (("type", "string"), ("pattern", _BUCKET)))]
Endpoint = Annotated[str, Parsed(_endpoint, (("type", "string"), ("pattern", _ENDPOINT)))]
Region = Annotated[
    str,
    text(
        r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$",
        "must be the name of a region: letters, digits, '_' and '-'",
        "write the bucket's region, e.g. eu-central-1; for Ceph leave it out",
    ),
]
ObjectFolder = Annotated[
    str,
    text(
        r"^([A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?$",
        "must be a folder in the bucket: letters, digits, '.', '_', '-' and single '/' between them",
        "write for example registry/prod, or leave it out",
    ),
]
