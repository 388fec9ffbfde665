"""status: how a stack on machines is, seen by its hosts and by a client."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ops.deployed import Deployed, DeployedScript
from ops.https import Answer, AskError, Registry
from ops.ssh import HostError, session
from ops.verify import Verified, verify

WELL, DEGRADED, NOT_SERVED, UNKNOWN = 0, 1, 2, 3
"""Exit codes, those of monitoring plugins."""
CONCERNS = ("registry", "replication", "front", "vip")
"""Those that report; the order of the roles."""
TOLD_S = 30
"""For one concern to report."""
CERTIFICATE_DAYS = 14
"""Fewer are a fault: `up` renews 30 days before the end by default, so somebody forgot to run it."""
DAY_S = 86400


@dataclass(frozen=True, kw_only=True)
class HostStatus:
    """A host that serves."""

    host: str
    address: str
    concerns: Sequence[str]
    told: Mapping[str, str] = field(default_factory=dict[str, str])
    """What it reported of itself, `CONCERN.KEY` to value."""
    silent: str = ""
    """Why it, or one of its concerns, could not be asked."""
    certificate_days: int | None = None
    """What is left of the certificate that it shows; None where it shows none to this machine."""
    reserve_bytes: int = 0
    """What must be left on its disk (`storage.local.reserve`)."""

    def says(self, key: str) -> bool:
        """Whether it answered `yes`."""
        return self.told.get(key) == "yes"

    @property
    def faults(self) -> Iterator[str]:
        """What is not as it must be, in words that follow the host's name."""
        if self.silent:
            yield f"cannot be asked: {self.silent}"
            return
        if any(self.says(f"{concern}.drained") for concern in self.concerns):
            yield "is drained"
        yield from (f"{key} is no" for key, value in self.told.items() if key.endswith((".ready", ".current")) and value == "no")
        yield from _of_copies(self.told)
        free = int(self.told.get("disk.free_bytes", self.reserve_bytes))
        if free < self.reserve_bytes:
            yield f"{free / 2**30:.1f} Gi are left on its disk, less than storage.local.reserve ({self.reserve_bytes / 2**30:.1f} Gi)"
        if self.certificate_days is not None and self.certificate_days < CERTIFICATE_DAYS:
            yield f"its certificate ends in {self.certificate_days} days; run: pulumi up"


def _of_copies(told: Mapping[str, str]) -> Iterator[str]:
    """What the copier of a pair cannot do by itself, or could not do."""
    if "replication.fault" in told:
        yield f"has not copied all images for {told.get('replication.lag_seconds', '?')} s: {told['replication.fault']}"
    if told.get("replication.conflicts", "0") != "0":
        yield f"found {told['replication.conflicts']} tags that were pushed on both hosts, and kept the older push as TAG.conflict-DIGEST"


@dataclass(frozen=True, kw_only=True)
class Status:
    """All that was seen at one time."""

    url: str
    vip: str
    hosts: Sequence[HostStatus]
    answer: str
    """What this machine got at the VIP: a status, or why there was none."""
    client_holder: str
    """The host whose certificate was shown there; empty where it tells none (`tls.files`, or no answer)."""
    replicas: Mapping[str, str] | None = field(default_factory=dict[str, str])
    """What the fronts say of each registry: up, drain or down; nothing where there are no fronts, None where they do not say."""
    drift: Sequence[Verified] | None = None
    """None where nobody asked for it."""

    @property
    def holders(self) -> Sequence[str]:
        """Who says that it holds the VIP."""
        return [each.host for each in self.hosts if each.says("vip.held")]

    @property
    def is_served(self) -> bool:
        """Whether this machine, or else a host that may hold the VIP, gets its answer there."""
        return self.answer == "200" or any(each.says("vip.answers") for each in self.hosts)

    @property
    def faults(self) -> Sequence[str]:
        """Everything that is not as it must be."""
        found = [f"{each.host} {fault}" for each in self.hosts for fault in each.faults]
        if self.answer != "200":
            found.append(f"at the VIP {self.vip} this machine got {self.answer}")
        if len(self.holders) != 1:
            found.append(f"the VIP is held by {' and '.join(self.holders) or 'nobody that could be asked'}")
        elif self.client_holder and self.client_holder != self.holders[0]:
            found.append(f"this machine reaches {self.client_holder} at the VIP, and {self.holders[0]} holds it")
        if self.replicas is None:
            found.append(f"the fronts do not say which registries serve: no answer at the VIP {self.vip} to /health")
        found += [f"replica {name} is {state} to the fronts" for name, state in (self.replicas or {}).items() if state != "up"]
        found += [f"{each.host} differs from what was deployed; run: python -m ops verify" for each in self.drift or () if each.drift]
        return found

    @property
    def exit_code(self) -> int:
        """WELL, DEGRADED or NOT_SERVED."""
        if not self.is_served:
            return NOT_SERVED
        return DEGRADED if self.faults else WELL


async def status(deployed: Deployed, *, drift: bool = False) -> Status:
    """Asks all hosts that serve, and the VIP as a client does, at the same time; with `drift` also what `verify` asks."""
    vip = str(deployed.outputs["vipAddress"])
    serving = {name: own for name, all_ in deployed.hosts.items() if (own := [each for each in all_ if each.concern in CONCERNS])}
    asked = asyncio.gather(*(_host(deployed, name, scripts) for name, scripts in serving.items()))
    seen, answer, replicas, drifted = await asyncio.gather(
        asked, asyncio.to_thread(_answer, deployed, vip), asyncio.to_thread(_replicas, deployed, vip), _drift(deployed if drift else None)
    )
    shown = answer.certificate.addresses if isinstance(answer, Answer) else frozenset[str]()
    own = [each.host for each in seen if each.address in shown]
    return Status(
        url=str(deployed.outputs["registryUrl"]),
        vip=vip,
        hosts=seen,
        answer=str(answer.status) if isinstance(answer, Answer) else answer,
        client_holder=own[0] if len(own) == 1 else "",
        replicas=replicas,
        drift=drifted,
    )


async def _drift(deployed: Deployed | None) -> Sequence[Verified] | None:
    return await verify(deployed) if deployed else None


async def _host(deployed: Deployed, name: str, scripts: Sequence[DeployedScript]) -> HostStatus:
    connection, concerns = scripts[0].connection, [each.concern for each in scripts]
    precheck = deployed.with_concern("precheck").get(name)
    shows = _days(deployed, connection.address) if "vip" in concerns else _nothing()
    (told, silent), days = await asyncio.gather(_told(name, scripts), shows)
    return HostStatus(
        host=name,
        address=connection.address,
        concerns=sorted(concerns, key=CONCERNS.index),
        told=told,
        silent=silent,
        certificate_days=days,
        reserve_bytes=int(precheck.fact("RESERVE_BYTES") or 0) if precheck else 0,
    )


async def _told(name: str, scripts: Sequence[DeployedScript]) -> tuple[Mapping[str, str], str]:
    """What the host reported, and why it did not."""
    try:
        async with session(name, scripts[0].connection) as made:
            ended = await asyncio.gather(*(made.run(script, "status", limit_s=TOLD_S) for script in scripts))
    except HostError as error:
        return {}, error.why
    told = {key: value for each in ended for key, value in each.status.items()}
    return told, " ".join(line for each in ended if each.code for line in each.faults)


async def _days(deployed: Deployed, address: str) -> int | None:
    answer = await asyncio.to_thread(_answer, deployed, address)
    return int((answer.certificate.ends - time.time()) / DAY_S) if isinstance(answer, Answer) else None


async def _nothing() -> None:
    return None


def _answer(deployed: Deployed, address: str) -> Answer | str:
    """The answer to a request that needs no password; why there was none."""
    try:
        return Registry(deployed, address, user="").ask("/")
    except AskError as error:
        return str(error)


def _replicas(deployed: Deployed, vip: str) -> Mapping[str, str] | None:
    """As `Status.replicas`."""
    ports = [port for script in deployed.with_concern("proof").values() if (port := script.fact("HEALTH_PORT"))]
    if not ports or not deployed.with_concern("front"):
        return {}
    try:
        answer = Registry(deployed, vip, user="", port=int(ports[0])).ask("/health")
        return cast("dict[str, dict[str, str]]", json.loads(answer.body))["replicas"] or None
    except (AskError, ValueError, KeyError):
        return None


def as_json(seen: Status) -> Mapping[str, Any]:
    """The same for programs."""
    return {
        "url": seen.url,
        "served": seen.is_served,
        "faults": list(seen.faults),
        "vip": {"address": seen.vip, "heldBy": list(seen.holders), "answer": seen.answer, "clientReaches": seen.client_holder or None},
        "replicas": seen.replicas,
        "hosts": {
            each.host: {
                "address": each.address,
                "concerns": list(each.concerns),
                "asked": not each.silent,
                "certificateDays": each.certificate_days,
                **each.told,
            }
            for each in seen.hosts
        },
        "drift": None if seen.drift is None else sorted(each.host for each in seen.drift if each.drift),
    }
