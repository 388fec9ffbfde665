"""The systems that tests render: each is a valid settings mapping that differs from the others in one way."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from settings import load
from tests.golden.cluster_cases import CLUSTER_CASES

STACK = "test"
PEM = serialization.Encoding.PEM
ADDRESSES = ("192.168.23.51", "192.168.23.52", "192.168.23.53")
FRONTED_ADDRESSES = (
    "221.228.86.4",
    "221.228.86.5",
    "221.228.86.6",
    "221.228.86.67",
    *(f"10.20.0.{last}" for last in (11, 12, 21, 22, 23, 31)),
    *(f"192.168.44.{last}" for last in (11, 12, 31)),
)
"""Of systems B and E, and of fronts before a cluster."""
SECRETS = {"imagePassword": "x", "tlsKey": "x", "s3AccessKey": "x", "s3SecretKey": "x", "cephKey": "x"}
"""Every secret that a case needs."""


def pair() -> dict[str, Any]:
    """System A: two bare machines, one that pushes."""
    return {
        "topology": "pair",
        "name": "registry01.dev.com",
        "ports": [443, 80],
        "vip": {"address": "192.168.23.50/20", "interface": "ens192", "vrid": 55},
        "registries": {"registry01": ADDRESSES[0], "registry02": ADDRESSES[1]},
        "clients": {"push01": ADDRESSES[2]},
        "hostsEntries": True,
        "access": {"push": ["192.168.23.53"]},
        "storage": {"local": {"path": "/data/registry"}},
        "ssh": {"key": "id_ed25519"},
    }


def minimal() -> dict[str, Any]:
    """Only what must be written."""
    return {
        "topology": "pair",
        "name": "registry.example.com",
        "vip": {"address": "192.168.23.50", "interface": "ens192", "vrid": 55},
        "registries": {"registry01": ADDRESSES[0], "registry02": ADDRESSES[1]},
        "storage": {"local": {}},
        "ssh": {"key": "id_ed25519"},
    }


def open_to_all() -> dict[str, Any]:
    """Anybody who reaches the hosts may pull and push; one port that is not 443."""
    return pair() | {"ports": [5000], "access": {}, "hostsEntries": False}


def pull_from_named() -> dict[str, Any]:
    """Only named networks reach the registry, and fewer may push."""
    return pair() | {"access": {"pull": ["192.168.16.0/20", "10.1.0.0/16"], "push": ["192.168.23.53", "10.1.2.0/24"]}}


def adopted() -> dict[str, Any]:
    """A hand-made pair is taken over, with the certificate that its clients trust."""
    return pair() | {"adopt": True, "tls": {"files": {"certificate": "registry.pem", "ca": "ca.pem"}}}


def every_setting() -> dict[str, Any]:
    """Everything written that can be, each differing from its default."""
    digest = "sha256:" + "ab" * 32
    return pair() | {
        "users": ["admin", "robot"],
        "vip": {"address": "192.168.23.50/20", "interface": "ens192", "vrid": 7, "advert": "1s", "preempt": True},
        "registries": {"registry01": ADDRESSES[0], "registry02": {"address": ADDRESSES[1], "interface": "ens224"}},
        "trust": {"docker": True, "containerd": False, "podman": False, "system": True},
        "storage": {"local": {"path": "/data/registry", "reserve": "20Gi"}},
        "tls": {"key": "RSA-4096", "validity": "90d", "renewal": "20d", "caValidity": "1000d"},
        "registry": {
            "image": f"mirror.dev.com:5000/library/registry:3.1.1@{digest}",
            "source": {"ca": "mirror-ca.pem", "user": "puller", "proxy": "http://proxy.dev.com:3128"},
            "delete": False,
            "log": {"level": "debug", "format": "json"},
            "memory": "512Mi",
            "config": {"http": {"headers": {"Strict-Transport-Security": ["max-age=60"]}}, "notifications": {"endpoints": []}},
            "deleteDataOnDestroy": True,
        },
    }


def fronted_http() -> dict[str, Any]:
    """System B: two fronts that end TLS, two registries on a bucket of Ceph, which only the fronts reach."""
    return {
        "topology": "fronted",
        "name": "registry.b.example",
        "ports": [5000],
        "vip": {"address": "221.228.86.70", "interface": "eth0", "vrid": 51},
        "fronts": {"front4": "221.228.86.4", "front6": "221.228.86.6"},
        "registries": {"registry5": "221.228.86.5", "registry67": "221.228.86.67"},
        "access": {"pull": ["183.60.177.224/27"], "push": ["183.60.177.230"]},
        "haproxy": {
            "balance": "source",
            "check": {"interval": "5s", "fall": 3},
            "stats": {"port": 1158, "path": "/haproxy", "refresh": "10s"},
        },
        "storage": {"s3": {"endpoint": "https://rgw.b.example", "bucket": "registry", "ca": "rgw-ca.pem"}},
        "registry": {"log": {"format": "json"}},
        "ssh": {"key": "id_ed25519"},
    }


def fronted_tcp() -> dict[str, Any]:
    """System E: TLS passed through to three replicas on NFS."""
    return {
        "topology": "fronted",
        "name": "registry.e.example",
        "vip": {"address": "10.20.0.10/24", "interface": "eth0", "vrid": 61},
        "fronts": {"front1": "10.20.0.11", "front2": "10.20.0.12"},
        "registries": {"replica1": "10.20.0.21", "replica2": "10.20.0.22", "replica3": "10.20.0.23"},
        "clients": {"push31": "10.20.0.31"},
        "hostsEntries": True,
        "haproxy": {"mode": "tcp"},
        "storage": {"nfs": {"server": "nas.e.example", "export": "/images"}},
        "ssh": {"key": "id_ed25519"},
    }


def on_bucket() -> dict[str, Any]:
    """A pair with its images in a bucket of AWS, and fewer who may push."""
    return pair() | {"storage": {"s3": {"bucket": "dev-registry", "region": "eu-central-1", "folder": "prod", "redirect": True}}}


def fronted_cephfs() -> dict[str, Any]:
    """System E on CephFS, mounted by ceph-fuse."""
    cephfs = {"monitors": ["10.20.0.1", "10.20.0.2:6790"], "filesystem": "images", "folder": "/registry", "fuse": True}
    return fronted_tcp() | {"storage": {"cephfs": cephfs}}


HOST_CASES: Mapping[str, Callable[[], dict[str, Any]]] = {
    "pair": pair,
    "pair-minimal": minimal,
    "pair-open": open_to_all,
    "pair-pull": pull_from_named,
    "pair-adopt": adopted,
    "pair-full": every_setting,
    "pair-s3": on_bucket,
    "fronted-http": fronted_http,
    "fronted-tcp": fronted_tcp,
    "fronted-cephfs": fronted_cephfs,
}
"""On machines of one's own."""
CASES: Mapping[str, Callable[[], dict[str, Any]]] = {**HOST_CASES, **CLUSTER_CASES}


def write_files(base: Path) -> None:
    """Everything the cases name beside the stack file: private key, host keys, CA, the user's own certificate."""
    key = ed25519.Ed25519PrivateKey.generate()
    private = PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    path = base / "id_ed25519"
    path.write_bytes(key.private_bytes(*private))
    path.chmod(0o600)
    (base / f"Pulumi.{STACK}.known_hosts").write_text(
        "".join(f"{address} {host_key(address)}\n" for address in (*ADDRESSES, *FRONTED_ADDRESSES))
    )
    certificate, own_key, ca = own_certificate()
    (base / "mirror-ca.pem").write_text(ca)
    (base / "rgw-ca.pem").write_text(ca)
    (base / "ca.pem").write_text(ca)
    (base / "registry.pem").write_text(certificate)
    (base / "registry.key").write_text(own_key)


def host_key(address: str) -> str:
    """An ed25519 host key, another for each address."""
    name = b"ssh-ed25519"
    blob = len(name).to_bytes(4, "big") + name + (32).to_bytes(4, "big") + address.encode().ljust(32, b"\0")
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def own_certificate(hosts: Sequence[str] = ("192.168.23.50", *ADDRESSES)) -> tuple[str, str, str]:
    """Leaf for all hosts of system A or other addresses, its key and the CA, as PEM."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    addresses = [x509.IPAddress(IPv4Address(address)) for address in hosts]
    names = x509.SubjectAlternativeName([x509.DNSName("registry01.dev.com"), *addresses])
    ca = _certificate("dev.com CA", ca_key, ca_key, x509.BasicConstraints(ca=True, path_length=None))
    leaf = _certificate("registry01.dev.com", key, ca_key, names)
    own_key = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return leaf, own_key, ca


def _certificate(name: str, key: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> str:
    now = datetime.now(UTC) - timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dev.com CA")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=300))
        .add_extension(extension, critical=False)
        .sign(issuer, hashes.SHA256())
        .public_bytes(PEM)
        .decode()
    )


def loaded(system: Mapping[str, Any], base: Path, secrets: Collection[str] = ()) -> Any:
    """The settings as the program sees them (the model of their topology), with the secrets set that they need."""
    return load(system, base, STACK, {*secrets, *needed(system)})


def needed(system: Mapping[str, Any]) -> set[str]:
    """Which of SECRETS these settings cannot do without."""
    storage = system["storage"]
    wanted = {"imagePassword": "user" in system.get("registry", {}).get("source", {}), "tlsKey": "files" in system.get("tls", {})}
    wanted |= dict.fromkeys(("s3AccessKey", "s3SecretKey"), "s3" in storage) | {"cephKey": bool({"cephfs", "rbd"} & set(storage))}
    return {name for name, is_needed in wanted.items() if is_needed}
