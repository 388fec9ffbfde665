"""Rules over a registry in a cluster: how it is reached, where its pods may run, who pulls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from settings.fault import MISSING, Fault, joined, shown
from settings.given import KubeGiven, rule
from settings.kube_value import bounds, millis
from settings.quantity import Size
from settings.raw import is_list, is_mapping
from settings.rules.file import content
from settings.volume import Volumes

SHARED = (*(f"storage.{name}" for name in Volumes.model_fields), "storage.storage_class.access_mode", "storage.existing.access_mode")
"""What decides whether pods may share the storage."""
BY_CLASS = ("ingress", "gateway")
"""Ways in that a controller of the cluster makes, chosen by a class."""
LEAST_MEMORY = Size("64Mi")
SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


@rule("cluster.context", "cluster.kubeconfig")
def context_is_in_the_kubeconfig(given: KubeGiven) -> Iterator[Fault]:
    """The file is there and has the context; without `kubeconfig` only the provider knows which file it reads."""
    cluster = given.system.cluster
    if cluster.kubeconfig is None:
        return
    names = _contexts(content(given, "cluster.kubeconfig", cluster.kubeconfig))
    if names is None:
        remedy = "write the path of the file that kubectl uses"
        yield Fault("cluster.kubeconfig", shown(cluster.kubeconfig), "is no kubeconfig: it has no list of contexts", remedy)
    elif cluster.context not in names:
        rule_ = f"is no context of {shown(cluster.kubeconfig)}"
        yield Fault("cluster.context", cluster.context, rule_, f"choose one of: {', '.join(map(shown, names)) or 'none'}")


def _contexts(text: bytes) -> list[str] | None:
    try:
        document: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return None
    contexts = document.get("contexts") if is_mapping(document) else None
    if not is_list(contexts):
        return None
    return [str(each.get("name")) for each in contexts if is_mapping(each)]


@rule("cluster.namespace", "cluster.create_namespace")
def namespace_is_ours(given: KubeGiven) -> Iterator[Fault]:
    """A namespace that we make is deleted on destroy, with all that is in it."""
    cluster = given.system.cluster
    if cluster.create_namespace and cluster.namespace in SYSTEM_NAMESPACES:
        rule_ = "is a namespace of the cluster itself, and on destroy all in it would be deleted"
        yield Fault("cluster.namespace", cluster.namespace, rule_, "choose one for the registry alone")


@rule("storage.existing", "cluster.create_namespace", "cluster.namespace")
def existing_claim_is_in_a_namespace_that_stays(given: KubeGiven) -> Iterator[Fault]:
    """The claim is there, so its namespace is too, and both outlive this stack."""
    existing, cluster = given.system.storage.existing, given.system.cluster
    if existing and cluster.create_namespace:
        rule_ = f"would be deleted on destroy with namespace {cluster.namespace}, which this stack says it makes"
        yield Fault("storage.existing.claim", existing.claim, rule_, "write cluster.createNamespace: false")


@rule("cluster.expose", "cluster.node_port_range", "cluster.node_port", "ports", "fronts")
def node_ports_are_in_their_range(given: KubeGiven) -> Iterator[Fault]:
    """The API server refuses any other."""
    cluster = given.system.cluster
    low, high = bounds(cluster.node_port_range)
    if cluster.expose != "nodePort":
        return
    key, ports = ("cluster.nodePort", [cluster.node_port]) if given.system.fronts else ("ports", given.system.ports)
    for port in ports:
        if port is not None and not low <= port <= high:
            rule_ = f"is outside the cluster's node ports ({cluster.node_port_range})"
            remedy = f"write for example {max(low, min(30500, high))}, or another cluster.expose"
            yield Fault(key, str(port), rule_, remedy)


@rule("cluster.expose", "ports")
def ingress_has_one_port(given: KubeGiven) -> Iterator[Fault]:
    """Where an ingress controller listens is its own affair: here is only what clients write."""
    ports = given.system.ports
    if given.system.cluster.expose == "ingress" and len(ports) > 1:
        yield Fault("ports", ", ".join(map(str, ports)), "are more than the one port that an ingress is reached by", "keep one of them")


@rule("cluster.expose", "cluster.class_name")
def class_is_named_where_it_is_needed(given: KubeGiven) -> Iterator[Fault]:
    """A cluster may have several controllers, and a Service needs none."""
    cluster = given.system.cluster
    if cluster.expose in BY_CLASS and cluster.class_name is None:
        kind = "ingressclass" if cluster.expose == "ingress" else "gatewayclass"
        yield Fault("cluster.className", MISSING, f"is needed with expose: {cluster.expose}", f"write one that `kubectl get {kind}` lists")
    if cluster.expose not in BY_CLASS and cluster.class_name is not None:
        yield Fault("cluster.className", cluster.class_name, f"has no effect with expose: {cluster.expose}", "remove it")


@rule("cluster.expose", "cluster.issuer", "tls.files")
def issuer_is_for_what_reads_its_certificate(given: KubeGiven) -> Iterator[Fault]:
    """A registry reads its certificate at its start only: renewed by cert-manager, it would end unseen in pods that run on."""
    system = given.system
    issuer, expose = system.cluster.issuer, system.cluster.expose
    if issuer and expose not in BY_CLASS:
        rule_ = f"renews certificates that pods read only at their start, and with expose: {expose} clients see just these"
        yield Fault("cluster.issuer", shown(vars(issuer).get("name")), rule_, "write expose: ingress or gateway, or use tls.files or ours")
    elif issuer and system.tls.files:
        rule_ = "issues what clients see, so that nobody would see the certificate of tls.files"
        yield Fault("cluster.issuer", shown(vars(issuer).get("name")), rule_, "remove one of the two")


@rule("cluster.issuer.ca", "trust.by")
def nodes_have_a_ca_to_trust(given: KubeGiven) -> Iterator[Fault]:
    """An issuer without a CA of its own is one that nodes trust anyway."""
    issuer = given.system.cluster.issuer
    if issuer and issuer.ca is None and given.system.trust.by == "daemonSet":
        rule_ = "has no CA to bring to the nodes: cluster.issuer.ca names none"
        yield Fault("trust.by", "daemonSet", rule_, "write trust.by: none where they trust the issuer already, or name its CA")


@rule("nodes", "cluster.expose")
def nodes_are_known_where_they_are_reached(given: KubeGiven) -> Iterator[Fault]:
    """With `nodePort` clients go to nodes: the certificate names them, kubelets ask them."""
    nodes, taken = given.system.nodes, dict[object, str]()
    if given.system.cluster.expose == "nodePort" and not nodes:
        yield Fault("nodes", "none", "must be at least one node that clients reach", "write NAME: ADDRESS for each")
    for name, address in nodes.items():
        other = taken.setdefault(address, name)
        if other != name:
            yield Fault(joined("nodes", name), str(address), f"is also {joined('nodes', other)}", "write each node's own address")


@rule("nodes", "storage.local.node")
def local_volume_is_on_a_known_node(given: KubeGiven) -> Iterator[Fault]:
    """A pod whose volume is on a node that is not there waits for ever."""
    local, nodes = given.system.storage.local, given.system.nodes
    if local and local.node not in nodes:
        known = ", ".join(nodes) or "none"
        yield Fault("storage.local.node", local.node, f"is none of nodes ({known})", "write it as `kubectl get nodes` lists it, there too")


@rule(*SHARED, "registry.replicas")
def replicas_share_their_storage(given: KubeGiven) -> Iterator[Fault]:
    """A volume for one node is mounted by one pod at a time."""
    replicas, storage = given.system.registry.replicas, given.system.storage
    if replicas > 1 and storage.kinds and not storage.is_shared:
        (kind, *_) = storage.kinds
        rule_ = f"share no storage: {kind} is a volume that one node may write to"
        yield Fault("registry.replicas", str(replicas), rule_, "write 1, or use storage.s3, nfs, cephfs or accessMode: ReadWriteMany")


@rule("storage.nfs", "registry.replicas", "cluster.expose")
def uploads_on_nfs_stay_in_one_pod(given: KubeGiven) -> Iterator[Fault]:
    """NFS clients remember what files are like (nfs(5)): a Service can keep a client with one pod, a controller asks any."""
    system = given.system
    if system.storage.nfs and system.registry.replicas > 1 and system.cluster.expose in BY_CLASS:
        rule_ = f"spread the requests of one upload behind expose: {system.cluster.expose}; on NFS one pod sees late what another wrote"
        remedy = "write 1, expose: nodePort or loadBalancer, or keep images in storage.s3"
        yield Fault("registry.replicas", str(system.registry.replicas), rule_, remedy)


@rule("registry.requests.cpu", "registry.requests.memory", "registry.limits.cpu", "registry.limits.memory")
def limits_leave_room_for_requests(given: KubeGiven) -> Iterator[Fault]:
    """The API server refuses a pod that is promised more than it may use; with too little memory it dies at its first push."""
    requests, limits = given.system.registry.requests, given.system.registry.limits
    if requests.cpu and limits.cpu and millis(requests.cpu) > millis(limits.cpu):
        yield Fault("registry.requests.cpu", requests.cpu, f"is more than registry.limits.cpu ({limits.cpu})", "write less, or more there")
    if requests.memory and limits.memory and requests.memory.bytes > limits.memory.bytes:
        rule_ = f"is more than registry.limits.memory ({limits.memory})"
        yield Fault("registry.requests.memory", requests.memory.text, rule_, "write less, or a higher limit")
    if limits.memory and limits.memory.bytes < LEAST_MEMORY.bytes:
        rule_ = f"is less than the {LEAST_MEMORY} a registry needs"
        yield Fault("registry.limits.memory", limits.memory.text, rule_, "write for example 1Gi")


@rule("pull_secrets")
def namespaces_get_one_pull_secret(given: KubeGiven) -> Iterator[Fault]:
    """Each namespace once."""
    listed = given.system.pull_secrets
    for namespace in sorted({each for each in listed if listed.count(each) > 1}):
        yield Fault("pullSecrets", namespace, "stands there twice", "write each namespace once")


@rule("users", "pull_secrets", "pull_user", "patch_service_accounts")
def puller_is_a_user(given: KubeGiven) -> Iterator[Fault]:
    """Pull secrets hold the password of somebody who has one."""
    system = given.system
    if system.pull_user and system.pull_user not in system.users:
        yield Fault("pullUser", system.pull_user, f"is not in users ({', '.join(system.users)})", "add it to users, or write one of them")
    if system.patch_service_accounts and not system.pull_secrets:
        yield Fault("patchServiceAccounts", "true", "has no effect: no namespace is in pullSecrets", "list the namespaces, or remove it")


@rule("trust.by", "trust.containerd", "trust.docker", "trust.crio")
def some_runtime_is_told(given: KubeGiven) -> Iterator[Fault]:
    """A DaemonSet that tells nobody would look like trust."""
    trust = given.system.trust
    if trust.by == "daemonSet" and not (trust.containerd or trust.docker or trust.crio):
        yield Fault("trust", "a mapping", "names no container runtime to tell", "write containerd, docker or crio: true, or by: none")


@rule("metrics.namespaces")
def metrics_have_a_reader(given: KubeGiven) -> Iterator[Fault]:
    """Metrics that nobody may read are none."""
    metrics = given.system.metrics
    if metrics and not metrics.namespaces:
        yield Fault("metrics.namespaces", "a list", "is empty, so nobody could read them", "write [monitoring], or remove metrics")


@rule("cluster.expose", "cluster.node_port_range", "ports", "ui.port")
def page_has_a_port_of_its_own(given: KubeGiven) -> Iterator[Fault]:
    """Where no controller tells page and registry apart by their paths, their ports do."""
    system = given.system
    if system.ui is None:
        return
    port, expose = system.ui.port, system.cluster.expose
    low, high = bounds(system.cluster.node_port_range)
    if expose in BY_CLASS and port is not None:
        yield Fault("ui.port", str(port), f"has no effect with expose: {expose}, where the page is at the registry's own name", "remove it")
    elif expose not in BY_CLASS and port is None:
        yield Fault("ui.port", MISSING, f"is needed with expose: {expose}", "write a port that is free, e.g. 30501")
    elif expose == "nodePort" and port is not None and not low <= port <= high:
        rule_ = f"is outside the cluster's node ports ({system.cluster.node_port_range})"
        yield Fault("ui.port", str(port), rule_, "write another that is free, e.g. 30501")
    if expose not in BY_CLASS and port in system.ports:
        yield Fault("ui.port", str(port), "is one of ports: the registry is there", "write another that is free, e.g. 30501")


@rule("ui.delete", "registry.delete")
def page_deletes_what_may_be_deleted(given: KubeGiven) -> Iterator[Fault]:
    """The registry refuses what the page would offer."""
    system = given.system
    if system.ui and system.ui.delete and not system.registry.delete:
        yield Fault("ui.delete", "true", "has no effect: registry.delete is false", "remove it, or write registry.delete: true")


RULES = (
    context_is_in_the_kubeconfig,
    namespace_is_ours,
    existing_claim_is_in_a_namespace_that_stays,
    node_ports_are_in_their_range,
    ingress_has_one_port,
    class_is_named_where_it_is_needed,
    issuer_is_for_what_reads_its_certificate,
    nodes_have_a_ca_to_trust,
    nodes_are_known_where_they_are_reached,
    local_volume_is_on_a_known_node,
    replicas_share_their_storage,
    uploads_on_nfs_stay_in_one_pod,
    limits_leave_room_for_requests,
    namespaces_get_one_pull_secret,
    puller_is_a_user,
    some_runtime_is_told,
    metrics_have_a_reader,
    page_has_a_port_of_its_own,
    page_deletes_what_may_be_deleted,
)
