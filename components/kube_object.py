"""Objects of a cluster: the only module that knows pulumi_kubernetes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from render.kubernetes.manifest import Manifest
from render.kubernetes.needed import Needed
from settings import Cluster

SECRET_KEYS = ["data", "stringData"]
CORE = "core"


def provider(cluster: Cluster, mine: pulumi.ResourceOptions) -> pulumi.ProviderResource:
    """The one context that the settings name, of the file that they name or kubectl's own.

    Secrets and ConfigMaps change in place, under names that pods and people know. Another context is another cluster, in
    which everything is made anew; a kubeconfig that moved, or renewed its login, is not.
    """
    return kubernetes.Provider(
        "cluster",
        context=cluster.context,
        kubeconfig=cluster.kubeconfig,
        cluster_identifier=cluster.context,
        enable_secret_mutable=True,
        enable_config_map_mutable=True,
        opts=mine,
    )


class KubeObject(pulumi.CustomResource):
    """One object as its manifest has it; done means that Kubernetes has made what it asks for (pods ready, jobs complete)."""

    def __init__(
        self,
        name: str,
        manifest: Manifest,
        *,
        parent: pulumi.Resource,
        by: pulumi.ProviderResource,
        after: Sequence[pulumi.Resource] = (),
        patch: bool = False,
        replace: bool = False,
        keep: bool = False,
    ) -> None:
        """`after`: not made before these; `depends_on` of a component would not reach its children.

        `patch`: of an object that is there already, only what the manifest says; on destroy only that is taken back.
        `replace`: an object that cannot change is deleted before it is made again. `keep`: it stays on destroy.
        """
        secret = SECRET_KEYS if manifest["kind"] == "Secret" else None
        super().__init__(
            _type(manifest, patch=patch),
            name,
            dict(manifest),
            pulumi.ResourceOptions(
                parent=parent,
                provider=by,
                depends_on=list(after),
                additional_secret_outputs=secret,
                delete_before_replace=replace or None,
                retain_on_delete=keep or None,
            ),
        )


class KubeFound(pulumi.CustomResource):
    """One object that is there already: it is read, in a preview too, and never changed or deleted.

    Where it is not, the run ends with the setting that names it, before anything that waits for this is made.
    """

    def __init__(self, wanted: Needed, *, parent: pulumi.Resource, by: pulumi.ProviderResource, after: Sequence[pulumi.Resource]) -> None:
        super().__init__(
            _type({"apiVersion": wanted.api_version, "kind": wanted.kind}),
            f"{wanted.setting}-{wanted.name}",
            None,
            pulumi.ResourceOptions(
                parent=parent,
                provider=by,
                depends_on=list(after),
                id=f"{wanted.namespace}/{wanted.name}" if wanted.namespace else wanted.name,
            ),
        )


def _type(manifest: Mapping[str, Any], *, patch: bool = False) -> str:
    """The provider's name of the kind, as its SDK has it."""
    group, _, version = str(manifest["apiVersion"]).rpartition("/")
    return f"kubernetes:{group or CORE}/{version}:{manifest['kind']}{'Patch' if patch else ''}"
