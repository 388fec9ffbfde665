"""verify: what differs on the hosts from what was deployed; nothing is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.deployed import Deployed, DeployedScript
from ops.ssh import UNREACHABLE, Ended, HostError, Session, session

DRIFTED = (3, 65, 69)
"""Ends of a script's `verify` that mean another host than was deployed: drift, refused, its library is absent."""
VERIFY_S = 120
"""For all concerns of one host; one takes about a second."""
CLEAN, DRIFT = 0, 3
"""Exit codes: as deployed, something differs; UNREACHABLE where at least one host or concern could not be asked."""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What one host answered."""

    host: str
    concerns: int
    """How many were asked."""
    drift: Mapping[str, Sequence[str]]
    """Concern to the lines that say what differs."""
    failed: Mapping[str, Sequence[str]]
    """Concern to why it gave no answer; the key is empty where the host gave none."""


async def verify(deployed: Deployed) -> Sequence[Verified]:
    """Asks every concern of every host, all hosts at once."""
    return await asyncio.gather(*(_host(name, scripts) for name, scripts in deployed.hosts.items()))


def exit_code(found: Sequence[Verified]) -> int:
    """UNREACHABLE before DRIFT: where somebody gave no answer, nobody knows whether all that differs was named."""
    if any(each.failed for each in found):
        return UNREACHABLE
    return DRIFT if any(each.drift for each in found) else CLEAN


def as_json(found: Sequence[Verified]) -> Mapping[str, Any]:
    """The same for programs."""
    return {
        "hosts": {
            each.host: {
                "concerns": each.concerns,
                "drift": {concern: list(lines) for concern, lines in each.drift.items()},
                "failed": {concern or "host": list(lines) for concern, lines in each.failed.items()},
            }
            for each in found
        }
    }


def as_lines(found: Sequence[Verified]) -> Sequence[str]:
    """One line for each thing that differs, and one for each host without any."""
    lines: list[str] = []
    for each in found:
        lines += [f"{each.host} {concern}: {line}" for concern, said in each.drift.items() for line in said]
        lines += [f"{each.host}{concern and f' {concern}'}: not asked: {line}" for concern, said in each.failed.items() for line in said]
        if not each.drift and not each.failed:
            lines.append(f"{each.host}: as deployed, {each.concerns} concerns")
    return lines


async def _host(name: str, scripts: Sequence[DeployedScript]) -> Verified:
    try:
        async with session(name, scripts[0].connection) as made:
            answers = await asyncio.gather(*(_concern(made, script) for script in scripts))
    except HostError as error:
        return Verified(host=name, concerns=0, drift={}, failed={"": [error.why]})
    by_concern = {script.concern: answer for script, answer in zip(scripts, answers, strict=True)}
    return Verified(
        host=name,
        concerns=len(scripts),
        drift={concern: lines for concern, (code, lines) in by_concern.items() if code in DRIFTED},
        failed={concern: lines for concern, (code, lines) in by_concern.items() if code and code not in DRIFTED},
    )


async def _concern(made: Session, script: DeployedScript) -> tuple[int, Sequence[str]]:
    """The exit code, and the lines that matter."""
    try:
        ended = await made.run(script, "verify", limit_s=VERIFY_S)
    except HostError as error:
        return UNREACHABLE, [error.why]
    return ended.code, _telling(ended)


def _telling(ended: Ended) -> Sequence[str]:
    said = [line for line in ended.lines if line.startswith("drift ")] + [line for line in ended.faults if line.strip()]
    return said or [f"verify ended with {ended.code}"]
