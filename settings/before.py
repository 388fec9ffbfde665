"""Fronts before a cluster: the same as before registries on machines, but for what is behind them."""

from __future__ import annotations

from collections.abc import Mapping

from settings.haproxy import Balance
from settings.host import Host
from settings.kubernetes import Kubernetes
from settings.model import Backend, Fronted
from settings.storage import Mounted, Storage


class BeforeCluster(Fronted):
    """Two haproxy fronts that share a VIP, before the node ports of a cluster; none of its nodes is a host of ours."""

    cluster: Kubernetes
    """What is behind."""

    @property
    def roles(self) -> Mapping[str, tuple[Host, ...]]:
        """Fronts and clients: the nodes are the cluster's own."""
        return {"fronts": self.fronts, "clients": self.clients}

    @property
    def endpoints(self) -> tuple[Host, ...]:
        """TLS ends at the fronts; in mode `tcp` at the pods, whatever node they are on."""
        return self.fronts if self.haproxy.mode == "http" else ()

    @property
    def backends(self) -> tuple[Backend, ...]:
        """Every node: its port leads to any pod that is ready."""
        port = self.cluster.cluster.node_port
        if port is None:
            raise ValueError("cluster.nodePort: settings name it where there are fronts")
        return tuple(Backend(name=name.replace(".", "-"), address=address, port=port) for name, address in self.cluster.nodes.items())

    @property
    def has_agents(self) -> bool:
        """No node tells the fronts about itself; their own checks find out."""
        return False

    @property
    def balance(self) -> Balance:
        """On NFS the requests of one upload must reach one pod, so one node first."""
        return self.haproxy.balance or ("source" if self.cluster.storage.nfs or self.cluster.storage.existing else "leastconn")


def before(system: Kubernetes) -> BeforeCluster:
    """The fronts of `system` as a system of their own; of a draft, what did parse."""
    ours = {name: vars(system)[name] for name in _SHARED if name in vars(system)}
    # Nothing of the images is on a front; the kind says only that they are shared
    images = Storage(mounted=Mounted(path="/"))
    made = BeforeCluster.model_construct(topology="fronted", registries=(), storage=images, cluster=system, **ours)
    for name in _SHARED:
        if name not in ours:
            made.__dict__.pop(name, None)
    return made


_SHARED = ("name", "ports", "users", "tls", "vip", "fronts", "clients", "haproxy", "access", "hosts_entries", "ssh")
"""Settings that both have, under the same names."""
