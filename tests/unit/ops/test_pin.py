"""What pin asks a real HTTPS server that serves images, and what it writes."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.golden.cases import pair, write_files
from tests.https_double import Handler, running
from tests.unit.ops.conftest import Ops
from tests.unit.ops.leaf import Issuer

PASSWORD, TOKEN = "the-password-of-the-puller", "a-token"
LOGIN = f"Basic {base64.b64encode(f'puller:{PASSWORD}'.encode()).decode()}"
DIGEST = f"sha256:{'5' * 64}"
INDEX = "application/vnd.oci.image.index.v1+json"


class Source(ThreadingHTTPServer):
    """A registry with one image; `wants` is how it lets in whoever pulls."""

    daemon_threads = True
    wants = "nothing"


class _Handler(Handler):
    server: Source

    def do_HEAD(self) -> None:
        wanted = {"nothing": None, "basic": LOGIN, "bearer": f"Bearer {TOKEN}"}.get(self.server.wants, "never")
        here = f"https://127.0.0.1:{self.server.server_port}"
        challenge = {
            "basic": 'Basic realm="x"',
            "bearer": f'Bearer realm="{here}/token",service="s",scope="repository:library/registry:pull"',
        }
        if self.headers.get("Authorization") != wanted:
            plain = f'Bearer realm="http://127.0.0.1:{self.server.server_port}/token"'
            self.answer(401, **{"WWW-Authenticate": challenge.get(self.server.wants, plain)})
        elif self.path == "/v2/library/registry/manifests/3.1.1" and INDEX in self.headers["Accept"]:
            self.answer(200, **{"Docker-Content-Digest": DIGEST})
        else:
            self.answer(404)

    def do_GET(self) -> None:
        if self.path == "/token?service=s&scope=repository%3Alibrary%2Fregistry%3Apull" and self.headers.get("Authorization") == LOGIN:
            self.answer(200, json.dumps({"token": TOKEN}).encode())
        else:
            self.answer(401)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    """It runs, and `mirror-ca.pem` beside the stack file is its CA."""
    write_files(tmp_path)
    issuer = Issuer()
    (tmp_path / "mirror-ca.pem").write_text(issuer.pem)
    server, tls = Source(("127.0.0.1", 0), _Handler), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(issuer.leaf(tmp_path / "leaf.pem", ["127.0.0.1"]))
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    with running(server):
        yield server


def stack_file(folder: Path, image: str, registry: str) -> Path:
    """System A with a comment at its image, and a puller whose password is set."""
    system = yaml.safe_dump(pair(), sort_keys=False, default_flow_style=None, width=1000)
    lines = "".join(f"    {line}\n" for line in system.splitlines())
    own = f"    registry:\n      image: {image} # ours\n      source: {registry}\n"
    path = folder / "Pulumi.test.yaml"
    path.write_text(f"config:\n  ha-registry:system:\n{lines}{own}  ha-registry:imagePassword: {{secure: v1:x}}\n")
    return path


def pin(ops: Ops, path: Path, expect: int = 0) -> Any:
    (ops.folder / "secret").write_text(f"{PASSWORD}\n")
    done = ops("pin", "--config-file", str(path), expect=expect)
    assert PASSWORD not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("wants", ["nothing", "basic", "bearer"])
def test_digest_of_the_tag_is_written(ops: Ops, source: Source, tmp_path: Path, wants: str) -> None:
    """However the registry lets its puller in: one line of the file has the digest, and its comment."""
    source.wants, name = wants, f"127.0.0.1:{source.server_port}/library/registry"
    path = stack_file(tmp_path, f"{name}:3.1.1", "{user: puller, ca: mirror-ca.pem}")
    before = path.read_text()
    said = pin(ops, path).stdout
    assert f"{name}:3.1.1 is now {name}@{DIGEST}; take it live with: pulumi up --stack x" in said
    assert path.read_text() == before.replace(f"{name}:3.1.1", f"{name}@{DIGEST}")
    assert "is pinned already" in pin(ops, path).stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("library/registry:3.1.1", "library/other:3.1.1"), "answered 404 and no digest"),
        (("ca: mirror-ca.pem", "ca: ca.pem"), "CERTIFICATE_VERIFY_FAILED"),
        (("registry:3.1.1", "registry:2.8.3"), "is older than 3.1.1"),
    ],
)
def test_what_cannot_be_pinned_stays_as_it_is(ops: Ops, source: Source, tmp_path: Path, change: tuple[str, str], words: str) -> None:
    """No such image, another CA, faults in the settings: exit 1, why, and the file has the same bytes."""
    path = stack_file(tmp_path, f"127.0.0.1:{source.server_port}/library/registry:3.1.1", "{user: puller, ca: mirror-ca.pem}")
    path.write_text(before := path.read_text().replace(*change))
    assert words in pin(ops, path, expect=1).stderr
    assert path.read_text() == before


def test_password_goes_to_no_plain_realm(ops: Ops, source: Source, tmp_path: Path) -> None:
    """A registry that would have its token fetched without TLS gets no login."""
    source.wants = "token without TLS"
    path = stack_file(tmp_path, f"127.0.0.1:{source.server_port}/library/registry:3.1.1", "{user: puller, ca: mirror-ca.pem}")
    assert "asks for a login that it cannot be given safely" in pin(ops, path, expect=1).stderr


def test_image_from_an_archive_has_no_registry_to_ask(ops: Ops, source: Source, tmp_path: Path) -> None:
    """Hosts load a file: exit 1, that is said, nobody is asked and nothing is written."""
    path = stack_file(tmp_path, "registry.nowhere.example/library/registry:3.1.1", "{archive: /root/registry.tar}")
    path.write_text(before := path.read_text().replace("  ha-registry:imagePassword: {secure: v1:x}\n", ""))
    assert "hosts load it from registry.source.archive" in pin(ops, path, expect=1).stderr
    assert path.read_text() == before
