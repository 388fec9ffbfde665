"""PodProof: a push by one pod and a pull for another before `up` calls itself done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.kube_identity import KubeIdentity
from components.kube_object import KubeObject
from render.kubernetes import proof
from render.kubernetes.nonce import nonce
from settings import Kubernetes


@dataclass(frozen=True, kw_only=True)
class PodProofArgs:
    """What is proved, and after what."""

    system: Kubernetes
    identity: KubeIdentity
    cluster: pulumi.ProviderResource
    changes: str
    """Digest of all plain objects: when it changes, it is proved again."""
    after: Sequence[pulumi.Resource]


class PodProof(pulumi.ComponentResource):
    """Two Jobs that stay, complete, until the next change: a change makes them anew."""

    def __init__(self, name: str, args: PodProofArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("haregistry:kube:PodProof", name, None, opts)
        system, identity, made = args.system, args.identity, list(args.after)
        image = nonce(args.changes)
        for part, each in (
            ("files", proof.files(system, image, identity.ca_bundle)),
            ("push", proof.push(system, image, identity.proved_with)),
            ("pull", proof.pull(system, image, identity.proved_with)),
        ):
            made.append(KubeObject(f"proof-{part}", each, parent=self, by=args.cluster, after=list(made), replace=True))
        self.register_outputs({})
