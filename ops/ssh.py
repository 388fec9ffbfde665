"""Running the verbs of deployed scripts on their hosts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncssh

from ops.deployed import Connection, DeployedScript

DIAL_S = 10
"""For a connection to be made and let in."""
ALIVE_S, MISSED = 5, 3
"""A host that went away while a script ran is named after 15 s."""
UNREACHABLE = 4
"""Exit code of every verb that could not ask a host, or a registry."""
AT_ONCE = 4
"""Scripts at the same time on one connection; sshd allows 10 sessions on it, and hardened ones fewer (MaxSessions)."""


class HostError(Exception):
    """A host that could not be asked: what was tried, and why it failed. Never holds a script."""

    def __init__(self, host: str, why: str) -> None:
        self.host, self.why = host, why
        super().__init__(f"{host}: {why}")


class VerbError(Exception):
    """A verb that was refused or not done: why, and what to do now."""

    def __init__(self, code: int, words: str) -> None:
        self.code = code
        super().__init__(words)


@dataclass(frozen=True)
class Ended:
    """How one verb of one script ended."""

    code: int
    lines: Sequence[str]
    """What it said."""
    faults: Sequence[str]
    """What it said on standard error."""

    @property
    def status(self) -> Mapping[str, str]:
        """What it reported with lines `status KEY VALUE`."""
        told = [line.split(" ", 2)[1:] for line in self.lines if line.startswith("status ")]
        return {key: value for key, value in told}


class Session:
    """One connection to one host."""

    def __init__(self, host: str, connection: asyncssh.SSHClientConnection) -> None:
        self._host, self._connection, self._turns = host, connection, asyncio.Semaphore(AT_ONCE)

    async def run(self, script: DeployedScript, verb: str, *, limit_s: float) -> Ended:
        """Runs a verb of a script; the text goes over standard input.

        Raises:
            HostError: the connection was lost, or it took longer than `limit_s`.
        """
        what = f"{script.concern} {verb}"
        try:
            async with self._turns:
                done = await self._connection.run(f"{script.start}{verb}", input=script.text, timeout=limit_s, errors="replace")
        except asyncssh.TimeoutError as error:
            raise HostError(self._host, f"{what} did not end within {limit_s:g} s; it may still run there") from error
        except (OSError, asyncssh.Error) as error:
            raise HostError(self._host, f"{what} was cut off: {_words(error)}") from error
        if done.exit_status is None or done.exit_status < 0:
            raise HostError(self._host, f"{what} was cut off; run it again")
        return Ended(done.exit_status, str(done.stdout or "").splitlines(), str(done.stderr or "").splitlines())


@asynccontextmanager
async def session(host: str, connection: Connection) -> AsyncIterator[Session]:
    """A connection to `host`, refused on any other host key than the pinned one; closed at the end.

    Neither the user's own SSH configuration nor an agent has a say.

    Raises:
        HostError: the host, or the bastion before it, cannot be entered.
    """
    try:
        bastion = await _connected(connection.bastion) if connection.bastion else None
        made = await _connected(connection, bastion)
    except (OSError, asyncssh.Error, ValueError) as error:
        raise HostError(host, f"{connection.user}@{connection.address} port {connection.port}: {_words(error)}") from error
    try:
        async with made:
            yield Session(host, made)
    finally:
        if bastion:
            bastion.close()


async def run(script: DeployedScript, verb: str, *, limit_s: float) -> Ended:
    """Runs one verb of one script on a connection of its own; raises HostError as `session` and `Session.run` do."""
    async with session(script.host, script.connection) as made:
        return await made.run(script, verb, limit_s=limit_s)


async def done(script: DeployedScript, verb: str, *, limit_s: float) -> Sequence[str]:
    """What a verb said that ended with 0.

    Raises:
        HostError: as `run`.
        VerbError: it ended otherwise; with its exit code and what it said on standard error.
    """
    ended = await run(script, verb, limit_s=limit_s)
    if ended.code:
        words = [line for line in ended.faults if line.strip()] or [f"{script.concern} {verb} on {script.host} ended with {ended.code}"]
        raise VerbError(ended.code, "\n".join(words))
    return [line.removeprefix("changed ") for line in ended.lines]


async def _connected(to: Connection, tunnel: asyncssh.SSHClientConnection | None = None) -> asyncssh.SSHClientConnection:
    pinned = asyncssh.import_public_key(to.host_key)
    dialling = asyncssh.connect(
        to.address,
        to.port,
        tunnel=tunnel,
        config=None,
        username=to.user,
        client_keys=[asyncssh.import_private_key(to.private_key)],
        agent_path=None,
        known_hosts=([pinned], [], []),
        keepalive_interval=ALIVE_S,
        keepalive_count_max=MISSED,
    )
    async with asyncio.timeout(DIAL_S):
        return await dialling


def _words(error: Exception) -> str:
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return "it shows another host key than the pinned one; compare it with the console, then pin it anew"
    if isinstance(error, TimeoutError):
        return f"no answer within {DIAL_S} s"
    if isinstance(error, asyncssh.PermissionDenied):
        return "the key of the stack is not accepted there"
    return str(error) or type(error).__name__
