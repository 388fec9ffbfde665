"""What a lab keeps between commands: SSH keys, certificates of mirror and Ceph, secrets of the storage, its addresses."""

import shutil
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from pydantic import TypeAdapter

from lab import cache
from lab.certificate import Authority
from lab.command import LabError, run
from lab.image import USER
from lab.plan import Plan

PLAN = TypeAdapter(Plan)


@dataclass(frozen=True)
class State:
    """The state directory of one lab."""

    place: Path

    @property
    def key(self) -> Path:
        """Private key that opens every host as `ops`."""
        return self.place / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """Host keys of all hosts, as ssh reads them."""
        return self.place / "known_hosts"

    @property
    def mirror_ca(self) -> Path:
        """The CA that signed the mirror's certificate."""
        return self.place / "mirror-ca.pem"

    @property
    def mirror_certificate(self) -> Path:
        """The mirror's certificate; its key lies beside it."""
        return self.place / "mirror" / "tls.crt"

    @property
    def ceph_ca(self) -> Path:
        """The CA that signed the certificate of Ceph's S3 gateway."""
        return self.place / "ceph-ca.pem"

    @property
    def ceph_certificate(self) -> Path:
        """The S3 gateway's certificate; its key lies beside it."""
        return self.place / "ceph" / "tls.crt"

    def secret(self, name: str) -> Path:
        """What the storage's operator hands over, in a file of mode 0600 named as the stack secret that takes it."""
        return self.place / "secrets" / name

    @property
    def stack_file(self) -> Path:
        """The stack file with this lab's own addresses, where it is not the one in the project."""
        return self.place / "stack.yaml"

    @property
    def kubeconfig(self) -> Path:
        """How kubectl and the program reach the lab's cluster as its administrator."""
        return self.place / "kubeconfig"

    @property
    def cluster(self) -> Path:
        """Certificates and kubeconfigs of the cluster's nodes: a folder for each, as they lie on it."""
        return self.place / "cluster"

    def host_key(self, host: str) -> Path:
        """Private host key of one host's sshd."""
        return self.place / "hosts" / host

    def public(self, private: Path) -> str:
        """The public half of an SSH key, without its comment."""
        return " ".join(private.with_name(private.name + ".pub").read_text().split()[:2])

    @property
    def exists(self) -> bool:
        """Whether `prepare` has been here."""
        return self._addresses.exists()

    @property
    def _addresses(self) -> Path:
        return self.place / "lab.json"

    def prepare(self, plan: Plan) -> None:
        """Makes what is missing for `plan`; keys that are there stay, so that known_hosts stays true."""
        self.place.mkdir(parents=True, exist_ok=True)
        self.place.chmod(0o700)
        (self.place / "hosts").mkdir(exist_ok=True)
        _make_key(self.key, f"{USER}@{plan.lab}")
        for machine in plan.booted:
            _make_key(self.host_key(machine.name), machine.name)
        lines = [f"{machine.address} {self.public(self.host_key(machine.name))}\n" for machine in plan.booted]
        self.known_hosts.write_text("".join(lines))
        _certify(f"mirror of lab {plan.lab}", plan.mirror, self.mirror_certificate, self.mirror_ca)
        if plan.ceph:
            _certify(f"Ceph of lab {plan.lab}", plan.ceph.address, self.ceph_certificate, self.ceph_ca)
            self.secret("any").parent.mkdir(mode=0o700, exist_ok=True)
        self._addresses.write_bytes(PLAN.dump_json(plan, indent=2))

    def plan(self) -> Plan:
        """The lab as it was last brought up. Raises LabError where it never was."""
        try:
            return PLAN.validate_json(self._addresses.read_bytes())
        except FileNotFoundError as fault:
            raise LabError(f"reading {self._addresses}: this lab is not up; start it with: python -m lab up pair") from fault

    def remove(self) -> None:
        """Removes the directory and all keys in it."""
        shutil.rmtree(self.place, ignore_errors=True)


def of(lab: str) -> State:
    """The state of the lab of that name. Raises LabError where HA_REGISTRY_LAB names the directory of another one."""
    state = State(cache.state(lab))
    if state.exists and (other := state.plan().lab) != lab:
        raise LabError(f"reading {state.place}: it belongs to lab {other}, not {lab}; unset HA_REGISTRY_LAB, or add --name {other}")
    return state


def _certify(authority: str, address: IPv4Address, certificate: Path, ca: Path) -> None:
    """Makes a certificate for `address` and the CA that signed it, unless they are there."""
    if not certificate.exists():
        certificate.parent.mkdir(exist_ok=True)
        signer = Authority(authority)
        signer.issue(address, certificate)
        ca.write_text(signer.pem)


def _make_key(path: Path, comment: str) -> None:
    if not path.exists():
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)], f"making the SSH key {path}")
