"""Kinds that other makers add to a cluster: their definitions, from the Go modules that publish them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

MODULES = {
    "sigs.k8s.io/gateway-api@v1.4.0": "config/crd/standard/gateway.networking.k8s.io_*.yaml",
    "github.com/cert-manager/cert-manager@v1.19.1": "deploy/crds/*.yaml",
    "github.com/prometheus-operator/prometheus-operator@v0.79.2": (
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml"
    ),
}
"""Module and version, and where in it the definitions are."""


def texts() -> Iterator[str]:
    """Each file of definitions; the checksum database of Go vouches for them. Raises AssertionError where a module cannot be had."""
    for module, pattern in MODULES.items():
        done = subprocess.run(["go", "mod", "download", "-json", module], cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        files = sorted(Path(json.loads(done.stdout)["Dir"]).glob(pattern))
        assert files, module
        yield from (file.read_text() for file in files)
