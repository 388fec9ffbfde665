"""Two real registries on loopback, each with its own disk, and the programs of the concern replication between them."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import bcrypt
import yaml

from lab import registry_image
from render import replication
from render.identity import PROBER, docker_config
from render.registry.configuration import config
from render.script import client
from settings import Pair
from tests.golden.cases import own_certificate
from tests.scripts.sandbox import DEADLINE_S, OURS

MANIFEST, INDEX = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
PASSWORD = "secret"
PROGRAMS = ("replicator", "receiver", "history")


def digest_of(content: bytes) -> str:
    """As a registry names content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def eventually(ask: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """What `ask` gives once it is as wanted."""
    end = time.monotonic() + DEADLINE_S
    while not wanted(seen := ask()):
        assert time.monotonic() < end, f"last seen: {seen}"
        time.sleep(0.05)
    return seen


class Node:
    """One host of the pair: its root, its registry, its programs."""

    def __init__(self, folder: Path, system: Pair, number: int, ports: Mapping[str, int], ca: str, leaf: str) -> None:
        self.root, self.address, self._ports, self._system = folder, f"127.0.0.{number}", ports, system
        self._peer = f"127.0.0.{5 - number}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        for path in ("bin", "data", "auth", "etc/ha-registry", "usr/local/lib/ha-registry", "var/spool/ha-registry/queue", "tmp", "trust"):
            (folder / path).mkdir(parents=True)
        (folder / "leaf.pem").write_text(leaf)
        (folder / "trust/ca.crt").write_text(ca)
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
        (folder / "auth/htpasswd").write_text("".join(f"{user}:{hashed}\n" for user in ("admin", PROBER)))
        (folder / "login").write_text(f'user = "{PROBER}:{PASSWORD}"\n')
        both = [f"{address}:{ports['registry']}" for address in (self.address, self._peer)]
        (folder / "auth.json").write_text(docker_config(both, PROBER, PASSWORD))
        (folder / "bin/ip").write_text(f'#!/bin/sh\ncat "{folder}/addresses" 2>/dev/null || true\n')
        (folder / "bin/ip").chmod(0o755)
        self._install()

    def _install(self, deletes: str = "no", interval_s: int = 3600) -> None:
        files = replication.script(self._system, self._system.registries[0]).files | client()
        for name in (*PROGRAMS, "plan.awk", "client.sh"):
            at = self.root / "usr/local/lib/ha-registry" / name
            at.write_text(OURS.sub(rf"{self.root}\g<0>", files[name]))
            at.chmod(0o755)
        facts = {"NAME": self._system.name, "PORT": self._ports["registry"], "OWN": self.address, "PEER": self._peer}
        facts |= {"VIP": "192.0.2.50", "INTERFACE": "lo", "HISTORY_PORT": self._ports["history"], "INTERVAL_S": interval_s}
        facts |= {"DELETES": deletes, "COPIER": PROBER, "CA": f"{self.root}/trust/ca.crt", "LOGIN": f"{self.root}/login"}
        facts |= {"AUTH": f"{self.root}/auth.json", "TRUST": f"{self.root}/trust"}
        known = {line.partition("=")[0] for line in files["replication.env"].splitlines() if not line.startswith("#")}
        assert known == set(facts)
        (self.root / "etc/ha-registry/replication.env").write_text("".join(f"{name}={value}\n" for name, value in facts.items()))

    # --- what runs

    def _start(self, what: str, *argv: str) -> None:
        home = f"{self.root}/var/spool/ha-registry"
        environment = {"PATH": f"{self.root}/bin:{os.environ['PATH']}", "HOME": home, "XDG_DATA_HOME": home, "TMPDIR": f"{self.root}/tmp"}
        with (self.root / f"{what}.log").open("ab") as log:
            self._processes[what] = subprocess.Popen(argv, env=environment, stdout=log, stderr=log, start_new_session=True)

    def end(self, what: str) -> None:
        """Kills one of `registry`, `events`, `history`, `replicator`, with all that it started."""
        process = self._processes.pop(what, None)
        if process:
            os.killpg(process.pid, 9)
            process.wait()

    def end_all(self) -> None:
        """The host is off."""
        for what in tuple(self._processes):
            self.end(what)

    def serve(self) -> None:
        """Starts the registry and what listens beside it; returns when all answer."""
        written = yaml.safe_load(config(self._system, read_only=False, purges=True))
        written["storage"]["filesystem"]["rootdirectory"] = f"{self.root}/data"
        written["auth"]["htpasswd"]["path"] = f"{self.root}/auth/htpasswd"
        written["http"] |= {"addr": f"{self.address}:{self._ports['registry']}", "secret": "x"}
        written["http"]["tls"] |= {"certificate": f"{self.root}/leaf.pem", "key": f"{self.root}/leaf.pem"}
        (endpoint,) = written["notifications"]["endpoints"]
        endpoint["url"] = f"http://{self.address}:{self._ports['events']}/"
        (self.root / "config.yml").write_text(yaml.safe_dump(written))
        programs = self.root / "usr/local/lib/ha-registry"
        for what, program in (("events", "receiver"), ("history", "history")):
            self._start(what, "socat", f"TCP-LISTEN:{self._ports[what]},bind={self.address},reuseaddr,fork", f"EXEC:{programs}/{program}")
        self._start("registry", str(_registry()), "serve", f"{self.root}/config.yml")
        for port in self._ports.values():
            eventually(lambda port=port: _listens(self.address, port), bool)

    def replicate(self, *, deletes: str = "no", interval_s: int = 3600) -> None:
        """Starts the copier."""
        self._install(deletes, interval_s)
        self._start("replicator", "bash", f"{self.root}/usr/local/lib/ha-registry/replicator")

    def hold(self, *, vip: bool) -> None:
        """Gives the VIP to this host, or takes it away."""
        (self.root / "addresses").write_text("1: lo inet 192.0.2.50/32 scope global lo\n" if vip else "")

    @contextmanager
    def held_up(self, program: str) -> Iterator[Callable[[], None]]:
        """A program waits at its start until the block ends; what is given returns when it was started."""
        wrapper, hold, reached = self.root / "bin" / program, self.root / "hold", self.root / "reached"
        hold.touch()
        wrapper.write_text(f'#!/bin/sh\ntouch {reached}\nwhile [ -e {hold} ]; do sleep 0.05; done\nexec {shutil.which(program)} "$@"\n')
        wrapper.chmod(0o755)
        try:
            yield lambda: eventually(reached.exists, bool)
        finally:
            hold.unlink()

    # --- what a client does

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and content of one request by `admin`."""
        context = ssl.create_default_context(cafile=str(self.root / "trust/ca.crt"))
        login = b64encode(f"admin:{PASSWORD}".encode()).decode()
        with closing(http.client.HTTPSConnection(self.address, self._ports["registry"], context=context, timeout=30)) as connection:
            headers = {"Authorization": f"Basic {login}", "Accept": f"{MANIFEST}, {INDEX}"} | ({"Content-Type": kind} if kind else {})
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()

    def notify(self, body: str) -> int:
        """Status of the answer to what claims to be a notification of the registry."""
        with closing(http.client.HTTPConnection(self.address, self._ports["events"], timeout=30)) as connection:
            connection.request("POST", "/", body.encode())
            return connection.getresponse().status

    def push_blob(self, repository: str, content: bytes) -> Mapping[str, Any]:
        """Uploads a blob; its size and digest."""
        _, headers, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
        place = headers["location"]
        joint = "&" if "?" in place else "?"
        status, _, _ = self.ask("PUT", f"{place}{joint}digest={digest_of(content)}", content, "application/octet-stream")
        assert status == 201
        return {"digest": digest_of(content), "size": len(content)}

    def put(self, repository: str, reference: str, document: Mapping[str, Any]) -> str:
        """Uploads a manifest or index under a tag, or with `reference` empty under its digest; returns that."""
        body = json.dumps({"schemaVersion": 2, **document}).encode()
        status, _, said = self.ask("PUT", f"/v2/{repository}/manifests/{reference or digest_of(body)}", body, document["mediaType"])
        assert status == 201, said
        return digest_of(body)

    def push(self, image: str, text: str = "", **more: Any) -> str:
        """Pushes an image of one layer; `text` makes it another one. Returns its digest."""
        repository, _, tag = image.partition(":")
        layer = self.push_blob(repository, f"layer {image} {text}".encode())
        about = self.push_blob(repository, json.dumps({"architecture": "amd64", "os": "linux", "author": text}).encode())
        document = {
            "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **about},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **layer}],
        }
        return self.put(repository, tag, document | more)

    def digest(self, image: str) -> str:
        """The digest behind a tag here; empty where there is none."""
        repository, _, tag = image.partition(":")
        status, headers, _ = self.ask("GET", f"/v2/{repository}/manifests/{tag}")
        return headers["docker-content-digest"] if status == 200 else ""

    def tags(self, repository: str) -> list[str]:
        """All tags of a repository here."""
        status, _, body = self.ask("GET", f"/v2/{repository}/tags/list")
        return sorted(json.loads(body)["tags"]) if status == 200 else []

    def awaits(self, image: str, digest: str) -> None:
        """Returns when the tag means that digest here."""
        eventually(lambda: self.digest(image), lambda seen: seen == digest)

    @property
    def events(self) -> str:
        """The event log with what still waits in the queue."""
        spool = self.root / "var/spool/ha-registry"
        return "".join(path.read_text() for path in (*sorted((spool / "queue").glob("[0-9]*")), spool / "events") if path.exists())

    @property
    def status(self) -> Mapping[str, str]:
        """What the copier says of itself."""
        at = self.root / "var/spool/ha-registry/status"
        return dict(line.partition(" ")[::2] for line in at.read_text().splitlines()) if at.exists() else {}

    @property
    def said(self) -> str:
        """The copier's own words."""
        at = self.root / "replicator.log"
        return at.read_text() if at.exists() else ""


def _registry() -> Path:
    registry_image.ensure()
    return registry_image.archive(registry_image.RELEASES[0]).parent / "registry"


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def _free_ports(count: int) -> list[int]:
    """Ports that are free on all loopback addresses."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("0.0.0.0", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def pair(folder: Path, system: Pair) -> Iterator[tuple[Node, Node]]:
    """Both hosts serve; neither has the VIP, and nothing is copied yet."""
    for program, package in (("skopeo", "skopeo"), ("jq", "jq"), ("socat", "socat"), ("curl", "curl")):
        assert shutil.which(program), f"{program} is needed by the tests of replication: apt-get install {package}"
    ports = dict(zip(("registry", "events", "history"), _free_ports(3), strict=True))
    certificate, key, ca = own_certificate(("127.0.0.2", "127.0.0.3"))
    first, second = (Node(folder / f"node{number}", system, number, ports, ca, certificate + key) for number in (2, 3))
    try:
        for node in (first, second):
            node.hold(vip=False)
            node.serve()
        yield first, second
    finally:
        first.end_all()
        second.end_all()
