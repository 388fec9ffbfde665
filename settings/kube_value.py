"""Single values of Kubernetes: names of objects, contexts, CPU quantities, ranges of node ports."""

from __future__ import annotations

import re
from typing import Annotated

from settings.fault import refused
from settings.value import Parsed, text, whole

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_CPU = r"^([1-9][0-9]{0,5}m|[1-9][0-9]{0,2}|0?\.[0-9]{1,3}|[1-9][0-9]{0,2}\.[0-9]{1,3})$"
_RANGE = r"^[1-9][0-9]{0,4}-[1-9][0-9]{0,4}$"
_CPU_EXAMPLES = "100m, 0.5 or 4"


def _cpu(value: object) -> str:
    written = str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if not isinstance(written, str) or not re.fullmatch(_CPU, written) or millis(written) == 0:
        raise refused("must be a Kubernetes quantity of CPU: cores, or thousandths of one with m", f"write for example {_CPU_EXAMPLES}")
    return written


def millis(cpu: str) -> int:
    """Thousandths of a core: `100m` is 100, `4` is 4000."""
    return int(cpu.removesuffix("m")) if cpu.endswith("m") else round(float(cpu) * 1000)


def _range(value: object) -> str:
    remedy = "write LOWEST-HIGHEST as the API server has it (--service-node-port-range), e.g. 30000-32767"
    if not isinstance(value, str) or not re.fullmatch(_RANGE, value):
        raise refused("must be two ports with a hyphen between them", remedy)
    low, high = bounds(value)
    if not low <= high < 2**16:
        raise refused("is no range of ports from the lower to the higher, up to 65535", remedy)
    return value


def bounds(written: str) -> tuple[int, int]:
    """Lowest and highest port of a range, as `30000-32767` has them."""
    low, _, high = written.partition("-")
    return int(low), int(high)


Cpu = Annotated[str, Parsed(_cpu, (("type", ("string", "number")), ("pattern", _CPU)))]
NodePorts = Annotated[str, Parsed(_range, (("type", "string"), ("pattern", _RANGE)))]
Replicas = Annotated[int, whole(1, 50, "how many pods")]
Namespace = Annotated[
    str,
    text(
        rf"^{_LABEL}$",
        "must be the name of a namespace: lower-case letters, digits and '-', at most 63",
        "write for example docker-registry",
    ),
]
ObjectName = Annotated[
    str,
    text(
        rf"^(?=.{{1,253}}$){_SUBDOMAIN}$",
        "must be the name of a Kubernetes object: lower-case letters, digits, '-' and '.', at most 253",
        "write it as kubectl lists it",
    ),
]
ContextName = Annotated[
    str,
    text(
        r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,252}$",
        "must be the name of a context of the kubeconfig",
        "write one that `kubectl config get-contexts -o name` lists",
    ),
]
ClusterId = Annotated[
    str,
    text(
        r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
        "must be the clusterID that the Ceph CSI driver knows",
        "write the one in its ConfigMap ceph-csi-config; mostly the fsid that `ceph fsid` prints, with Rook its namespace",
    ),
]
PoolName = Annotated[
    str,
    text(
        r"^[A-Za-z0-9_.-]{1,64}$",
        "must be a name as `ceph osd pool ls` or `rbd ls` lists it: letters, digits, '_', '.' and '-'",
        "write for example rbd",
    ),
]
