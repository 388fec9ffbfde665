"""Stack files are edited as a person would: one line changes, every comment stays."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

import pytest

from settings import SettingsError, StackFile
from tests.unit.settings.valid import Stack

ROOT = Path(__file__).resolve().parents[3]
TEXT = """\
# head
config:
  ha-registry:system:
    topology: pair   # two
    name: 'registry.example.com'
    vip: {address: 192.168.23.50/20, interface: ens192, vrid: 55}   # flow
    registries:   # first is preferred

      # the old one
      registry01: 192.168.23.51
      registry02: 192.168.23.52   # new

    # who pushes
    clients: {push01: 192.168.23.53}
    access:
      push:
        - 192.168.23.53   # push01
    storage: {local: {path: /data/registry}}
    # at the end
  ha-registry:sshKey:
    secure: v1:abc
# foot
encryptionsalt: v1:def
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "Pulumi.test.yaml"
    made.write_text(TEXT)
    return made


def difference(changed: str, text: str = TEXT) -> list[str]:
    lines = difflib.unified_diff(text.splitlines(), changed.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and line[:3] not in {"+++", "---"}]


def test_stackfile_unchanged(path: Path) -> None:
    """Reading and writing back changes no byte."""
    StackFile(path).write()
    assert path.read_text() == TEXT


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_stackfile_keeps_ours(name: str, tmp_path: Path) -> None:
    """Nor does it in the stack files of the project."""
    source = ROOT / f"Pulumi.{name}.yaml"
    StackFile(source).write(tmp_path / "copy.yaml")
    assert (tmp_path / "copy.yaml").read_text() == source.read_text()


def test_stackfile_adds_and_removes_a_host(path: Path) -> None:
    """A host is one line at the end of its group, before the comment of what follows; removing it undoes that."""
    file = StackFile(path)
    file.add("registries", "registry03", "192.168.23.54")
    assert difference(file.text) == ["+      registry03: 192.168.23.54"]
    assert file.text.index("registry03") < file.text.index("# who pushes")
    file.remove("registries", "registry03")
    assert "".join(file.text.split()) == "".join(TEXT.split())


def test_stackfile_removes_first_and_last(path: Path) -> None:
    """Comments of what follows stay when the last host goes, and the group's own when the first does."""
    file = StackFile(path)
    file.remove("registries", "registry02")
    assert "# who pushes" in file.text
    file.remove("registries", "registry01")
    assert "# first is preferred" in file.text
    assert file.system["registries"] == {}


def test_stackfile_adds_to_a_flow_and_to_none(path: Path) -> None:
    """A group in braces grows in its braces; a group that is not there is made."""
    file = StackFile(path)
    file.add("clients", "push02", "192.168.23.55")
    assert "    clients: {push01: 192.168.23.53, push02: 192.168.23.55}\n" in file.text
    path.write_text(TEXT.replace("    clients: {push01: 192.168.23.53}\n", ""))
    file = StackFile(path)
    file.add("clients", "push01", "192.168.23.53")
    assert file.system["clients"] == {"push01": "192.168.23.53"}


def test_stackfile_sets_values(path: Path) -> None:
    """A value is set where it stands, or with the sections on its way."""
    file = StackFile(path)
    file.set("vip.vrid", 77)
    file.set("registry.source.ca", "ca.pem")
    assert file.system["vip"]["vrid"] == 77
    assert file.system["registry"] == {"source": {"ca": "ca.pem"}}
    assert "vrid: 77}   # flow" in file.text.replace("}  # flow", "}   # flow").replace("} # flow", "}   # flow")


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda file: file.add("registries", "registry01", "192.168.23.54"), "registries.registry01: 192.168.23.54: is there already"),
        (lambda file: file.remove("clients", "push02"), "clients.push02: (missing): is not there; choose one of: push01"),
        (lambda file: file.add("nodes", "f", "192.168.23.54"), "nodes: (missing): is no group of hosts"),
        (lambda file: file.set("name.x", 1), "name.x: 1: cannot be set: name is no mapping"),
    ],
)
def test_stackfile_refuses(path: Path, act: object, says: str) -> None:
    """What cannot be done is a fault, and the file stays as it is."""
    assert callable(act)
    with pytest.raises(SettingsError) as error:
        act(StackFile(path))
    assert str(error.value).startswith(says)
    assert path.read_text() == TEXT


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read: No such file"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"config: [", "is not YAML"),
        (b"a: 1\na: 2\n", "is not YAML"),
        (b"", "it holds all settings"),
        (b"config: {}\n", "it holds all settings"),
        (b"config:\n  ha-registry:system: [x]\n", "it holds all settings"),
        (b"- x\n", "it holds all settings"),
    ],
)
def test_stackfile_unreadable(path: Path, text: bytes | None, says: str) -> None:
    """A file that is none is a fault, not a traceback."""
    if text is None:
        path.unlink()
    else:
        path.write_bytes(text)
    with pytest.raises(SettingsError, match=says):
        StackFile(path)


def test_stackfile_knows_keys_beside(path: Path) -> None:
    """Encrypted keys are secrets, others are plain; neither's value is read."""
    path.write_text(TEXT.replace("# foot", "  ha-registry:tlsKey: plain\n  pulumi:x: 1\n# foot"))
    file = StackFile(path)
    assert (file.stack, file.secrets, file.plain) == ("test", {"sshKey"}, {"tlsKey"})


def test_stackfile_loads(path: Path, stack: Stack) -> None:
    """The settings that `load` gives are those of the file, with its folder, stack and secrets."""
    shutil.copy(stack.base / "known_hosts", path.parent / "Pulumi.test.known_hosts")
    loaded = StackFile(path).load()
    assert (loaded.name, loaded.ssh.known_hosts) == ("registry.example.com", str(path.parent / "Pulumi.test.known_hosts"))


def test_stackfile_writes_in_one_step(path: Path) -> None:
    """The mode stays, and nothing is left beside the file."""
    path.chmod(0o640)
    file = StackFile(path)
    file.set("name", "other.example")
    file.write()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert StackFile(path).system["name"] == "other.example"


@pytest.mark.parametrize("indented", [True, False])
def test_stackfile_keeps_list_style(path: Path, indented: bool) -> None:
    """Lists stay where they are: below their key, or flush with it."""
    text = TEXT if indented else TEXT.replace("        - 192", "      - 192")
    path.write_text(text)
    assert StackFile(path).text == text
