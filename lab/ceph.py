"""Shared storage of a lab: a Ceph of one machine that serves S3 over TLS and CephFS, as a storage team would hand it over."""

import hashlib
import time
from pathlib import Path

from lab import docker, image, machine
from lab.archive import Archive
from lab.command import LabError
from lab.image import Recipe
from lab.machine import Outfit
from lab.plan import RGW_PORT, Machine, Plan
from lab.rgw import Gateway
from lab.state import State

PACKAGES = ["ceph-mon", "ceph-mgr", "ceph-osd", "ceph-mds", "radosgw"]
FILES = Path(__file__).parent / "ceph-image"
UNIT = "lab-ceph.service"
BUCKET = "registry"
SECRETS = {"s3": ("s3AccessKey", "s3SecretKey"), "cephfs": ("cephKey",)}
"""Stack secrets by the storage that takes them, named as the files that the machine hands over."""
HANDED_OVER = "/var/lib/ceph/handed-over"
READY_S = 300
"""It takes 25 s on an idle machine of 2 cores."""


def tag(images: Recipe) -> str:
    """The image of the machine; another one whenever it would differ in what it was asked to hold."""
    parts = (images.server, *PACKAGES, *(file.read_text() for file in sorted(FILES.iterdir())))
    return f"ha-registry/ceph:{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:12]}"


def ensure_image(images: Recipe) -> bool:
    """Whether the image had to be built; needs the host image."""
    wanted = tag(images)
    if docker.inspect("image", wanted) is not None:
        return False
    print("building the Ceph image: the host image with Ceph (once, about 2 minutes)", flush=True)
    files = Archive()
    files.file("usr/local/sbin/lab-ceph", (FILES / "lab-ceph").read_text(), 0o755)
    files.file(f"etc/systemd/system/{UNIT}", (FILES / UNIT).read_text(), 0o644)
    files.directory("etc/systemd/system/multi-user.target.wants", 0o755)
    files.link(f"etc/systemd/system/multi-user.target.wants/{UNIT}", f"../{UNIT}")
    # comes with ceph-osd, for disks that a container has not
    files.link("etc/systemd/system/nvmf-autoconnect.service", "/dev/null")
    image.extend(images.server, wanted, PACKAGES, files=files.packed())
    image.forget_others(wanted)
    return True


def ensure(plan: Plan, ceph: Machine, state: State, images: Recipe) -> str:
    """What was done to have it serve: `made`, `started`, `made anew`, or nothing. The bucket and the secrets are there afterwards."""
    certificate = state.ceph_certificate
    files = {f"etc/ceph/tls/{file.name}": file.read_text() for file in (certificate, certificate.with_suffix(".key"))}
    done = machine.ensure(plan, ceph, state, Outfit(tag(images), data=("/var/lib/ceph",), files=files))
    name = machine.container(plan.lab, ceph.name)
    deadline = time.monotonic() + READY_S
    _await_unit(name, deadline)
    for secret in (name for names in SECRETS.values() for name in names):
        _take_over(name, secret, state.secret(secret))
    _await_bucket(gateway(plan, state), deadline)
    return done


def gateway(plan: Plan, state: State) -> Gateway:
    """The S3 service and its user. Raises LabError where the lab has none, or it never served."""
    if plan.ceph is None:
        raise LabError(f"looking for the S3 service of lab {plan.lab}: its stack file has other storage than s3 or cephfs")
    try:
        access, secret = (state.secret(name).read_text() for name in SECRETS["s3"])
    except FileNotFoundError as fault:
        raise LabError(f"reading {fault.filename}: the Ceph of lab {plan.lab} never served; run `up` again") from fault
    return Gateway(f"https://{plan.ceph.address}:{RGW_PORT}", state.ceph_ca, access, secret)


def _await_unit(name: str, deadline: float) -> None:
    """Returns once Ceph was made on the machine; raises LabError where that failed or takes longer."""
    state = ""
    while time.monotonic() < deadline:
        state = docker.in_container(name, ["systemctl", "is-active", UNIT]).stdout.strip()
        if state == "active":
            return
        if state == "failed":
            break
        time.sleep(0.3)
    said = docker.in_container(name, ["journalctl", "--no-pager", "--output=cat", "--lines=8", f"--unit={UNIT}"]).stdout.strip()
    remedy = f"remove the machine with `docker rm -fv {name}` and run `up` again"
    raise LabError(f"starting Ceph on {name}: {UNIT} is {state or 'silent'}; {remedy}; it said last:\n{said}")


def _take_over(name: str, secret: str, file: Path) -> None:
    found = docker.in_container(name, ["cat", f"{HANDED_OVER}/{secret}"])
    if found.returncode:
        raise LabError(f"reading {secret} on {name}: {found.stderr.strip()}")
    file.touch(mode=0o600)
    file.write_text(found.stdout)


def _await_bucket(asked: Gateway, deadline: float) -> None:
    while True:
        try:
            asked.make_bucket(BUCKET)
            return
        except OSError as fault:
            if time.monotonic() > deadline:
                raise LabError(f"making bucket {BUCKET}: {asked.url} does not answer: {fault}") from fault
        time.sleep(0.3)
