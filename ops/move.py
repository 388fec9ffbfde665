"""drain, undrain, failover: taking a host out of service while another one serves, and giving it back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ops.deployed import Deployed, DeployedScript
from ops.deployment import DeploymentError
from ops.ssh import UNREACHABLE, HostError, VerbError, done, run

MOVE_S = 60
"""For one verb on a host; a move of the VIP takes 10 s at most (render/vip/vip.sh)."""
TAKEN_S, EVERY_S = 20, 0.1
"""For the other host to hold the VIP and serve: the check of a registry that just started takes as long."""
REFUSED, LATE = 69, 75
"""Exit codes, those of scripts: no healthy target and nothing was changed; not reached in time, safe to run again."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A host that may hold the VIP, as it sees itself."""

    host: str
    holds: bool = False
    ready: bool = False
    """Whether it would take the VIP: it serves and is not drained."""
    answers: bool = False
    """Whether the registry answers this host at the VIP."""
    silent: str = ""
    """Why it could not be asked."""

    def __str__(self) -> str:
        """In one line of a message."""
        return f"{self.host}: {self.silent or ('ready' if self.ready else 'not ready')}"


async def members(deployed: Deployed) -> Sequence[Member]:
    """Every host that may hold the VIP, asked at once; one that cannot be asked is neither holder nor ready."""
    return await asyncio.gather(*(_member(script) for script in deployed.with_concern("vip").values()))


async def drain(deployed: Deployed, host: str) -> Sequence[str]:
    """Takes `host` out of service: the VIP goes elsewhere, or the fronts send nothing new. Returns what happened.

    Raises:
        DeploymentError: there is no such host, or it serves nothing.
        VerbError: no other host could take over, or none did.
        HostError: `host` cannot be asked.
    """
    script = _script(deployed, host)
    if script.concern == "vip":
        seen = await members(deployed)
        if not _named(seen, host).holds:
            return [f"{host} does not hold the VIP: there is nothing to move, and nothing new to keep away"]
        _refuse_without_taker(seen, host)
    begun = time.monotonic()
    said = await done(script, "drain", limit_s=MOVE_S)
    took = f"{host} is drained after {time.monotonic() - begun:.1f} s"
    return [*said, f"{took}; give it back with: {_undrain(deployed, host)}"]


async def undrain(deployed: Deployed, host: str) -> Sequence[str]:
    """Lets `host` serve again, at once; the VIP stays where it is, unless `vip.preempt` is set. Raises as `drain`."""
    said = await done(_script(deployed, host), "undrain", limit_s=MOVE_S)
    return [*said, f"{host} may serve again"]


async def failover(deployed: Deployed) -> Sequence[str]:
    """Moves the VIP to another host, waits until that one serves, and leaves the old holder as standby. Raises as `drain`.

    What is in flight is reset once; the old holder is given back however it ends.
    """
    seen = await members(deployed)
    holders = [each.host for each in seen if each.holds]
    if len(holders) != 1:
        raise VerbError(REFUSED, f"the VIP is held by {' and '.join(holders) or 'nobody'} ({_all(seen)}); see docs/operations.md")
    [holder] = holders
    _refuse_without_taker(seen, holder)
    script, begun = _script(deployed, holder), time.monotonic()
    try:
        await done(script, "drain", limit_s=MOVE_S)
        taker = await _taker(deployed, holder)
        seconds = time.monotonic() - begun
    finally:
        await _give_back(deployed, script)
    return [f"the VIP moved from {holder} to {taker}, which serves, in {seconds:.1f} s", f"{holder} is standby again"]


async def _taker(deployed: Deployed, holder: str) -> str:
    """The host that holds the VIP now, once the registry answers there."""
    end = time.monotonic() + TAKEN_S
    while True:
        seen = await members(deployed)
        found = [each for each in seen if each.holds]
        if len(found) == 1 and found[0].host != holder and found[0].answers:
            return found[0].host
        if time.monotonic() > end:
            raise VerbError(LATE, f"no other host than {holder} held the VIP and served within {TAKEN_S} s ({_all(seen)})")
        await asyncio.sleep(EVERY_S)


async def _give_back(deployed: Deployed, script: DeployedScript) -> None:
    try:
        await done(script, "undrain", limit_s=MOVE_S)
    except (HostError, VerbError) as error:
        words = f"{error}; {script.host} takes no VIP until: {_undrain(deployed, script.host)}"
        raise VerbError(UNREACHABLE, words) from error


async def _member(script: DeployedScript) -> Member:
    try:
        ended = await run(script, "status", limit_s=MOVE_S)
    except HostError as error:
        return Member(host=script.host, silent=error.why)
    if ended.code:
        return Member(host=script.host, silent=" ".join(ended.faults))
    yes = {key for key, value in ended.status.items() if value == "yes"}
    return Member(host=script.host, holds="vip.held" in yes, ready="vip.ready" in yes, answers="vip.answers" in yes)


def _script(deployed: Deployed, host: str) -> DeployedScript:
    if host not in deployed.hosts:
        raise DeploymentError(f"{deployed.stack}: no host {host}; choose one of: {', '.join(deployed.hosts)}")
    for concern in ("vip", "registry"):
        if script := deployed.with_concern(concern).get(host):
            return script
    raise DeploymentError(f"{deployed.stack}: {host} is a client: it holds no VIP and runs no registry, so there is nothing to drain")


def _named(seen: Sequence[Member], host: str) -> Member:
    member = next(each for each in seen if each.host == host)
    if member.silent:
        raise HostError(host, member.silent)
    return member


def _refuse_without_taker(seen: Sequence[Member], host: str) -> None:
    others = [each for each in seen if each.host != host]
    if not any(each.ready for each in others):
        raise VerbError(REFUSED, f"{host} stays in service: no other host could take the VIP ({_all(others)}); mend one of them first")


def _all(seen: Sequence[Member]) -> str:
    return "; ".join(map(str, seen)) or "there is none"


def _undrain(deployed: Deployed, host: str) -> str:
    return f"python -m ops undrain {host} --stack {deployed.stack}"
