"""KubeRegistry: the pods, what they need, and what leads to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pulumi

from components.kube_identity import KubeIdentity
from components.kube_object import KubeObject
from render.kubernetes import page, secret
from render.kubernetes.manifest import AUTHORITY, RESTRICTED, Manifest, manifest, namespace_of
from render.kubernetes.plain import after_pods, before_pods
from render.kubernetes.pods import deployment
from settings import Kubernetes

CLAIM_KIND, NAMESPACE_KIND = "PersistentVolumeClaim", "Namespace"


@dataclass(frozen=True, kw_only=True)
class KubeRegistryArgs:
    """What runs, as whom, where, and after what."""

    system: Kubernetes
    identity: KubeIdentity
    cluster: pulumi.ProviderResource
    storage_ca: str
    """PEM of the CA of the S3 store; empty: one that the image trusts."""
    after: Sequence[pulumi.Resource]


class KubeRegistry(pulumi.ComponentResource):
    """Namespace, configuration, Secrets, volume, Deployment, and the ways in."""

    namespace: Sequence[pulumi.Resource]
    """Done when the registry's namespace is there, and what came before it."""
    ready: Sequence[pulumi.Resource]
    """Done when pods serve from the present settings, and the ways in are there."""

    def __init__(self, name: str, args: KubeRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:kube:KubeRegistry", name, None, opts)
        self._args = args
        system = args.system
        own = [namespace_of(system.cluster.namespace, RESTRICTED)] if system.cluster.create_namespace else []
        self.namespace = self._made(own, args.after) or args.after
        needed = [*self._secrets(), *self._made(before_pods(system, args.storage_ca), self.namespace)]
        started = args.identity.started_with
        pods = self._made([deployment(system, args.storage_ca, started), *page.page(system, started)], needed)
        # A Service waits for a pod that is ready: before the pods it would be blamed for what is wrong with them
        self.ready = [*pods, *self._made([*self._authority(), *after_pods(system)], pods)]
        self.register_outputs({})

    def _secrets(self) -> list[pulumi.Resource]:
        system, identity = self._args.system, self._args.identity
        return self._made(
            [
                {**manifest("v1", "Secret", name, namespace=system.cluster.namespace, type=kind), "data": identity.secret(name)}
                for name, kind in secret.types(system).items()
            ],
            self.namespace,
        )

    def _authority(self) -> list[Manifest]:
        """The CA, for whoever verifies the pods from inside the cluster."""
        data = {"ca.crt": self._args.identity.ca_bundle}
        return [manifest("v1", "ConfigMap", AUTHORITY, namespace=self._args.system.cluster.namespace, data=data)]

    def _made(self, manifests: Iterable[Manifest], after: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        return [
            KubeObject(
                f"{str(each['kind']).lower()}-{each['metadata']['name']}",
                each,
                parent=self,
                by=self._args.cluster,
                after=after,
                keep=self._keeps(each),
            )
            for each in manifests
        ]

    def _keeps(self, each: Manifest) -> bool:
        """What the images would go with: a claim whose volume a StorageClass made, and the namespace that it is in."""
        return self._args.system.storage.storage_class is not None and each["kind"] in {CLAIM_KIND, NAMESPACE_KIND}
