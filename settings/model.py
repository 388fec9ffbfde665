"""What a stack file may say: frozen models, unknown keys refused.

A plural (`registries`, `clients`) is hosts of a role, `name: address` or `name: {address, interface}`; a singular is the
settings of one thing. Durations and sizes carry their unit. Secrets are not here: they are config keys of their own
(`settings.secret_names`). Rules that look at more than one field, or at files, live in `settings.rules`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, Literal

from pydantic import Field

from settings.haproxy import Balance, Haproxy
from settings.host import Host, Hosts
from settings.image import ImageReference
from settings.network import DnsName, InterfaceName, Network, Port, VipAddress, Vrid
from settings.quantity import Duration, Size
from settings.replication import Replication
from settings.section import Section
from settings.ssh import Ssh
from settings.storage import Storage
from settings.value import FilePath, Flag, ProxyUrl, PullUser, UserName


class Vip(Section):
    """The virtual IP and how keepalived holds it."""

    address: VipAddress = Field(examples=["192.168.23.50/20"])
    """The address clients connect to. With prefix as on the interface; without one it is added as /32."""
    interface: InterfaceName = Field(examples=["ens192"])
    """The interface that carries it, unless a host names its own."""
    vrid: Vrid = Field(examples=[55])
    """Virtual router id, unique on the layer-2 network (RFC 5798 5.2.3)."""
    advert: Duration = Duration("100ms")
    """Interval of VRRP adverts, 10 ms to 1 s in steps of 10 ms (RFC 5798 6.1 counts centiseconds)."""
    preempt: Flag = False
    """Whether the first host takes the VIP back when it returns: one more move per fault."""


class PullSource(Section):
    """Where the registry image comes from, beyond what its reference says."""

    user: PullUser | None = None
    """Who pulls the image; the password is the secret `imagePassword`."""


class Source(PullSource):
    """Where the registry image comes from, beyond what its reference says."""

    archive: FilePath | None = None
    """Path on every registry host of a `docker save` archive holding the image (air gap)."""
    ca: FilePath | None = None
    """PEM file beside the stack file: the CA of the registry that serves the image."""
    proxy: ProxyUrl | None = None
    """`http://host:port` through which the image is fetched."""


class Log(Section):
    """The registry's own log: in the journal of the host, or in that of the pod."""

    level: Literal["error", "warn", "info", "debug"] = "info"
    """The least important lines that are written."""
    format: Literal["text", "json"] = "text"
    """How a line is written."""


class RegistryOptions(Section):
    """What a registry is told wherever it runs."""

    image: ImageReference = "docker.io/library/registry:3.1.1"
    """The image to run, 3.1.1 or newer: with its full version, or by digest."""
    delete: Flag = True
    """Whether clients may delete manifests and blobs."""
    log: Log = Log()
    """The registry's own log: in the journal of the host, or in that of the pod."""
    config: Mapping[str, Any] = {}
    """Merged into config.yml; a key of ours in it is refused."""


class Registry(RegistryOptions):
    """The registry containers."""

    source: Source = Source()
    """Where the image comes from, beyond what its reference says."""
    memory: Size = Size("1Gi")
    """Memory limit of one registry container."""
    delete_data_on_destroy: Flag = False
    """Whether `pulumi destroy` also deletes the images; not on shared storage, where they belong to no host."""


class Access(Section):
    """From which networks; empty means from anywhere that reaches the hosts."""

    pull: tuple[Network, ...] = ()
    """Who may reach the registry at all."""
    push: tuple[Network, ...] = ()
    """Who of those may push; everybody else may only pull. Not with `haproxy.mode: tcp`, where no front sees what is asked."""


class TlsFiles(Section):
    """The user's own certificate; its key is the secret `tlsKey`."""

    certificate: FilePath = Field(examples=["registry.pem"])
    """PEM file beside the stack file: leaf, then intermediates. Names: `name`, and on machines the VIP and every host that clients meet."""
    ca: FilePath = Field(examples=["ca.pem"])
    """PEM file beside the stack file: what clients must trust."""


class Tls(Section):
    """Certificates: made and renewed by us, or the user's own files."""

    key: Literal["ECDSA-P256", "RSA-4096"] = "ECDSA-P256"
    """Kind of the keys that are made: ECDSA, or RSA for old clients."""
    validity: Duration = Duration("365d")
    """How long the certificate of a host is valid."""
    renewal: Duration = Duration("30d")
    """How long before its end an `up` renews a certificate."""
    ca_validity: Duration = Duration("3650d")
    """How long the CA is valid."""
    files: TlsFiles | None = None
    """The user's own certificate instead of one of ours."""


class Trust(Section):
    """What is told about our CA on every host."""

    docker: Flag = True
    """/etc/docker/certs.d."""
    containerd: Flag = True
    """/etc/containerd/certs.d."""
    podman: Flag = True
    """/etc/containers/certs.d: podman, skopeo, buildah."""
    system: Flag = False
    """The system's own store: every TLS client of the host then trusts our CA."""


class System(Section):
    """What every topology has."""

    name: DnsName = Field(examples=["registry.example.com"])
    """DNS name of the registry: clients write it before the image name."""
    ports: tuple[Port, ...] = (443,)
    """What clients connect to, all TLS; the first is in the URL."""
    users: tuple[UserName, ...] = ("admin",)
    """Their passwords are generated, or the secrets `password-<user>`."""
    tls: Tls = Tls()
    """Certificates: made and renewed by us, or the user's own files."""


class Vms(System):
    """What the topologies on machines of one's own have: registries behind a VIP held by keepalived."""

    vip: Vip = Field(examples=["{address: 192.168.23.50/20, interface: ens192, vrid: 55}"])
    """The virtual IP and how keepalived holds it."""
    registries: Hosts = Field(examples=["{registry01: 192.168.23.51, registry02: 192.168.23.52}"])
    """Hosts that run a registry; in a pair the first is the preferred holder of the VIP, and changed last."""
    registry: Registry = Registry()
    """The registry containers."""
    storage: Storage = Field(examples=["{local: {path: /data/registry}}"])
    """Where images are kept: exactly one kind."""
    access: Access = Access()
    """From which networks; empty means from anywhere that reaches the hosts."""
    clients: Hosts = ()
    """Hosts that trust our CA; the first proves every `up` by a push and a pull."""
    trust: Trust = Trust()
    """What is told about our CA on every host."""
    hosts_entries: Flag = False
    """Whether `name` is mapped to the VIP in /etc/hosts of every host; default: DNS knows it."""
    ssh: Ssh = Ssh()
    """How we get onto the hosts."""
    adopt: Flag = False
    """Whether a hand-made registry found on the hosts is taken over; its images are kept."""

    @property
    @abstractmethod
    def roles(self) -> Mapping[str, tuple[Host, ...]]:
        """The hosts of each role, by its key in the stack file, in the order in which `hosts` has them."""

    @property
    @abstractmethod
    def members(self) -> tuple[Host, ...]:
        """The hosts that may hold the VIP, the preferred one first."""

    @property
    @abstractmethod
    def endpoints(self) -> tuple[Host, ...]:
        """The hosts whose certificate clients meet."""

    @property
    def replicates(self) -> bool:
        """Whether images are copied from one registry to the other."""
        return False

    @property
    def hosts(self) -> tuple[Host, ...]:
        """Every machine we change."""
        return tuple(host for hosts in self.roles.values() for host in hosts)


class Pair(Vms):
    """Two registries, each on its own machine, behind one VIP held by keepalived."""

    topology: Literal["pair"] = Field(examples=["pair"])
    """The shape of the system: `pair`, `fronted` or `kubernetes`."""
    replication: Replication = Replication()
    """Copies of images from the registry that holds the VIP to the other one; only where each has its own disk."""

    @property
    def replicates(self) -> bool:
        """Only where each registry has its own disk."""
        return self.replication.enabled and not self.storage.is_shared

    @property
    def roles(self) -> Mapping[str, tuple[Host, ...]]:
        """Registries and clients."""
        return {"registries": self.registries, "clients": self.clients}

    @property
    def members(self) -> tuple[Host, ...]:
        """The registries hold the VIP themselves."""
        return self.registries

    @property
    def endpoints(self) -> tuple[Host, ...]:
        """The registries end TLS themselves."""
        return self.registries


@dataclass(frozen=True)
class Backend:
    """What a front passes requests to."""

    name: str
    address: IPv4Address
    port: int


class Fronted(Vms):
    """Two haproxy fronts that share a VIP, before any number of registries on shared storage."""

    topology: Literal["fronted"] = Field(examples=["fronted"])
    """The shape of the system: `pair`, `fronted` or `kubernetes`."""
    fronts: Hosts = Field(examples=["{front01: 192.168.23.61, front02: 192.168.23.62}"])
    """Hosts that run haproxy; the first is the preferred holder of the VIP, and changed last."""
    haproxy: Haproxy = Haproxy()
    """How the fronts pass requests on."""

    @property
    def roles(self) -> Mapping[str, tuple[Host, ...]]:
        """Registries, fronts and clients."""
        return {"registries": self.registries, "fronts": self.fronts, "clients": self.clients}

    @property
    def members(self) -> tuple[Host, ...]:
        """The fronts hold the VIP."""
        return self.fronts

    @property
    def endpoints(self) -> tuple[Host, ...]:
        """TLS ends at the fronts; in mode `tcp` at the registries, to which they pass it on."""
        return self.fronts if self.haproxy.mode == "http" else self.registries

    @property
    def backends(self) -> tuple[Backend, ...]:
        """Every registry."""
        return tuple(Backend(name=host.name, address=host.address, port=self.ports[0]) for host in self.registries)

    @property
    def has_agents(self) -> bool:
        """Whether each backend tells the fronts about itself."""
        return True

    @property
    def balance(self) -> Balance:
        """How a registry is chosen.

        On NFS, and on a mount that may be NFS, all requests of one upload must reach one registry: the others see late what it
        wrote (attribute caching), and pushes fail (distribution issue 1176).
        """
        return self.haproxy.balance or ("source" if self.storage.nfs or self.storage.mounted else "leastconn")
