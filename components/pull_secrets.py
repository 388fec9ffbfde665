"""PullSecrets: by which kubelets log in for pods of other namespaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.kube_identity import KubeIdentity
from components.kube_object import KubeObject
from render.kubernetes.manifest import manifest
from render.kubernetes.secret import OF_DOCKER
from settings import Kubernetes

DEFAULT = "default"
"""The service account of pods that name none."""


@dataclass(frozen=True, kw_only=True)
class PullSecretsArgs:
    """Whose password, where, and after what."""

    system: Kubernetes
    identity: KubeIdentity
    cluster: pulumi.ProviderResource
    after: Sequence[pulumi.Resource]


class PullSecrets(pulumi.ComponentResource):
    """A Secret called as the registry is in every listed namespace, and in the registry's own for the proof."""

    ready: Sequence[pulumi.Resource]
    """Done when pods of these namespaces may pull."""

    def __init__(self, name: str, args: PullSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:kube:PullSecrets", name, None, opts)
        system = args.system
        proving = [system.cluster.namespace] if system.proof.enabled else []
        made: list[pulumi.Resource] = []
        for namespace in dict.fromkeys([*system.pull_secrets, *proving]):
            text = {
                **manifest("v1", "Secret", system.name, namespace=namespace, type=OF_DOCKER),
                "data": args.identity.pull_secret(),
            }
            made.append(KubeObject(f"pull-secret-{namespace}", text, parent=self, by=args.cluster, after=args.after))
        patched = system.pull_secrets if system.patch_service_accounts else ()
        for namespace in patched:
            account = {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": DEFAULT, "namespace": namespace},
                "imagePullSecrets": [{"name": system.name}],
            }
            made.append(KubeObject(f"service-account-{namespace}", account, parent=self, by=args.cluster, after=made, patch=True))
        self.ready = made
        self.register_outputs({})
