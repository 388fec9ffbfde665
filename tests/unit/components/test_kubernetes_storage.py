"""KubernetesTopology: what each kind of storage makes of the pods, and what outlives them."""

from __future__ import annotations

import pytest

from tests.unit.components.cluster import made, objects, text
from tests.unit.components.conftest import Run
from tests.unit.components.engine_double import FakeEngine


@pytest.mark.parametrize(
    ("case", "strategy", "replicas", "budget"),
    [
        ("kubernetes-password", "Recreate", 1, False),
        ("kubernetes-rbd", "Recreate", 1, False),
        ("kubernetes-class", "Recreate", 1, False),
        ("kubernetes-existing", "RollingUpdate", 1, False),
        ("kubernetes-nfs", "RollingUpdate", 2, True),
        ("kubernetes-s3", "RollingUpdate", 3, True),
    ],
)
def test_pods_roll_only_where_they_share_the_storage(run: Run, case: str, strategy: str, replicas: int, *, budget: bool) -> None:
    """Two pods never mount a volume for one node, and no rolling change is one pod short."""
    found = objects(made(run, case))
    spec = found["deployment-registry"].inputs["spec"]
    assert (spec["strategy"]["type"], spec["replicas"]) == (strategy, replicas)
    if strategy == "RollingUpdate":
        assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        assert spec["template"]["spec"]["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}
    assert ("poddisruptionbudget-registry" in found) is budget
    assert ("affinity" in spec["template"]["spec"]) is budget


def test_pod_is_not_killed_before_it_has_drained(kubernetes: FakeEngine) -> None:
    """The kubelet waits longer than the pod serves on and the registry drains."""
    spec = objects(kubernetes)["deployment-registry"].inputs["spec"]["template"]["spec"]
    config = objects(kubernetes)["configmap-registry-config"].inputs["data"]["config.yml"]
    drains = int(config.split("draintimeout: ")[1].split("s")[0])
    leaves = spec["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert spec["terminationGracePeriodSeconds"] > drains + leaves


def test_images_outlive_the_stack(run: Run) -> None:
    """A volume that we describe retains; a claim on a class stays with its namespace; a claim of others is not ours at all."""
    for case in ("kubernetes-password", "kubernetes-rbd", "kubernetes-nfs", "kubernetes-gateway"):
        (volume,) = made(run, case).of("kubernetes:core/v1:PersistentVolume")
        assert volume.inputs["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
        assert not volume.request.retainOnDelete
    found = objects(made(run, "kubernetes-class"))
    kept = {name for name, each in found.items() if each.request.retainOnDelete}
    assert kept == {"namespace-docker-registry", "persistentvolumeclaim-registry"}
    existing = made(run, "kubernetes-existing")
    assert existing.of("kubernetes:core/v1:PersistentVolumeClaim") == []
    assert [each.name for each in existing.of("kubernetes:core/v1:Namespace")] == ["trust-namespace"]


def test_claim_gets_just_our_volume(run: Run) -> None:
    """The claim names the volume, and both a class that nobody else has: no other claim is given the images."""
    for case in ("kubernetes-password", "kubernetes-rbd", "kubernetes-nfs", "kubernetes-gateway"):
        engine = made(run, case)
        (volume,) = engine.of("kubernetes:core/v1:PersistentVolume")
        (claim,) = engine.of("kubernetes:core/v1:PersistentVolumeClaim")
        assert claim.inputs["spec"]["volumeName"] == volume.inputs["metadata"]["name"]
        assert claim.inputs["spec"]["accessModes"] == volume.inputs["spec"]["accessModes"]
        classes = {each.inputs["spec"]["storageClassName"] for each in (claim, volume)}
        assert classes == {f"{claim.inputs['metadata']['namespace']}-registry"}


def test_replicas_sign_uploads_with_one_secret(run: Run) -> None:
    """Requests of one upload reach several pods: all have the one http secret, and the keys of the bucket."""
    shared = objects(made(run, "kubernetes-s3"))["secret-registry-environment"]
    assert text(shared, "REGISTRY_HTTP_SECRET") == "generated identity-http-secret"
    assert text(shared, "REGISTRY_STORAGE_S3_SECRETKEY") == "s3SecretKey-text"


def test_ceph_key_is_where_the_driver_looks(run: Run) -> None:
    """The volume names a Secret that there is, with the user and the key that ceph-csi reads."""
    for case in ("kubernetes-rbd", "kubernetes-gateway"):
        engine = made(run, case)
        (volume,) = engine.of("kubernetes:core/v1:PersistentVolume")
        secret = objects(engine)["secret-registry-ceph"]
        reference = volume.inputs["spec"]["csi"]["nodeStageSecretRef"]
        assert reference == {key: secret.inputs["metadata"][key] for key in ("name", "namespace")}
        assert (text(secret, "userID"), text(secret, "userKey")) == ("registry", "cephKey-text")


def test_what_must_be_there_is_asked_for_before_anything_is_made(run: Run) -> None:
    """An unknown node, a namespace, class or claim that is missing ends a preview, by the path of the setting that names it."""
    wanted = {
        "kubernetes-password": {
            "pullSecrets-default": "default",
            "pullSecrets-build": "build",
            "storage.local.node-k8s-node1": "k8s-node1",
        },
        "kubernetes-rbd": {},
        "kubernetes-class": {
            "pullSecrets-default": "default",
            "pullSecrets-build": "build",
            "storage.storageClass.name-ceph-block": "ceph-block",
        },
        "kubernetes-existing": {
            "cluster.namespace-docker-registry": "docker-registry",
            "pullSecrets-default": "default",
            "pullSecrets-build": "build",
            "storage.existing.claim-docker-registry-pvc": "docker-registry/docker-registry-pvc",
        },
    }
    for case, expected in wanted.items():
        engine = made(run, case)
        assert {each.name: each.request.id for each in engine.read.values()} == expected
        assert all(set(engine.read) <= engine.above(each) for each in objects(engine).values())
