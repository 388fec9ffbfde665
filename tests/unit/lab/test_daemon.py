"""The Docker daemon that the lab starts."""

import os
from pathlib import Path

import pytest

from lab import daemon


@pytest.mark.parametrize("content", ["", "not a number\n", "4194303\n", f"{os.getpid()}\n"])
def test_pid_file_of_another_process_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """A pid file counts only while its process is a dockerd: pids are used again, and `down` would end a stranger's process."""
    monkeypatch.setenv("HA_REGISTRY_CACHE", str(tmp_path))
    (tmp_path / "dockerd.pid").write_text(content)
    assert not daemon.is_ours()
    assert not daemon.stop()
