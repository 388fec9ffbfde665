"""Plugins that few stacks need, built when they are asked for: additions to an engine, which stays the same without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.fingerprint import of
from engine.parts import Program


@dataclass(frozen=True, kw_only=True)
class Extra(Program):
    """A plugin that embeds files which its module has, but not beside our main package: the build lays them over its folder."""

    version: str
    """Matches the SDK of requirements.txt."""
    module: str
    embedded: tuple[str, ...]
    """Paths of the files in the module; the program embeds them by their last parts."""

    def fingerprint(self, sources: Path) -> str:
        """Hash over what decides how it is built: the files of its folder, and how this module describes it."""
        folder = sources / self.folder
        return of((each for each in folder.iterdir() if each.is_file()), folder, repr(self).encode())


def _extra(name: str, version: str, *, module: str, embedded: tuple[str, ...], usually: str) -> Extra:
    return Extra(
        name=name,
        folder=name,
        # By its path, not as ".": the log and the errors of Go then name it
        package=f"engine/{name}",
        target=f"home/plugins/resource-{name}-v{version}/pulumi-resource-{name}",
        usually=usually,
        version=version,
        module=module,
        embedded=embedded,
    )


EXTRAS: Mapping[str, Extra] = {
    "kubernetes": _extra(
        "kubernetes",
        "4.25.0",
        module="github.com/pulumi/pulumi-kubernetes/provider/v4",
        embedded=(
            "cmd/pulumi-resource-kubernetes/schema.json",
            "cmd/pulumi-resource-kubernetes/terraform-mapping.json",
        ),
        usually="5 min",
    )
}
"""By the name that `--with` takes."""
