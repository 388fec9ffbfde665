"""The systems in a cluster that tests render, each on another storage or by another way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def kubernetes_password() -> dict[str, Any]:
    """System C: password, the disk of one node, node ports, pull secrets in two namespaces."""
    return {
        "topology": "kubernetes",
        "name": "registry.c.example",
        "ports": [30500],
        "cluster": {"context": "system-c", "namespace": "docker-registry", "expose": "nodePort"},
        "nodes": {"k8s-master": "192.168.44.25", "k8s-node1": "192.168.44.26", "k8s-node2": "192.168.44.27"},
        "storage": {"local": {"path": "/data/docker", "node": "k8s-node1", "size": "5Gi"}},
        "registry": {"requests": {"cpu": "100m", "memory": "200Mi"}},
        "pullSecrets": ["default", "build"],
        "ui": {"port": 30501},
    }


def kubernetes_rbd() -> dict[str, Any]:
    """System D: a Ceph block device, RSA, guaranteed resources."""
    return {
        "topology": "kubernetes",
        "name": "registry.d.example",
        "ports": [32500],
        "cluster": {"context": "system-d", "namespace": "registry", "expose": "nodePort"},
        "nodes": {"node1": "10.149.149.11", "node2": "10.149.149.12"},
        "tls": {"key": "RSA-4096", "validity": "365d"},
        "storage": {"rbd": {"clusterId": "b9127830-b0cc-4e34-aa47-9d1a2e9949a8", "pool": "rbd", "image": "registry", "size": "1Ti"}},
        "registry": {"requests": {"cpu": 4, "memory": "10Gi"}, "limits": {"cpu": 4, "memory": "10Gi"}},
    }


def kubernetes_s3() -> dict[str, Any]:
    """Three pods on a bucket behind an Ingress, everything written that can be."""
    return kubernetes_password() | {
        "ports": [443],
        "ui": {"image": "mirror.c.example/registry-ui:2.6.0"},
        "users": ["admin", "puller"],
        "cluster": {
            "context": "prod@eu",
            "expose": "ingress",
            "className": "nginx",
            "annotations": {"example.com/owner": "platform"},
            "issuer": {"name": "company", "ca": "ca.pem"},
        },
        "storage": {"s3": {"endpoint": "https://rgw.c.example:8443", "bucket": "registry", "ca": "rgw-ca.pem"}},
        "registry": {
            "image": "mirror.c.example/library/registry:3.1.1@sha256:" + "ab" * 32,
            "source": {"user": "robot"},
            "replicas": 3,
            "priorityClass": "platform",
            "log": {"format": "json"},
        },
        "pullUser": "puller",
        "patchServiceAccounts": True,
        "trust": {"docker": True, "crio": True, "image": "docker.io/library/busybox:1.37.0"},
        "metrics": {"namespaces": ["monitoring"], "serviceMonitor": True},
    }


def kubernetes_gateway() -> dict[str, Any]:
    """Two pods on CephFS behind a Gateway; it may call out, nobody is told of the CA, nothing is proved."""
    ceph = {"clusterId": "rook-ceph", "filesystem": "cephfs", "folder": "/volumes/registry", "size": "1Ti"}
    return kubernetes_password() | {
        "ports": [443],
        "ui": {"delete": True},
        "cluster": {"context": "system-c", "expose": "gateway", "className": "cilium", "issuer": {"name": "letsencrypt", "kind": "Issuer"}},
        "nodes": {},
        "storage": {"cephfs": {**ceph, "driver": "rook-ceph.cephfs.csi.ceph.com"}},
        "registry": {"replicas": 2, "config": {"notifications": {"endpoints": []}}},
        "pullSecrets": [],
        "trust": {"by": "none"},
        "proof": {"enabled": False},
    }


def kubernetes_nfs() -> dict[str, Any]:
    """Two pods on NFS behind a load balancer."""
    return kubernetes_password() | {
        "ports": [443, 5000],
        "ui": {"port": 8443},
        "cluster": {"context": "system-c", "expose": "loadBalancer"},
        "storage": {"nfs": {"server": "nas.c.example", "export": "/images", "size": "100Gi", "options": ["nconnect=4"]}},
        "registry": {"replicas": 2},
    }


def kubernetes_class() -> dict[str, Any]:
    """One pod on a volume that a StorageClass makes."""
    return kubernetes_password() | {"storage": {"storageClass": {"name": "ceph-block", "size": "1Ti"}}}


def kubernetes_existing() -> dict[str, Any]:
    """A hand-made registry's claim, with what is on it."""
    return kubernetes_password() | {
        "cluster": {"context": "system-c", "namespace": "docker-registry", "createNamespace": False},
        "storage": {"existing": {"claim": "docker-registry-pvc", "accessMode": "ReadWriteMany"}},
    }


def kubernetes_fronted() -> dict[str, Any]:
    """Two pods on a bucket behind node ports, and two haproxy fronts with a VIP before these."""
    return kubernetes_password() | {
        "ports": [443],
        "cluster": {"context": "system-c", "namespace": "docker-registry", "nodePort": 30500},
        "fronts": {"front1": "192.168.44.11", "front2": "192.168.44.12"},
        "vip": {"address": "192.168.44.10/24", "interface": "ens192", "vrid": 61},
        "clients": {"push01": "192.168.44.31"},
        "hostsEntries": True,
        "ssh": {"key": "id_ed25519"},
        "storage": {"s3": {"endpoint": "https://rgw.c.example:8443", "bucket": "registry", "ca": "rgw-ca.pem"}},
        "registry": {"replicas": 2},
    }


CLUSTER_CASES: Mapping[str, Callable[[], dict[str, Any]]] = {
    "kubernetes-password": kubernetes_password,
    "kubernetes-rbd": kubernetes_rbd,
    "kubernetes-s3": kubernetes_s3,
    "kubernetes-gateway": kubernetes_gateway,
    "kubernetes-nfs": kubernetes_nfs,
    "kubernetes-class": kubernetes_class,
    "kubernetes-existing": kubernetes_existing,
    "kubernetes-fronted": kubernetes_fronted,
}
