"""A machine that pushes and pulls with the clients that people use: Docker, skopeo, curl."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lab.command import Completed
from lab.host import Host

WORK = "/root/ha-registry-client"
"""Folder of everything a test leaves on the client; `clean` removes it."""


@dataclass(frozen=True)
class Client:
    """One client host, the registry's name, and who it logs in as; the password travels by stdin only."""

    host: Host
    name: str
    vip: str
    user: str
    password: str = field(repr=False)

    def login(self, password: str | None = None, registry: str | None = None) -> Completed:
        """`docker login` at the registry's name or another address of it, by default with the right password."""
        argv = ["docker", "--config", f"{WORK}/docker", "login", "--username", self.user, "--password-stdin", registry or self.name]
        return self.host.exec(argv, stdin=self.password if password is None else password)

    def make_image(self, reference: str, *, layers: int = 3, layer_bytes: int = 20_000) -> None:
        """An image of random layers in the client's own Docker, so that no registry has any of it already."""
        folder = f"{WORK}/{secrets.token_hex(4)}"
        steps = "".join(f"COPY layer{number} /layer{number}\n" for number in range(layers))
        script = (
            f"mkdir -p {folder} && cd {folder} && cat >Dockerfile && "
            f"for number in $(seq 0 {layers - 1}); do head -c {layer_bytes} /dev/urandom >layer$number; done && "
            f"docker build -q -t {reference} . && rm -rf {folder}"
        )
        self.host.output(["sh", "-c", script], f'FROM scratch\n{steps}CMD ["/none"]\n')

    @contextmanager
    def trusting(self, address: str) -> Iterator[None]:
        """Docker of the client takes the registry's certificate at `address` too, as long as the block lasts."""
        place = f"/etc/docker/certs.d/{address}"
        self.host.output(["cp", "-r", self._certificates, place])
        try:
            yield
        finally:
            self.host.output(["rm", "-rf", place])

    def docker(self, *arguments: str) -> Completed:
        """One docker command with what `login` kept."""
        return self.host.exec(["docker", "--config", f"{WORK}/docker", *arguments])

    def push(self, repository: str, *, layers: int = 3, layer_bytes: int = 20_000, registry: str | None = None) -> str:
        """Logs in, makes an image, pushes it by Docker as `repository` (with tag) and returns its digest."""
        reference = f"{registry or self.name}/{repository}"
        assert (done := self.login(registry=registry)).returncode == 0, done.stderr
        self.make_image(reference, layers=layers, layer_bytes=layer_bytes)
        done = self.docker("push", reference)
        assert done.returncode == 0, done.stdout + done.stderr
        digests: list[str] = json.loads(self.host.output(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", reference]))
        self.host.output(["docker", "image", "rm", "--force", reference])
        return next(digest.partition("@")[2] for digest in digests if digest.startswith(reference.rpartition(":")[0]))

    def pull(self, repository: str, digest: str, *, registry: str | None = None) -> None:
        """Pulls by Docker what must have that digest; raises AssertionError where it cannot. Nothing of it stays."""
        reference = f"{registry or self.name}/{repository.partition(':')[0]}@{digest}"
        done = self.docker("pull", "--quiet", reference)
        assert done.returncode == 0, done.stdout + done.stderr
        self.host.output(["docker", "image", "rm", "--force", reference])

    def push_and_pull(self) -> None:
        """A fresh image goes in through the VIP and comes out again; raises AssertionError where it does not."""
        repository = f"fresh/{secrets.token_hex(4)}:1"
        self.pull(repository, self.push(repository))

    def skopeo(self, *arguments: str) -> Completed:
        """One skopeo command with the credentials of `login_skopeo`."""
        return self.host.exec(["env", f"REGISTRY_AUTH_FILE={WORK}/auth.json", "skopeo", *arguments])

    def login_skopeo(self, registry: str | None = None) -> None:
        """`skopeo login` at the registry's name or another address of it."""
        self.host.output(["mkdir", "-p", WORK])
        options = ["--authfile", f"{WORK}/auth.json", "--username", self.user, "--password-stdin", "--cert-dir", self._certificates]
        done = self.host.exec(["skopeo", "login", *options, registry or self.name], stdin=self.password)
        assert done.returncode == 0, done.stderr

    def push_by_skopeo(self, local: str, repository: str, *, registry: str | None = None) -> None:
        """Copies an image of the client's Docker to one address of the registry; raises AssertionError where it is refused."""
        options = ["--insecure-policy", "copy", "--dest-cert-dir", self._certificates]
        done = self.skopeo(*options, f"docker-daemon:{local}", f"docker://{registry or self.name}/{repository}")
        assert done.returncode == 0, done.stderr

    def copy_by_skopeo(self, repository: str, to: str, *, registry: str | None = None) -> Completed:
        """Copies an image of the registry into a folder below `WORK` and compares digests on the way, through any of its addresses."""
        source = f"docker://{registry or self.name}/{repository}"
        return self.skopeo("--insecure-policy", "copy", "--src-cert-dir", self._certificates, source, f"dir:{WORK}/{to}")

    def digest_by_skopeo(self, repository: str, *, registry: str | None = None) -> str:
        """The digest that one address of the registry gives for `repository`; raises AssertionError where it does not."""
        source = f"docker://{registry or self.name}/{repository}"
        done = self.skopeo("inspect", "--cert-dir", self._certificates, "--format", "{{.Digest}}", source)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def status(self, path: str, *arguments: str, address: str | None = None, port: int = 443, password: str | None = None) -> str:
        """HTTP status of `https://NAME:PORT/path` asked at one address (the VIP by default) with curl; `000` where none came."""
        return self.curl(path, "-o", "/dev/null", "-w", "%{http_code}", *arguments, address=address, port=port, password=password).stdout

    def curl(self, path: str, *arguments: str, address: str | None = None, port: int = 443, password: str | None = None) -> Completed:
        """One curl request; an empty password asks as nobody."""
        known = self.password if password is None else password
        url = f"https://{self.name}:{port}{path}"
        argv = ["curl", "-s", "-m", "20", "-K", "-", "--resolve", f"{self.name}:{port}:{address or self.vip}", *arguments, url]
        argv += [] if "-k" in arguments else ["--cacert", f"{self._certificates}/ca.crt"]
        return self.host.exec(argv, stdin=f'user = "{self.user}:{known}"\n' if known else "")

    def clean(self) -> None:
        """Removes every image and file of the tests."""
        self.host.exec(["sh", "-c", f"rm -rf {WORK} /var/lib/containers; docker image prune --all --force"])

    @property
    def _certificates(self) -> str:
        return f"/etc/docker/certs.d/{self.name}"
