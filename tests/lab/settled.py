"""What must be so after every `up`, whatever the topology: nothing to change, no drift, and hosts as they were after `destroy`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from tests.lab import snapshot
from tests.lab.deployment import Deployment

LEFT = {
    "logs and caches of packages and of the tools that install them": r"path /var/(lib/(apt|dpkg|ucf|systemd)|cache|log|backups)(/|:)",
    "system users and groups that packages made, and the copies that useradd keeps": (
        r"(content|path) /etc/(passwd|shadow|group|gshadow)-?:|(account|group) (docker|keepalived_script|haproxy):"
    ),
    "the store of a client's own Docker, which pulled and pushed": r"path /var/lib/containerd/",
    "the volume that the lab mounts for Docker": r"path /var/lib/docker:",
}
"""What may be another after `destroy` than before the first `up`, with its reason."""


def assert_nothing_to_change(deployment: Deployment) -> None:
    """Without a change, `preview` expects none, and `up` runs no script and leaves every service alone."""
    since = {name: deployment.now(name) for name in deployment.hosts}
    for done in (deployment.preview("--expect-no-changes"), deployment.up()):
        assert re.search(r"^Resources:\n +\d+ unchanged$", done.succeeded().output, re.MULTILINE), done.output
    assert {name: deployment.touched(name, since[name]) for name in deployment.hosts} == {name: [] for name in deployment.hosts}


def assert_no_drift_and_silence(deployment: Deployment) -> set[str]:
    """Over SSH `verify` of every deployed script finds no drift, and a second `apply` says nothing but what it cannot check.

    Returns the concerns that there are.
    """
    scripts = deployment.scripts()

    def asked(host: str) -> list[str]:
        wrong: list[str] = []
        for (owner, concern), text in scripts.items():
            if owner == host:
                argv = ["sudo", "-n", "bash", "-s", "--"]
                verified, applied = (deployment.ssh(host, [*argv, verb], stdin=text) for verb in ("verify", "apply"))
                said = [line for line in (applied.stdout + applied.stderr).splitlines() if not line.startswith("skipped ")]
                if verified.returncode or "drift" in verified.stdout or applied.returncode or said:
                    wrong.append(f"{host} {concern}: {verified} {applied}")
        return wrong

    with ThreadPoolExecutor() as pool:
        assert [line for found in pool.map(asked, deployment.hosts) for line in found] == []
    return {concern for _, concern in scripts}


def images(path: str) -> list[str]:
    """Patterns for the images in the folder `path`, which `destroy` keeps, as `assert_as_found` takes them."""
    return [rf"path ({path}(/|:)|{path.rpartition('/')[0]}:)", rf"content {path}/"]


def assert_as_found(deployment: Deployment, before: Mapping[str, Mapping[str, str]], allowed: Iterable[str] = ()) -> None:
    """Every host of `before` (its snapshots by name) looks as then, but for LEFT and what the patterns of `allowed` match."""
    patterns = [*LEFT.values(), *allowed]
    left = {name: snapshot.difference(found, deployment.snapshot(name)) for name, found in before.items()}
    unwanted = {name: [line for line in lines if not any(re.match(each, line) for each in patterns)] for name, lines in left.items()}
    assert not any(unwanted.values()), unwanted
