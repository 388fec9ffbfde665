"""What the engine consists of: every part with its module, its version and its place."""

from __future__ import annotations

from dataclasses import dataclass

CLI_VERSION = "3.259.0"
PLUGINS = {"random": "4.21.0", "tls": "5.3.1", "command": "1.2.1"}
"""Resource plugins by name; the versions match the SDKs of requirements.txt."""

SDK = "github.com/pulumi/pulumi/sdk/v3"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of the engine."""

    name: str
    folder: str
    """Folder of engine/ whose go.mod pins what this is made of."""
    target: str
    """Where it lies below the engine's directory."""


@dataclass(frozen=True, kw_only=True)
class Program(Part):
    """A Go program that is compiled."""

    package: str
    usually: str
    """How long a first build takes on 2 cores, downloads aside."""
    ldflags: str = "-s -w"


@dataclass(frozen=True, kw_only=True)
class ModuleFile(Part):
    """A file that is copied out of a Go module."""

    module: str
    path: str


def _plugin(name: str, folder: str, package: str, usually: str) -> Program:
    target = f"home/plugins/resource-{name}-v{PLUGINS[name]}/pulumi-resource-{name}"
    return Program(name=name, folder=folder, package=package, target=target, usually=usually)


PARTS: tuple[Part, ...] = (
    Program(
        name="cli",
        folder="cli",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        target="bin/pulumi",
        # The Automation API refuses a CLI that does not tell its version
        ldflags=f"-s -w -X {SDK}/go/common/version.Version=v{CLI_VERSION}",
        usually="5 min",
    ),
    Program(
        name="language-python",
        folder="language-python",
        package=f"{SDK}/python/cmd/pulumi-language-python",
        target="bin/pulumi-language-python",
        usually="20 s",
    ),
    ModuleFile(
        name="language-python-exec",
        folder="cli",
        module=SDK,
        path="python/cmd/pulumi-language-python-exec",
        target="bin/pulumi-language-python-exec",
    ),
    _plugin("random", "bridged", "./cmd/pulumi-resource-random", "3 min"),
    _plugin("tls", "bridged", "./cmd/pulumi-resource-tls", "20 s"),
    _plugin("command", "command", ".", "90 s"),
)
