"""The lab's cluster: a control-plane node and workers, which run what a cluster's administrators hand over."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from lab import credentials, docker, image, kube_programs, machine
from lab.archive import Archive
from lab.command import LabError
from lab.image import Recipe
from lab.machine import Outfit
from lab.plan import MIRROR_PORT, Machine, Plan
from lab.state import State

PACKAGES = ["containerd", "runc", "containernetworking-plugins", "conntrack"]
FILES = kube_programs.SOURCE / "node"
SHARE = "usr/local/share/lab"
PLACES = {
    "lab-node": ("usr/local/sbin/lab-node", 0o755),
    "kubectl": ("usr/local/bin/kubectl", 0o755),
    "containerd.toml": (f"{SHARE}/containerd.toml", 0o644),
    "containerd.conf": ("etc/systemd/system/containerd.service.d/lab.conf", 0o644),
    "kubelet.yaml": (f"{SHARE}/kubelet.yaml", 0o644),
    "proxy.yaml": (f"{SHARE}/proxy.yaml", 0o644),
}
PODS = "10.244.{}.0/24"
"""Network of a node's pods; it is inside of the nodes' own, so labs do not meet there."""
KUBELET = {"control": "--register-with-taints=node-role.kubernetes.io/control-plane=:NoSchedule", "worker": ""}
NAMESPACES = {"default", "build"}
READY_S = 180
"""It takes 15 s on an idle machine of 2 cores."""


def tag(images: Recipe) -> str:
    """The image of the nodes; another one whenever it would differ in what it was asked to hold."""
    files = (f"{path.relative_to(FILES)}\n{path.read_text()}" for path in sorted(FILES.rglob("*")) if path.is_file())
    parts = (images.server, kube_programs.digest(), *PACKAGES, repr(PLACES), *files)
    return f"ha-registry/node:{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:12]}"


def ensure_image(images: Recipe) -> bool:
    """Whether the image had to be built; needs the host image."""
    wanted = tag(images)
    if docker.inspect("image", wanted) is not None:
        return False
    kube_programs.ensure()
    print("building the image of Kubernetes nodes: the host image with containerd and Kubernetes (once, 1 minute)", flush=True)
    files = Archive()
    for name, (path, mode) in PLACES.items():
        files.file(path, (FILES / name).read_text(), mode)
    for manifest in sorted((FILES / "manifests").iterdir()):
        files.file(f"{SHARE}/manifests/{manifest.name}", manifest.read_text(), 0o644)
    for unit in sorted((FILES / "units").iterdir()):
        files.file(f"etc/systemd/system/{unit.name}", unit.read_text(), 0o644)
        files.link(f"etc/systemd/system/multi-user.target.wants/{unit.name}", f"../{unit.name}")
    files.file("usr/local/bin/kube", kube_programs.KUBE.path.read_bytes(), 0o755)
    for program in kube_programs.IMAGES.values():
        archive = kube_programs.archive(program)
        files.file(f"{SHARE}/images/{archive.name}", archive.read_bytes(), 0o644)
    image.extend(images.server, wanted, PACKAGES, files=files.packed())
    image.forget_others(wanted)
    return True


def outfit(plan: Plan, node: Machine, state: State, images: Recipe) -> Outfit:
    """That of a node: what a kubelet needs of the machine under it, its place in the cluster, and trust in the lab's mirror."""
    return Outfit(
        tag(images),
        data=("/var/lib/containerd", "/var/lib/kubelet", "/var/lib/etcd"),
        # The kubelet reads the kernel's log for processes that were killed for their memory
        devices=("/dev/kmsg",),
        capabilities=("SYSLOG",),
        files={**credentials.of(state, node), **_network(plan, node), **_mirror(plan, state)},
    )


def await_ready(plan: Plan) -> None:
    """Returns once every node is Ready, DNS answers and pods may be made; raises LabError after `READY_S` with what is missing."""
    control = machine.container(plan.lab, plan.nodes[0].name)
    deadline = time.monotonic() + READY_S
    while lacking := _lacking(plan, control):
        if time.monotonic() > deadline:
            look = f"python -m lab exec --name {plan.lab} {plan.nodes[0].name} kubectl get nodes,pods --all-namespaces"
            raise LabError(f"starting the cluster of lab {plan.lab}: after {READY_S} s it lacks {lacking}; look at: {look}")
        time.sleep(0.3)


def _lacking(plan: Plan, control: str) -> str:
    asked = ["kubectl", "get", "nodes,deployments,serviceaccounts", "--all-namespaces", "--output=json"]
    done = docker.in_container(control, asked)
    if done.returncode:
        return f"an answer of its API server ({done.stderr.strip()[-200:]})"
    found: list[dict[str, Any]] = json.loads(done.stdout)["items"]
    ready = {_name(one) for one in found if one["kind"] == "Node" and _is_ready(one)}
    accounts = {one["metadata"]["namespace"] for one in found if one["kind"] == "ServiceAccount" and _name(one) == "default"}
    lacking = [*sorted({node.name for node in plan.nodes} - ready), *sorted(NAMESPACES - accounts)]
    if not any(one["kind"] == "Deployment" and one["status"].get("availableReplicas") for one in found):
        lacking.append("coredns")
    return ", ".join(lacking)


def _name(found: dict[str, Any]) -> str:
    return found["metadata"]["name"]


def _is_ready(node: dict[str, Any]) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in node["status"].get("conditions") or ())


def _network(plan: Plan, node: Machine) -> dict[str, str]:
    pods = {one: PODS.format(number) for number, one in enumerate(plan.nodes)}
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {"type": "host-local", "ranges": [[{"subnet": pods[node]}]], "routes": [{"dst": "0.0.0.0/0"}]},
    }
    variables = {
        "NODE_IP": str(node.address),
        "KUBELET_FLAGS": KUBELET["control" if node == plan.nodes[0] else "worker"],
        "ROUTES": ";".join(f"{network} via {one.address}" for one, network in pods.items() if one != node),
        "FOLDERS": plan.folder if node.name == plan.folder_node else "",
    }
    return {
        "etc/cni/net.d/10-lab.conflist": json.dumps({"cniVersion": "1.0.0", "name": "lab", "plugins": [bridge]}),
        "etc/kubernetes/node.env": "".join(f"{name}='{value}'\n" for name, value in variables.items()),
    }


def _mirror(plan: Plan, state: State) -> dict[str, str]:
    endpoint = f"{plan.mirror}:{MIRROR_PORT}"
    place = Path("etc/containerd/certs.d") / endpoint
    hosts = f'server = "https://{endpoint}"\n\n[host."https://{endpoint}"]\n  ca = "/{place}/ca.crt"\n'
    return {f"{place}/hosts.toml": hosts, f"{place}/ca.crt": state.mirror_ca.read_text()}
