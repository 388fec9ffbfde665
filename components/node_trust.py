"""NodeTrust: the nodes trust our CA, so that their kubelets may pull."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.kube_identity import KubeIdentity
from components.kube_object import KubeObject
from render.kubernetes import trust
from render.kubernetes.manifest import IMAGE_LOGIN, PRIVILEGED, TRUST, manifest, namespace_of, trust_namespace
from render.kubernetes.secret import OF_DOCKER
from settings import Kubernetes


@dataclass(frozen=True, kw_only=True)
class NodeTrustArgs:
    """Whom to trust, where, and after what."""

    system: Kubernetes
    cluster: pulumi.ProviderResource
    identity: KubeIdentity
    ca_bundle: pulumi.Input[str]
    """What the nodes are told to trust: the CA of what they meet."""
    after: Sequence[pulumi.Resource]


class NodeTrust(pulumi.ComponentResource):
    """A pod per node, in a namespace of its own: it writes to the node, which the registry's namespace forbids."""

    ready: Sequence[pulumi.Resource]
    """Done when every node has the CA; empty where that is not ours to do."""

    def __init__(self, name: str, args: NodeTrustArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:kube:NodeTrust", name, None, opts)
        self.ready = self._daemon_set(args) if args.system.trust.by == "daemonSet" else []
        self.register_outputs({})

    def _daemon_set(self, args: NodeTrustArgs) -> list[pulumi.Resource]:
        system, made = args.system, list[pulumi.Resource]()
        home = namespace_of(trust_namespace(system), PRIVILEGED)
        login = manifest("v1", "Secret", IMAGE_LOGIN, namespace=trust_namespace(system), part=TRUST, type=OF_DOCKER)
        for name, each in (
            ("namespace", home),
            ("files", trust.files(system, args.ca_bundle)),
            *([("login", {**login, "data": args.identity.secret(IMAGE_LOGIN)})] if trust.login(system) else []),
            ("nodes", trust.daemon_set(system)),
        ):
            made.append(KubeObject(f"trust-{name}", each, parent=self, by=args.cluster, after=[*args.after, *made]))
        return made
