"""trust: what a host that uses the registry must know: our CA, and where the name points."""

from __future__ import annotations

from collections.abc import Sequence

from render.script import Script, fill
from settings import AnySystem, Host, Vms

STORES = {"docker": "/etc/docker/certs.d", "containerd": "/etc/containerd/certs.d", "podman": "/etc/containers/certs.d"}
"""Each reads `<registry as images name it>/` below it, without a restart."""


def endpoints(system: AnySystem) -> Sequence[str]:
    """The registry as image names write it: port 443 is left out there."""
    return [system.name if port == 443 else f"{system.name}:{port}" for port in system.ports]


def hosts_toml(endpoint: str, ways: Sequence[str]) -> str:
    """What containerd reads for `endpoint`: the addresses to ask, one after the other, and the CA beside it."""
    return fill("trust/hosts.toml.j2", endpoint=endpoint, ways=ways)


def script(system: Vms, host: Host, ca_bundle: str) -> Script:
    """CA in the stores that the settings name, and the hosts entry where DNS does not know the name."""
    wanted = [store for store in STORES if getattr(system.trust, store)]
    files = {"ca.crt": ca_bundle.rstrip("\n") + "\n"}
    if system.trust.containerd:
        files |= {f"hosts.toml {endpoint}": hosts_toml(endpoint, [endpoint]) for endpoint in endpoints(system)}
    return Script(
        host=host.name,
        concern="trust",
        facts={
            "STORES": [STORES[store] for store in wanted],
            "ENDPOINTS": list(endpoints(system)),
            "SYSTEM_STORE": "yes" if system.trust.system else "no",
            "HOSTS_ENTRY": f"{system.vip.address.ip} {system.name}" if system.hosts_entries else "",
        },
        files=files,
    )
