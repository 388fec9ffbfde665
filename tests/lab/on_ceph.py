"""A system whose images are on the lab's own Ceph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lab import ceph
from lab import state as states
from lab.host import Host
from settings import StackFile
from tests.lab.deployment import STACK, Deployment


class OnCeph(Deployment):
    """The stack `test` with what the storage's operator handed over."""

    def __init__(self, lab: str) -> None:
        """Boots the hosts that do not run yet."""
        self._set: Mapping[str, str] = {}
        super().__init__(lab)

    @property
    def ceph(self) -> Host:
        """The machine that keeps the images; the program does not know it."""
        return self.host("ceph")

    @property
    def handed_over(self) -> Mapping[str, str]:
        """What the operator of the lab's storage gave for the kind in the stack file."""
        names = [name for kind in StackFile(self.stack_file).system["storage"] for name in ceph.SECRETS.get(kind, ())]
        return {name: states.of(self.lab).secret(name).read_text() for name in names}

    def write(self, changes: Mapping[str, object] | None = None, secrets: Mapping[str, str] | None = None) -> Path:
        """As for every deployment; what was handed over is set in the lab's own stack file, whenever it is new."""
        if self._set != (given := self.handed_over):
            self._lab("secrets", "--name", self.lab, "--stack", STACK, env=self.environment)
            self._set = given
        return super().write(changes, secrets)

    def bucket_objects(self) -> int:
        """How many objects the bucket has, as Ceph counts them."""
        said = self.ceph.output(["radosgw-admin", "bucket", "list", "--bucket", ceph.BUCKET, "--max-entries", "100000"])
        return said.count('"name":')
