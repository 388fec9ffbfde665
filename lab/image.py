"""Images of the lab's machines: a bare server of this machine's own distribution, and a client with Docker."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lab import cache, docker
from lab.command import LabError, attempt, run

SERVER_PACKAGES = [
    "systemd",
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "sudo",
    "iproute2",
    "iputils-ping",
    "curl",
    "ca-certificates",
    "nftables",
    "iptables",
    "procps",
    "less",
]
CLIENT_PACKAGES = ["docker.io", "skopeo"]
FETCHED_PACKAGES = [
    "docker.io",
    "containerd",
    "runc",
    "keepalived",
    "haproxy",
    "ceph-fuse",
    "skopeo",
    "openssl",
    "jq",
    "rsync",
    "inotify-tools",
    "socat",
]
"""Not installed: their archives lie in apt's cache of every host, so that installing them needs no download."""
MASKED_UNITS = ["console-getty.service", "getty@tty1.service", "getty-static.service", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"]
"""A container has no console and no debugfs."""

USER = "ops"
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
POLICY = "usr/sbin/policy-rc.d"
"""Exit status 101: no package starts a service while an image is built (invoke-rc.d(8))."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is in the images."""

    suite: str
    sources: tuple[str, ...]
    """apt sources of this machine's distribution: `URI SUITE COMPONENT...`."""
    proxy: str
    """apt's own proxy settings, as apt.conf lines."""
    ca_bundle: bytes
    """The certificates this machine trusts: mirrors may be behind a company's own CA."""
    init: str

    @cached_property
    def digest(self) -> str:
        """Changes whenever an image made now would differ in what it was asked to hold."""
        parts = (self.suite, *self.sources, self.proxy, self.init, *SERVER_PACKAGES, *CLIENT_PACKAGES, *FETCHED_PACKAGES, *MASKED_UNITS)
        return hashlib.sha256("\n".join(parts).encode() + self.ca_bundle).hexdigest()[:12]

    @property
    def server(self) -> str:
        """Image of registries and fronts."""
        return f"ha-registry/host:{self.digest}"

    @property
    def client(self) -> str:
        """Image of machines that push and pull."""
        return f"ha-registry/client:{self.digest}"


def recipe() -> Recipe:
    """What the images are made of on this machine, as apt itself reports its sources."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    suite = release.get("VERSION_CODENAME", "").strip('"')
    listed = run(
        ["apt-get", "indextargets", "--format", "$(CREATED_BY)|$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)"], "reading apt's sources"
    )
    found: dict[str, list[str]] = {}
    for line in listed.splitlines():
        creator, origin, uri, name, component = line.split("|")
        if creator == "Packages" and origin in {"Debian", "Ubuntu"} and name.split("-")[0].split("/")[0] == suite:
            found.setdefault(f"{uri} {name}", []).append(component)
    if not suite or not found:
        raise LabError("reading apt's sources: no Debian or Ubuntu archive with package lists; run `apt-get update` and try again")
    settings = run(["apt-config", "dump"], "reading apt's settings").splitlines()
    return Recipe(
        suite=suite,
        sources=tuple(f"{place} {' '.join(dict.fromkeys(components))}" for place, components in found.items()),
        proxy="".join(f"{line}\n" for line in settings if line.startswith(("Acquire::http::Proxy", "Acquire::https::Proxy"))),
        ca_bundle=CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b"",
        init=(Path(__file__).parent / "host-image" / "lab-init").read_text(),
    )


def ensure(wanted: Recipe) -> bool:
    """Whether images had to be built; both are there afterwards."""
    built = False
    if docker.inspect("image", wanted.server) is None:
        _build_server(wanted)
        built = True
    if docker.inspect("image", wanted.client) is None:
        _build_client(wanted)
        built = True
    if built:
        forget_others(wanted.client, wanted.server)
    return built


def forget_others(*wanted: str) -> None:
    """Removes images of former recipes, unless a container still uses them."""
    for name in (tag.rsplit(":", 1)[0] for tag in wanted):
        for tag in docker.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", name, doing="listing host images").split():
            if tag not in wanted:
                attempt(["docker", "image", "rm", tag], f"removing {tag}")


def _build_server(wanted: Recipe) -> None:
    print(f"building the host image from {wanted.suite} packages (once, about 2 minutes)", flush=True)
    downloads = cache.root() / "debootstrap"
    downloads.mkdir(parents=True, exist_ok=True)
    uri = next(source.split()[0] for source in wanted.sources if source.split()[1] == wanted.suite)
    place = Path(tempfile.mkdtemp(dir=cache.root(), prefix="rootfs-"))
    try:
        include = ",".join(SERVER_PACKAGES)
        run(
            ["debootstrap", "--variant=minbase", f"--include={include}", f"--cache-dir={downloads}", wanted.suite, str(place), uri],
            f"installing {wanted.suite} into {place}",
        )
        _furnish(wanted, place)
        _import(place, wanted.server)
    finally:
        shutil.rmtree(place)


def _furnish(wanted: Recipe, place: Path) -> None:
    (place / "etc/apt/sources.list").write_text("".join(f"deb {source}\n" for source in wanted.sources))
    if wanted.proxy:
        (place / "etc/apt/apt.conf.d/90proxy").write_text(wanted.proxy)
    if wanted.ca_bundle:
        (place / CA_BUNDLE.relative_to("/")).write_bytes(wanted.ca_bundle)
    init = place / "usr/local/sbin/lab-init"
    init.write_text(wanted.init)
    init.chmod(0o755)
    shutil.copyfile("/etc/resolv.conf", place / "etc/resolv.conf")
    sudo = place / "etc/sudoers.d" / USER
    sudo.write_text(f"{USER} ALL=(ALL) NOPASSWD:ALL\n")
    sudo.chmod(0o440)
    in_place = ["chroot", str(place)]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run([*in_place, "useradd", "--create-home", "--shell", "/bin/bash", USER], f"making the user {USER}")
    run([*in_place, "apt-get", "-q", "update"], "reading the package lists of the host image", env=quiet)
    run([*in_place, "apt-get", "-qy", "upgrade"], "bringing the host image up to date", env=quiet)
    fetch = [*in_place, "apt-get", "-qy", "install", "--download-only", "--no-install-recommends", *FETCHED_PACKAGES]
    run(fetch, "fetching packages that hosts install later", env=quiet)
    for unit in MASKED_UNITS:
        (place / "etc/systemd/system" / unit).symlink_to("/dev/null")
    # each host gets its own; an image that carried one would give the same to all
    for made in (place / "etc/resolv.conf", place / "etc/hostname", *place.glob("etc/ssh/ssh_host_*")):
        made.unlink(missing_ok=True)
    # empty, not absent: systemd then makes one at each boot without enabling every unit by preset (machine-id(5))
    (place / "etc/machine-id").write_text("")


def _import(place: Path, tag: str) -> None:
    changes = ('ENTRYPOINT ["/usr/local/sbin/lab-init"]', 'CMD ["/sbin/init"]', "ENV container=docker")
    flags = [flag for change in changes for flag in ("--change", change)]
    with subprocess.Popen(["tar", "-C", str(place), "-c", "."], stdout=subprocess.PIPE) as tar:
        done = subprocess.run(["docker", "import", *flags, "-", tag], stdin=tar.stdout, capture_output=True, text=True, check=False)
    if done.returncode or tar.returncode:
        raise LabError(f"importing {place} as {tag}: {done.stderr.strip()}")


def _build_client(wanted: Recipe) -> None:
    print("building the client image: the host image with Docker", flush=True)
    extend(wanted.server, wanted.client, CLIENT_PACKAGES)


def extend(base: str, tag: str, packages: Sequence[str], *, files: bytes = b"") -> None:
    """Makes the image `tag`: `base` with the tar archive `files` unpacked, and `packages`. No service is started meanwhile.

    Raises LabError with the last lines of the build.
    """
    install = (
        f"printf '#!/bin/sh\\nexit 101\\n' >/{POLICY} && chmod 0755 /{POLICY}"
        f" && apt-get -qy install --no-install-recommends {' '.join(packages)} && rm /{POLICY}"
    )
    start = ["create", "--network", "host", "--env", "DEBIAN_FRONTEND=noninteractive", "--entrypoint", "/bin/sh"]
    made = docker.docker(*start, base, "-c", install, doing=f"making the container that builds {tag}")
    try:
        if files:
            docker.put(made, files)
        docker.docker("start", made, doing=f"starting the build of {tag}")
        status = docker.docker("wait", made, doing=f"building {tag}")
        if status != "0":
            said = docker.docker("logs", "--tail", "5", made, doing="reading the log of the build")
            raise LabError(f"building {tag}: apt-get ended with {status}:\n{said}")
        back = ("--change", 'ENTRYPOINT ["/usr/local/sbin/lab-init"]', "--change", 'CMD ["/sbin/init"]')
        docker.docker("commit", *back, made, tag, doing=f"keeping {tag}")
    finally:
        docker.docker("rm", "--force", made, doing="removing the build container")
