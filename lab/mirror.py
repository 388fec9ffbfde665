"""The registry that hosts pull the registry image from, over TLS, as a company's mirror would be."""

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import docker, machine, network, registry_image
from lab.command import LabError, run
from lab.plan import MIRROR_PORT, Plan
from lab.registry_image import RELEASES, REPOSITORY
from lab.state import State

NAME = "mirror"
START_S = 20
RECIPE_LABEL = "ha-registry.recipe"
CERTIFICATES = "/etc/distribution/tls"


@dataclass(frozen=True)
class Served:
    """One image that the mirror serves."""

    repository: str
    tag: str
    archive: Path
    """Of `docker save`."""


def ensure(plan: Plan, state: State, further: Sequence[Served] = ()) -> str:
    """What was done to have the mirror running and serving every release and `further`; empty where nothing was."""
    name = machine.container(plan.lab, NAME)
    found = docker.inspect("container", name)
    done = ""
    if found is not None and docker.label_of(found, "container", RECIPE_LABEL) != _recipe(state):
        machine.remove(name)
        docker.docker("volume", "rm", "--force", name, doing="removing the images of the old mirror")
        found = None
    if found is None:
        _make(plan, state, name)
        done = "made"
    elif not found["State"]["Running"]:
        docker.docker("start", name, doing=f"starting {name}")
        done = "started"
    wanted = [*(Served(REPOSITORY, release.tag, registry_image.archive(release)) for release in RELEASES), *further]
    missing = [one for one in wanted if one.tag not in await_tags(plan, state, one.repository)]
    for one in missing:
        _push(plan, state, one)
    return done or ("filled" if missing else "")


def await_tags(plan: Plan, state: State, repository: str = REPOSITORY) -> list[str]:
    """Tags of a repository that the mirror serves, once it answers; raises LabError after `START_S`."""
    url = f"https://{plan.mirror}:{MIRROR_PORT}/v2/{repository}/tags/list"
    context = ssl.create_default_context(cafile=str(state.mirror_ca))
    deadline = time.monotonic() + START_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2, context=context) as answer:  # noqa: S310 - the scheme is written above
                return json.load(answer)["tags"] or []
        except urllib.error.HTTPError as fault:
            if fault.code == 404:
                return []
            last = str(fault)
        except OSError as fault:
            last = str(fault)
        if time.monotonic() > deadline:
            raise LabError(f"starting the mirror: {url} does not answer: {last}; see: docker logs {machine.container(plan.lab, NAME)}")
        time.sleep(0.2)


def _recipe(state: State) -> str:
    # the certificate belongs to it: a mirror made with one that is gone cannot be trusted by anybody
    return f"{registry_image.digest()}-{state.mirror_ca.stat().st_mtime_ns}"


def _make(plan: Plan, state: State, name: str) -> None:
    release = RELEASES[0]
    if docker.inspect("image", registry_image.name(release)) is None:
        docker.docker("load", "--input", str(registry_image.archive(release)), doing="loading the registry image")
    label = f"{docker.LABEL}={plan.lab}"
    docker.docker(
        *("run", "--detach", "--name", name, "--hostname", NAME),
        *("--label", label, "--label", f"{machine.HOST_LABEL}={NAME}", "--label", f"{RECIPE_LABEL}={_recipe(state)}"),
        *("--network", network.inside(plan.lab), "--ip", str(plan.mirror)),
        *("--mount", f"type=volume,source={name},target=/var/lib/registry,volume-label={label}"),
        *("--volume", f"{state.mirror_certificate.parent}:{CERTIFICATES}:ro"),
        *("--env", f"REGISTRY_HTTP_TLS_CERTIFICATE={CERTIFICATES}/{state.mirror_certificate.name}"),
        *("--env", f"REGISTRY_HTTP_TLS_KEY={CERTIFICATES}/{state.mirror_certificate.with_suffix('.key').name}"),
        registry_image.name(release),
        doing=f"making {name}",
    )


def _push(plan: Plan, state: State, one: Served) -> None:
    trust = state.mirror_certificate.parent / "trust"
    trust.mkdir(exist_ok=True)
    (trust / "ca.crt").write_text(state.mirror_ca.read_text())
    target = f"docker://{plan.mirror}:{MIRROR_PORT}/{one.repository}:{one.tag}"
    run(
        ["skopeo", "copy", "--insecure-policy", "--dest-cert-dir", str(trust), f"docker-archive:{one.archive}", target],
        f"pushing {one.repository}:{one.tag} into the mirror",
    )
