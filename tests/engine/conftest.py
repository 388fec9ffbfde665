"""A real sshd and a real Pulumi for the tests of the engine."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.machine import Machine, made
from tests.engine.stack import Sshd, Stack, wait

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a stub Go, an empty cache and no Pulumi."""
    return made(tmp_path)


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    directory = tmp_path_factory.mktemp("sshd")
    for name in ("host_key", "client_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / name], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    config = directory / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {directory}/host_key\nAuthorizedKeysFile {directory}/client_key.pub\n"
        "PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config], stderr=log)
    try:
        wait(f"sshd on port {port}", lambda: _answers(port))
        public = (directory / "host_key.pub").read_text().rsplit(" ", 1)[0]
        yield Sshd(port, getpass.getuser(), public, (directory / "client_key").read_text())
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def engine_environment() -> dict[str, str]:
    """The environment after `python -m engine build` and `eval "$(python -m engine env)"`, without any other Pulumi."""
    engine = f"{sys.executable} -m engine"
    script = f'{engine} build >&2 && variables=$({engine} env) && eval "$variables" && env -0'
    path = ":".join(part for part in os.environ["PATH"].split(":") if not (Path(part) / "pulumi").exists())
    answer = subprocess.run(["sh", "-c", script], cwd=PROJECT, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return dict(line.split("=", 1) for line in answer.stdout.split("\0") if line)


@pytest.fixture
def stack(tmp_path: Path, engine_environment: dict[str, str]) -> Iterator[Callable[[str], Stack]]:
    """Makes a stack of a program in this folder; it is destroyed afterwards if a test left resources."""
    made: list[Stack] = []

    def make(program: str) -> Stack:
        directory, state = tmp_path / "program", tmp_path / "state"
        shutil.copytree(Path(__file__).parent / program, directory)
        state.mkdir()
        kept = {name: value for name, value in engine_environment.items() if name != "SSH_AUTH_SOCK"}
        variables = {"PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_CONFIG_PASSPHRASE": "x"}
        made.append(Stack(directory, kept | variables))
        made[-1]("stack", "init", "test")
        return made[-1]

    yield make
    for each in made:
        each("destroy", "--yes", "--skip-preview")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
