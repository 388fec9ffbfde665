"""What a stack file of the topology `kubernetes` may say."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Literal

from pydantic import Field

from settings.haproxy import Haproxy
from settings.host import Hosts
from settings.image import PinnedImage
from settings.kube_value import ContextName, Cpu, Namespace, NodePorts, ObjectName, Replicas
from settings.model import Access, PullSource, RegistryOptions, System, Vip
from settings.network import Address, Port
from settings.quantity import Size
from settings.section import Section
from settings.ssh import Ssh
from settings.value import FilePath, Flag, UserName
from settings.volume import Volumes


class Issuer(Section):
    """cert-manager's issuer of the certificate that clients see; the pods behind keep one of ours."""

    name: ObjectName = Field(examples=["letsencrypt"])
    """Its name; it is there already."""
    kind: Literal["ClusterIssuer", "Issuer"] = "ClusterIssuer"
    """`Issuer`: one in `cluster.namespace`."""
    ca: FilePath | None = None
    """PEM file beside the stack file: its CA, for clients and nodes; left out: one that they trust already."""


class Cluster(Section):
    """Which cluster, where in it, and how the registry is reached there."""

    context: ContextName = Field(examples=["system-c"])
    """Context of the kubeconfig; no other cluster is ever touched."""
    kubeconfig: FilePath | None = None
    """Its file (`~` allowed); left out: `$KUBECONFIG`, else `~/.kube/config`."""
    namespace: Namespace = "registry"
    """Namespace of the registry."""
    create_namespace: Flag = True
    """Whether the namespace is made, with the restricted pod security level, and deleted on destroy; else it is there already."""
    expose: Literal["nodePort", "loadBalancer", "ingress", "gateway"] = "nodePort"
    """How clients reach it. `nodePort`, `loadBalancer`: TLS ends at the pods; `ingress`, `gateway`: there, and starts anew to the pods."""
    class_name: ObjectName | None = Field(default=None, examples=["nginx"])
    """The IngressClass or GatewayClass; needed with `ingress` and `gateway`."""
    issuer: Issuer | None = None
    """With `ingress` and `gateway`: cert-manager issues and renews the certificate there; left out: ours, or that of `tls.files`."""
    annotations: Mapping[str, str] = {}
    """Further annotations of the Service, Ingress or Gateway that clients reach, as its controller reads them."""
    node_port: Port | None = Field(default=None, examples=[30500])
    """With `fronts`: the node port behind them, as `ports` are theirs; without, `ports` are the node ports."""
    node_port_range: NodePorts = "30000-32767"
    """The API server's range of node ports (`--service-node-port-range`)."""


class Resources(Section):
    """An amount of CPU and memory."""

    cpu: Cpu | None = Field(default=None, examples=["100m"])
    """Cores, or thousandths of one with `m`."""
    memory: Size | None = Field(default=None, examples=["200Mi"])
    """Bytes, in binary units."""


class RegistryPods(RegistryOptions):
    """The registry pods."""

    source: PullSource = PullSource()
    """Where the image comes from, beyond what its reference says."""
    replicas: Replicas = 1
    """How many pods; more than one only on storage that several may write to at once."""
    requests: Resources = Resources(cpu="100m", memory=Size("200Mi"))
    """What the scheduler keeps free for each pod."""
    limits: Resources = Resources(memory=Size("1Gi"))
    """What a pod may use at most; without CPU it is not slowed down."""
    priority_class: ObjectName | None = None
    """The PriorityClass of the pods; it is there already."""


class Metrics(Section):
    """Prometheus metrics of each pod, on a Service of its own; its port also serves Go's profiler, so it is closed to all others."""

    namespaces: tuple[Namespace, ...] = Field(examples=["[monitoring]"])
    """From where they may be read."""
    service_monitor: Flag = False
    """Whether a ServiceMonitor is made, for clusters that have the Prometheus operator."""


class NodeTrust(Section):
    """How the nodes come to trust our CA, so that kubelets may pull."""

    by: Literal["daemonSet", "none"] = "daemonSet"
    """`daemonSet`: a pod on each node writes it, and removes it on destroy. `none`: the nodes trust the CA by other means."""
    containerd: Flag = True
    """/etc/containerd/certs.d; containerd's `config_path` must name it."""
    docker: Flag = False
    """/etc/docker/certs.d, for nodes with Docker."""
    crio: Flag = False
    """/etc/containers/certs.d, for nodes with CRI-O."""
    image: PinnedImage | None = None
    """An image with a shell; left out: `registry.image`, which has one."""


class Page(Section):
    """A web page that lists the images, behind the same users and passwords."""

    port: Port | None = Field(default=None, examples=[30501])
    """With `nodePort` and `loadBalancer`: where it is; with the others it is at the registry's own name and port."""
    image: PinnedImage = "docker.io/joxit/docker-registry-ui:2.6.0"
    """An image with nginx and the page below /usr/share/nginx/html."""
    delete: Flag = False
    """Whether images may be deleted there; `registry.delete` must allow it too."""


class PodProof(Section):
    """A push by one pod and a pull by the kubelet for another, at the end of every `up` that changes something."""

    enabled: Flag = True
    """Whether `up` proves itself."""
    image: PinnedImage = "docker.io/curlimages/curl:8.17.0"
    """An image with curl and a shell."""


class Kubernetes(System):
    """A registry in a Kubernetes cluster."""

    topology: Literal["kubernetes"] = Field(examples=["kubernetes"])
    """The shape of the system: `pair`, `fronted` or `kubernetes`."""
    cluster: Cluster = Field(examples=["{context: my-cluster}"])
    """Which cluster, where in it, and how the registry is reached there."""
    nodes: Mapping[ObjectName, Address] = {}
    """Nodes, `name: address` each, that clients and kubelets reach the registry through; needed with `nodePort` and `storage.local`."""
    storage: Volumes = Field(examples=["{local: {path: /data/docker, node: k8s-node1, size: 5Gi}}"])
    """Where pods keep images: exactly one kind."""
    registry: RegistryPods = RegistryPods()
    """The registry pods."""
    pull_secrets: tuple[Namespace, ...] = ()
    """Namespaces that get a pull secret, called as the registry is; they are there already."""
    pull_user: UserName | None = None
    """Whose password is in the pull secrets, one of `users`; left out: the first."""
    patch_service_accounts: Flag = False
    """Whether the default service account of each of these namespaces uses its pull secret, so that pods there need not name it."""
    trust: NodeTrust = NodeTrust()
    """How the nodes come to trust our CA."""
    ui: Page | None = None
    """A web page that lists the images; left out: none."""
    metrics: Metrics | None = None
    """Prometheus metrics; left out: nobody may read them."""
    proof: PodProof = PodProof()
    """The push and the pull at the end of `up`."""
    fronts: Hosts = ()
    """Two machines with haproxy before the node ports, as in topology `fronted`; the first is the preferred holder of the VIP."""
    vip: Vip | None = None
    """The virtual IP of the fronts; needed with them."""
    haproxy: Haproxy = Haproxy()
    """How the fronts pass requests on."""
    access: Access = Access()
    """From which networks the fronts are reached; empty means from anywhere."""
    clients: Hosts = ()
    """With fronts: hosts that trust our CA; the first proves every `up` by a push and a pull through the VIP."""
    hosts_entries: Flag = False
    """With fronts: whether `name` is mapped to the VIP in /etc/hosts of fronts and clients."""
    ssh: Ssh = Ssh()
    """How we get onto fronts and clients."""

    @property
    def addresses(self) -> tuple[IPv4Address, ...]:
        """Where it is reached besides its name: the nodes, where each of them has the port."""
        return tuple(self.nodes.values()) if self.cluster.expose == "nodePort" else ()

    @property
    def service_ports(self) -> tuple[int, ...]:
        """Of the Service that clients, or the fronts, come to."""
        return (self.cluster.node_port,) if self.fronts and self.cluster.node_port else self.ports

    @property
    def puller(self) -> str:
        """The user in the pull secrets."""
        return self.pull_user or self.users[0]
