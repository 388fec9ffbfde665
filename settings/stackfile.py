"""Stack files: read as they are, edited with their comments and order kept, written in one step."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from settings.fault import HIDDEN, MISSING, Fault, SettingsError, joined, shown
from settings.load import load
from settings.raw import ROOT, is_mapping, unwrapped
from settings.rules.secret import NAMESPACE
from settings.tail import move_tail
from settings.topology import AnySystem

GROUPS = ("registries", "fronts", "clients")
"""Settings that hold hosts by name."""


class StackFile:
    """A stack file in memory; nothing is written before `write`."""

    def __init__(self, path: Path) -> None:
        """Reads the file.

        Raises:
            SettingsError: it is missing, no YAML, or has no `config` with `ha-registry:system`.
        """
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            rule = f"cannot be read: {getattr(error, 'strerror', None) or 'is not UTF-8'}"
            raise SettingsError([Fault(str(path), MISSING, rule, "name a stack file such as Pulumi.dev.yaml")]) from error
        self._yaml: Any = _yaml(text)
        self._document: Any = self._parsed(text)
        self._system: Any = self._section()

    @property
    def stack(self) -> str:
        """The stack that the file's name speaks of: `dev` for Pulumi.dev.yaml, else the name without ending."""
        found = re.fullmatch(r"Pulumi\.(.+)\.ya?ml", self.path.name)
        return found[1] if found else self.path.stem

    @property
    def system(self) -> Mapping[str, Any]:
        """The settings as written, plain dicts and lists."""
        raw = unwrapped(self._system)
        return raw if is_mapping(raw) else {}

    @property
    def secrets(self) -> frozenset[str]:
        """Names of the encrypted keys beside the settings."""
        return frozenset(name for name, value in self._keys().items() if is_mapping(value) and "secure" in value)

    @property
    def plain(self) -> frozenset[str]:
        """Names of the other keys beside the settings: there should be none."""
        return frozenset(self._keys()) - self.secrets

    def load(self) -> AnySystem:
        """The checked settings, as the program would see them.

        Raises:
            SettingsError: with every fault.
        """
        return load(self.system, self.path.parent, self.stack, self.secrets, plain=self.plain)

    def add(self, group: str, name: str, address: str) -> None:
        """Puts a host at the end of a group.

        Raises:
            SettingsError: there is no such group, or the name is taken in it.
        """
        hosts = self._group(group)
        if name in hosts:
            raise SettingsError([Fault(joined(group, name), shown(address), "is there already", "choose another name, or remove it first")])
        names = list(hosts)
        hosts[name] = address
        if names:
            move_tail(hosts, names[-1], name)

    def remove(self, group: str, name: str) -> None:
        """Takes a host out of a group.

        Raises:
            SettingsError: there is no such group or host.
        """
        hosts = self._group(group)
        if name not in hosts:
            known = ", ".join(map(str, hosts)) or "none"
            raise SettingsError([Fault(joined(group, name), MISSING, "is not there", f"choose one of: {known}")])
        names = list(hosts)
        if name != names[0]:
            move_tail(hosts, name, names[names.index(name) - 1])
        del hosts[name]

    def set(self, path: str, value: object) -> None:
        """Sets one value, e.g. `vip.vrid`; mappings on the way are made.

        Raises:
            SettingsError: something on the way is no mapping.
        """
        *above, key = path.split(".")
        holder = self._system
        for part in above:
            holder = _below(holder, part)
            if not _has_keys(holder):
                raise SettingsError([Fault(path, shown(value), f"cannot be set: {part} is no mapping", "write it in the file by hand")])
        holder[key] = value

    @property
    def text(self) -> str:
        """The whole file as it would be written."""
        out = io.StringIO()
        self._yaml.dump(self._document, out)
        return out.getvalue()

    def write(self, path: Path | None = None) -> None:
        """Writes the file, or another at `path`, in one step; a reader sees the old or the new one."""
        target = path or self.path
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, prefix=f".{target.name}.", delete=False) as candidate:
            candidate.write(self.text)
        made = Path(candidate.name)
        made.chmod((target if target.exists() else self.path).stat().st_mode & 0o777)
        made.replace(target)

    def _parsed(self, text: str) -> Any:
        try:
            return self._yaml.load(text)
        except YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{self.path.name} line {mark.line + 1}" if mark else self.path.name
            what = getattr(error, "problem", None) or "cannot be read"
            raise SettingsError([Fault(where, HIDDEN, f"is not YAML: {what}", "correct that line")]) from error

    def _section(self) -> Any:
        config: Any = self._document.get("config") if _has_keys(self._document) else None
        system: Any = config.get(ROOT) if _has_keys(config) else None
        if not _has_keys(system):
            remedy = "write it as in Pulumi.prod.yaml"
            raise SettingsError([Fault(f"{self.path.name}: config.{ROOT}", MISSING, "is required: it holds all settings", remedy)])
        return system

    def _keys(self) -> Mapping[str, object]:
        config: Mapping[object, object] = self._document["config"]
        ours = {str(key): value for key, value in config.items() if str(key).startswith(NAMESPACE) and key != ROOT}
        return {key.removeprefix(NAMESPACE): value for key, value in ours.items()}

    def _group(self, group: str) -> Any:
        if group not in GROUPS:
            raise SettingsError([Fault(joined(group), MISSING, "is no group of hosts", f"choose one of: {', '.join(GROUPS)}")])
        hosts = _below(self._system, group)
        if not _has_keys(hosts):
            raise SettingsError([Fault(group, shown(hosts), "must be a mapping", "write NAME: ADDRESS lines below it")])
        return hosts


def _has_keys(tree: Any) -> bool:
    return isinstance(tree, CommentedMap)


def _below(mapping: Any, key: str) -> Any:
    """What stands at the key; an empty mapping is put where nothing does."""
    if mapping.get(key) is None:
        mapping[key] = CommentedMap()
    return mapping[key]


def _yaml(text: str) -> YAML:
    """A reader and writer that keeps the layout of `text`."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 2**16
    flush = re.search(r"^( *)[^\s#-][^\n]*:[ ]*\n\1- ", text, re.MULTILINE)
    yaml.indent(mapping=2, sequence=2 if flush else 4, offset=0 if flush else 2)
    return yaml
