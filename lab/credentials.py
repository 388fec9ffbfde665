"""Who is who in a lab's cluster: certificates and kubeconfigs of each node as they lie on it, and this machine's kubeconfig."""

import base64
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from lab.certificate import CLIENT, SERVER, Authority, private_pem
from lab.command import LabError
from lab.plan import Machine, Plan
from lab.state import State

API_PORT = 6443
SERVICES = IPv4Address("10.96.0.1")
"""Of the Service `kubernetes`: the first of --service-cluster-ip-range."""
LOOPBACK = IPv4Address("127.0.0.1")
PKI, CONFIGS = "etc/kubernetes/pki", "etc/kubernetes"
PARTS = {"controller-manager": "system:kube-controller-manager", "scheduler": "system:kube-scheduler"}
"""Of the control plane, with the user that the API server knows each as (Kubernetes, "PKI certificates and requirements")."""


def ensure(plan: Plan, state: State) -> None:
    """Makes them, unless they are there. Raises LabError where they are there for other nodes: the CA's key is not kept."""
    if not plan.nodes:
        return
    have = {folder.name for folder in state.cluster.iterdir()} if state.cluster.exists() else set[str]()
    if have == {node.name for node in plan.nodes}:
        return
    if have:
        remedy = f"take it down with `python -m lab down --name {plan.lab}`"
        raise LabError(f"starting lab {plan.lab}: its cluster has the nodes {', '.join(sorted(have))}; {remedy}")
    authority, server = Authority(f"cluster of lab {plan.lab}"), f"https://{plan.nodes[0].address}:{API_PORT}"
    admin = authority.sign("admin", organization="system:masters", usages=[CLIENT])
    for node in plan.nodes[1:]:
        _write(state.cluster / node.name, _of_node(authority, node, server))
    control = _of_node(authority, plan.nodes[0], server) | _of_control_plane(authority, plan.nodes[0], server)
    control[f"{CONFIGS}/admin.conf"] = kubeconfig(plan.lab, server, authority.pem, admin)
    # Last: what is whole is whole with it
    _write(state.place, {state.kubeconfig.name: kubeconfig(plan.lab, server, authority.pem, admin)})
    _write(state.cluster / plan.nodes[0].name, control)


def of(state: State, node: Machine) -> Mapping[str, str]:
    """Text by path on the node, without the leading slash."""
    folder = state.cluster / node.name
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def kubeconfig(context: str, server: str, ca: str, login: tuple[str, str]) -> str:
    """One cluster, user and context of that name, with certificate and key inside."""
    certificate, key = login
    cluster = {"server": server, "certificate-authority-data": _base64(ca)}
    user = {"client-certificate-data": _base64(certificate), "client-key-data": _base64(key)}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": context, "cluster": cluster}],
            "users": [{"name": context, "user": user}],
            "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
            "current-context": context,
        },
        sort_keys=False,
    )


def _of_node(authority: Authority, node: Machine, server: str) -> dict[str, str]:
    """The kubelet, which is a server too, and kube-proxy."""
    names = [x509.DNSName(node.name), x509.IPAddress(node.address)]
    kubelet = authority.sign(f"system:node:{node.name}", organization="system:nodes", names=names, usages=[SERVER, CLIENT])
    proxy = authority.sign("system:kube-proxy", usages=[CLIENT])
    return {
        f"{PKI}/ca.crt": authority.pem,
        **_pair("node", kubelet),
        f"{CONFIGS}/kubelet.conf": kubeconfig("lab", server, authority.pem, kubelet),
        f"{CONFIGS}/proxy.conf": kubeconfig("lab", server, authority.pem, proxy),
    }


def _of_control_plane(authority: Authority, node: Machine, server: str) -> dict[str, str]:
    service = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
    addresses = [x509.IPAddress(address) for address in (node.address, LOOPBACK, SERVICES)]
    api = authority.sign("kube-apiserver", names=[*map(x509.DNSName, service), *addresses])
    # It asks kubelets for logs, and runs commands in pods
    client = authority.sign("kube-apiserver-kubelet-client", organization="system:masters", usages=[CLIENT])
    etcd = authority.sign("etcd", names=[x509.IPAddress(LOOPBACK)], usages=[SERVER, CLIENT])
    made = {**_pair("apiserver", api), **_pair("apiserver-kubelet", client), **_pair("etcd", etcd)}
    for part, user in PARTS.items():
        made[f"{CONFIGS}/{part}.conf"] = kubeconfig("lab", server, authority.pem, authority.sign(user, usages=[CLIENT]))
    return {**made, f"{PKI}/service-account.key": private_pem(ec.generate_private_key(ec.SECP256R1()))}


def _pair(name: str, signed: tuple[str, str]) -> dict[str, str]:
    return {f"{PKI}/{name}.crt": signed[0], f"{PKI}/{name}.key": signed[1]}


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
