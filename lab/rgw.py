"""Ceph's S3 gateway, spoken to as its user: bucket by bucket, without an S3 library."""

import base64
import hashlib
import hmac
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from lab.command import LabError

ANSWER_S = 5


@dataclass(frozen=True)
class Gateway:
    """An S3 service and who asks it."""

    url: str
    """Scheme, host and port."""
    ca: Path
    access_key: str
    secret_key: str = field(repr=False)

    def make_bucket(self, bucket: str) -> None:
        """The bucket is there and ours afterwards. Raises LabError where the gateway refuses, OSError where it does not answer."""
        date = formatdate(usegmt=True)
        request = urllib.request.Request(f"{self.url}/{bucket}", method="PUT")  # noqa: S310 - the lab's own address
        request.add_header("Date", date)
        request.add_header("Authorization", self.authorization("PUT", f"/{bucket}", date))
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S, context=ssl.create_default_context(cafile=str(self.ca))):  # noqa: S310
                return
        except urllib.error.HTTPError as fault:
            raise LabError(f"making bucket {bucket} at {self.url}: {fault.code} {fault.read().decode(errors='replace')}") from fault

    def authorization(self, method: str, resource: str, date: str) -> str:
        """The header that signs a request without body, by version 2 of S3's signatures, the shorter of the two that Ceph knows."""
        signed = hmac.new(self.secret_key.encode(), f"{method}\n\n\n{date}\n{resource}".encode(), hashlib.sha1)
        return f"AWS {self.access_key}:{base64.b64encode(signed.digest()).decode()}"
