"""KubernetesTopology on every kind of storage, in up and in preview: order, secrets, what pods may."""

from __future__ import annotations

import json

from tests.unit.components.cluster import objects, text
from tests.unit.components.engine_double import FakeEngine, is_unknown

PROVIDER = "pulumi:providers:kubernetes"
SECRET_KIND = "kubernetes:core/v1:Secret"
TEXTS = ("generated identity", "s3SecretKey-text", "s3AccessKey-text", "cephKey-text", "imagePassword-text", "$2b$")
"""What is secret in the double's world: generated passwords, keys of the storage, hashes."""


def test_only_the_named_context_is_touched(kubernetes: FakeEngine) -> None:
    """Every object goes through the one provider of the context that the settings name, never through the default one."""
    (provider,) = kubernetes.of(PROVIDER)
    assert provider.inputs["context"] in {"system-c", "system-d", "prod@eu"}
    assert provider.inputs["clusterIdentifier"] == provider.inputs["context"]
    assert {resource.request.provider.rsplit("::", 1)[0] for resource in objects(kubernetes).values()} == {provider.urn}


def test_names_are_used_once(kubernetes: FakeEngine) -> None:
    """No two objects of one kind have one name in one namespace: the second would overwrite the first."""
    seen = [(each.type, each.inputs["metadata"].get("namespace"), each.inputs["metadata"]["name"]) for each in objects(kubernetes).values()]
    assert len(seen) == len(set(seen))


def test_namespaces_come_before_what_is_in_them(kubernetes: FakeEngine) -> None:
    """The engine makes objects at the same time unless told otherwise."""
    homes = {each.inputs["metadata"]["name"]: each.urn for each in kubernetes.of("kubernetes:core/v1:Namespace")}
    for each in objects(kubernetes).values():
        home = homes.get(each.inputs["metadata"].get("namespace", ""))
        assert home is None or home in kubernetes.above(each), each.name


def test_pods_come_after_all_they_mount_and_before_their_service(kubernetes: FakeEngine) -> None:
    """What a pod names is there when it starts, and a Service never waits for pods that nobody has asked for."""
    found = objects(kubernetes)
    deployment = found["deployment-registry"]
    before = {kubernetes.seen[urn].name for urn in kubernetes.above(deployment)}
    pod = deployment.inputs["spec"]["template"]["spec"]
    for volume in pod["volumes"]:
        named = {
            "configmap": volume.get("configMap", {}).get("name"),
            "secret": volume.get("secret", {}).get("secretName"),
            "persistentvolumeclaim": volume.get("persistentVolumeClaim", {}).get("claimName"),
        }
        wanted = {f"{kind}-{name}" for kind, name in named.items() if name and f"{kind}-{name}" in found}
        assert wanted <= before, volume
    assert {"secret-registry-environment", "networkpolicy-registry"} <= before
    assert deployment.urn in kubernetes.above(found["service-registry"])


def test_proof_is_the_end_of_all(kubernetes: FakeEngine) -> None:
    """Pods push and pull only when everything else is there; the pull comes last."""
    found = objects(kubernetes)
    if "proof-pull" not in found:
        return
    others = {each.urn for name, each in found.items() if name != "proof-pull"}
    assert others <= kubernetes.above(found["proof-pull"]) | {found["proof-pull"].urn}
    assert not [name for name, each in found.items() if found["proof-pull"].urn in kubernetes.above(each)]
    assert all(found[f"proof-{part}"].request.deleteBeforeReplace for part in ("push", "pull"))


def test_secrets_are_in_secret_inputs_only(kubernetes: FakeEngine) -> None:
    """Passwords, hashes, keys: marked, and in Secrets alone; in no name, no annotation, no ConfigMap."""
    for each in objects(kubernetes).values():
        for key, value in each.inputs.items():
            if each.is_secret(key):
                assert each.type == SECRET_KIND, each.name
            else:
                found = [secret for secret in TEXTS if secret in json.dumps(value)]
                assert found == [], f"{each.name}.{key}"
    if not kubernetes.preview:
        assert "$2b$" in text(objects(kubernetes)["secret-registry-users"], "htpasswd")


def test_every_secret_is_secret_in_the_state_too(kubernetes: FakeEngine) -> None:
    """What the API server gives back is marked as what was sent."""
    for each in kubernetes.of("kubernetes:core/v1:Secret"):
        assert each.is_secret("data") or is_unknown(each.inputs["data"]), each.name
        assert set(each.request.additionalSecretOutputs) == {"data", "stringData"}, each.name


def test_plain_objects_are_readable_in_the_first_preview(kubernetes: FakeEngine) -> None:
    """Whoever reads a preview sees config.yml, the pods and all ways in; unknown are only the CA, secrets and the generation."""
    for name, each in objects(kubernetes).items():
        for key, value in each.inputs.items():
            assert key == "data" or not is_unknown(value), f"{name}.{key}"
    data = objects(kubernetes)["configmap-registry-config"].inputs["data"]
    assert data["config.yml"].startswith("auth:")


def test_restricted_pods_in_the_registrys_namespace(kubernetes: FakeEngine) -> None:
    """Whatever runs beside the images keeps to the restricted level: no root, no capability, no host path, no token."""
    home = objects(kubernetes)["deployment-registry"].inputs["metadata"]["namespace"]
    for each in objects(kubernetes).values():
        spec = each.inputs.get("spec", {}).get("template", {}).get("spec")
        if spec is None or each.inputs["metadata"]["namespace"] != home:
            continue
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
        assert not [volume for volume in spec["volumes"] if "hostPath" in volume] if "volumes" in spec else True
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
            assert container["resources"]["limits"]["memory"]


def test_outputs_are_registered(kubernetes: FakeEngine) -> None:
    """Every component says that it is complete."""
    assert {component.urn for component in kubernetes.components} <= set(kubernetes.outputs)
