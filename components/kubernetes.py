"""KubernetesTopology: reading it is knowing the order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi

from components.fronts_before import FrontsBefore
from components.identity import Identity, IdentityArgs
from components.kube_identity import KubeIdentity
from components.kube_object import KubeFound, provider
from components.kube_registry import KubeRegistry, KubeRegistryArgs
from components.node_trust import NodeTrust, NodeTrustArgs
from components.pod_proof import PodProof, PodProofArgs
from components.pull_secrets import PullSecrets, PullSecretsArgs
from components.topology import TopologyArgs, exported, text_of
from render.kubernetes.manifest import digest
from render.kubernetes.needed import needed
from render.kubernetes.plain import plain_objects
from settings import Kubernetes, before


class KubernetesTopology(pulumi.ComponentResource):
    """A registry in a cluster, trusted by its nodes, proved by pods that push to it and pull from it."""

    outputs: Mapping[str, pulumi.Input[Any]]
    """What the stack exports: where the registry is, its CA, how to log in."""

    def __init__(self, name: str, args: TopologyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        system = args.system
        if not isinstance(system, Kubernetes):
            raise TypeError(f"topology {system!r} is in no cluster")
        super().__init__("haregistry:kube:KubernetesTopology", name, None, opts)
        mine = pulumi.ResourceOptions(parent=self)
        cluster, s3 = provider(system.cluster, mine), system.storage.s3
        shared = Identity("identity", IdentityArgs(system=system, secrets=args.secrets), mine)
        identity = KubeIdentity(shared, system, args.secrets)
        storage_ca = text_of(s3.ca if s3 else None)
        fronts = FrontsBefore("before", replace(args, system=before(system), identity=shared), mine) if system.fronts else None
        issuer = system.cluster.issuer
        met = text_of(issuer.ca) if issuer else identity.ca_bundle
        # A front that refuses keeps the cluster untouched too, and so does what is not there
        ahead = fronts.hosts.ready if fronts else ()
        found = [KubeFound(wanted, parent=self, by=cluster, after=ahead) for wanted in needed(system)]
        checked = [*ahead, *found]
        trust_args = NodeTrustArgs(system=system, cluster=cluster, identity=identity, ca_bundle=met, after=checked)
        trust = NodeTrust("trust", trust_args, mine)
        pods_args = KubeRegistryArgs(system=system, identity=identity, cluster=cluster, storage_ca=storage_ca, after=checked)
        pods = KubeRegistry("pods", pods_args, mine)
        led = fronts.lead(to=pods.ready) if fronts else ()
        pulls = PullSecrets("pulls", PullSecretsArgs(system=system, identity=identity, cluster=cluster, after=pods.namespace), mine)
        if system.proof.enabled:
            changes = digest(plain_objects(system, storage_ca))
            after = [*pods.ready, *pulls.ready, *trust.ready, *led]
            PodProof("proof", PodProofArgs(system=system, identity=identity, cluster=cluster, changes=changes, after=after), mine)
        self.outputs = {**(fronts.outputs if fronts else {}), **exported(system, shared), "caCertificatePem": met}
        self.register_outputs({"url": self.outputs["registryUrl"]})
