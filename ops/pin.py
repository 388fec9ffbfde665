"""pin: the digest behind the tag of the registry image, asked from where the hosts get it, written into the stack file."""

from __future__ import annotations

import base64
import json
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import cast
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from ops.deployment import Deployment, DeploymentError
from ops.https import MANIFESTS
from settings import AnySystem, Source, StackFile
from settings.image import Reference, reference
from settings.secret import IMAGE_PASSWORD

ANSWER_S = 20
HUB, HUB_API = "docker.io", "registry-1.docker.io"
"""Docker Hub's name in references, and where its API is."""
DIGEST = r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
REFUSED = "check registry.image, registry.source and its password"


def pin(deployment: Deployment) -> str:
    """Writes `NAME@DIGEST` for `NAME:TAG` into `registry.image` of the stack file, comments kept; says what it did.

    Raises:
        SettingsError: the stack file has faults.
        DeploymentError: no registry is asked for this image, or the one that is gives no digest.
    """
    path = deployment.stack_file
    file = StackFile(path)
    system = file.load()
    image, parts = system.registry.image, reference(system.registry.image)
    if parts.digest:
        return f"registry.image in {path.name} is pinned already: {image}"
    if isinstance(system.registry.source, Source) and system.registry.source.archive:
        raise DeploymentError(
            f"pinning {image}: hosts load it from registry.source.archive, so no registry is asked for it; its content changes only by you"
        )
    digest = _Source(deployment, system).digest(parts)
    file.set("registry.image", f"{parts.repository}@{digest}")
    file.load()
    file.write()
    changed = f"registry.image in {path.name}: {image} is now {parts.repository}@{digest}"
    return f"{changed}; take it live with: pulumi up --stack {deployment.stack}"


class _Source:
    """The registry that serves the image, asked as the settings say: with its CA, through its proxy, as its user."""

    def __init__(self, deployment: Deployment, system: AnySystem) -> None:
        source = system.registry.source
        ca, proxy = (source.ca, source.proxy) if isinstance(source, Source) else (None, None)
        tls = ssl.create_default_context()
        if ca:
            tls.load_verify_locations(cadata=Path(ca).read_text("utf-8"))
        self._opener: OpenerDirector = build_opener(HTTPSHandler(context=tls), ProxyHandler({"https": proxy} if proxy else None))
        self._login = ""
        if source.user:
            login = f"{source.user}:{deployment.secret(IMAGE_PASSWORD)}"
            self._login = f"Basic {base64.b64encode(login.encode()).decode()}"

    def digest(self, image: Reference) -> str:
        """The digest of what the tag names for every platform."""
        host, name = _place(image.repository)
        url = f"https://{host}/v2/{name}/manifests/{image.tag}"
        status, headers, _ = self._ask(url, "HEAD")
        if status == 401:
            status, headers, _ = self._ask(url, "HEAD", self._authorization(headers.get("www-authenticate", ""), url))
        found = headers.get("docker-content-digest", "")
        if status != 200 or not re.fullmatch(DIGEST, found):
            raise DeploymentError(f"pinning {image.repository}:{image.tag}: {url} answered {status} and no digest; {REFUSED}")
        return found

    def _authorization(self, challenge: str, url: str) -> str:
        """What the registry's challenge asks for: the login itself, or a token that is given for it (RFC 6750)."""
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "basic" and self._login:
            return self._login
        told = dict(cast("list[tuple[str, str]]", re.findall(r'(\w+)="([^"]*)"', rest)))
        realm = told.pop("realm", "")
        if kind.lower() != "bearer" or not realm.startswith("https://"):
            raise DeploymentError(f"pinning: {url} asks for a login that it cannot be given safely ({kind or 'no challenge'}); {REFUSED}")
        status, _, body = self._ask(f"{realm}?{urlencode(told)}", "GET", self._login)
        if status != 200:
            raise DeploymentError(f"pinning: {realm} gave no token for {url}: it answered {status}; {REFUSED}")
        given = cast("dict[str, str]", json.loads(body))
        return f"Bearer {given.get('token') or given.get('access_token')}"

    def _ask(self, url: str, method: str, authorization: str = "") -> tuple[int, Mapping[str, str], bytes]:
        request = Request(url, method=method, headers={"Accept": MANIFESTS})  # noqa: S310 - every URL here begins with https
        if authorization:
            # Not sent on to where a redirect leads
            request.add_unredirected_header("Authorization", authorization)
        try:
            with self._opener.open(request, timeout=ANSWER_S) as answer:
                if not answer.url.startswith("https://"):
                    raise DeploymentError(f"pinning: {url} leads to {answer.url}, where anybody could answer; {REFUSED}")
                return answer.status, _lower(answer.headers.items()), answer.read()
        except HTTPError as answer:
            with answer:
                return answer.code, _lower(answer.headers.items()), b""
        except OSError as error:
            raise DeploymentError(f"pinning: {url}: {getattr(error, 'reason', error)}; is it reached from this machine?") from error


def _lower(headers: list[tuple[str, str]]) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers}


def _place(repository: str) -> tuple[str, str]:
    """The registry's host, and the repository there."""
    domain, _, rest = repository.partition("/")
    if not rest or not re.search(r"[.:]|^localhost$", domain):
        domain, rest = HUB, repository
    if domain != HUB:
        return domain, rest
    return HUB_API, rest if "/" in rest else f"library/{rest}"
