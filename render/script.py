"""One host script: facts, files, library, concern, main. The only place that quotes."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files as resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from render import comments
from render.layout import ACCOUNT, LIB, RUN, STATE

_STRICT = Environment(
    loader=PackageLoader("render", "."),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 - configuration files and shell, no HTML
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,  # a file is looked at once, not for every host
)

Fact = str | Sequence[str]
PROBER_UNIT = "ha-registry-prober.service"
"""What starts `prober` on a registry host and on a front; its text is the same on both."""


def fill(template: str, **view: object) -> str:
    """The text of `template` (path below render/); an unknown name raises, it is never empty."""
    return _STRICT.get_template(template).render(view)


@cache
def static(path: str) -> str:
    """The text of a file below render/, as it stands."""
    return resources("render").joinpath(path).read_text("utf-8")


LIBRARY = ("ledger", "package", "file", "unit", "verb")
"""What a concern may say on a host (`want_file`, `want_unit`, ...), by kind."""
LOOKING = ("ledger", "verb")
"""As much of it as a concern needs that declares nothing and only looks."""


@cache
def library(parts: Sequence[str] = LIBRARY) -> str:
    """These parts as one file."""
    return "".join(comments.without(static(f"library/{part}.sh")) for part in parts)


def client() -> dict[str, str]:
    """Content name to text of what concerns and programs on a host ask the registry with."""
    return {"client.sh": comments.without(static("library/client.sh"))}


def prober_unit() -> dict[str, str]:
    """Content name to text of PROBER_UNIT."""
    return {PROBER_UNIT: static(f"library/{PROBER_UNIT}")}


def files_of(concern: str, names: Iterable[str], **view: object) -> dict[str, str]:
    """Content name to text: templates of `concern` filled with `view`, everything else as it stands; programs without comments."""
    return {name: _file_of(f"{concern}/{name}", view) for name in names}


def _file_of(path: str, view: Mapping[str, object]) -> str:
    text = fill(f"{path}.j2", **view) if _is_template(path) else static(path)
    return comments.without(text) if text.startswith("#!") else text


@cache
def _is_template(path: str) -> bool:
    return resources("render").joinpath(f"{path}.j2").is_file()


@dataclass(frozen=True, kw_only=True)
class Script:
    """What one concern wants of one host; `text` is what travels by stdin."""

    host: str
    concern: str
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    carries: tuple[str, ...] = ()
    """Parts of LIBRARY that it brings, where `base` was not applied yet; none: it takes the installed library."""

    @cached_property
    def text(self) -> str:
        """Same settings, same bytes: sorted, no clock, no randomness, final newline."""
        own: dict[str, Fact] = {"HOST": self.host, "CONCERN": self.concern, "LIB": LIB, "RUN": RUN, "STATE_DIR": STATE, "ACCOUNT": ACCOUNT}
        facts = own | dict(self.facts)
        files = dict(self.files) | ({"host.sh": library(self.carries)} if self.carries else {})
        parts = [f"# {self.concern} on {self.host}", "set -Eeuo pipefail", "umask 077"]
        parts += [_fact(name, facts[name]) for name in sorted(facts)]
        parts += ["content() {", 'case "$1" in', *(_file(name, files[name]) for name in sorted(files)), "esac", "}"]
        parts += [_INLINE if self.carries else _INSTALLED, comments.without(static(f"{self.concern}/{self.concern}.sh")).rstrip("\n")]
        return "\n".join([*parts, 'main "$@" </dev/null', "exit", ""])


_INLINE = ". <(content host.sh)"
_INSTALLED = """\
if [[ ! -r ${HA_REGISTRY_ROOT-}$LIB/host.sh ]]; then
  [[ ${1-} == remove ]] && exit 0
  echo "failed $HOST $CONCERN: $LIB/host.sh is absent; apply base on $HOST first: run pulumi up" >&2
  exit 69
fi
. "${HA_REGISTRY_ROOT-}$LIB/host.sh\""""


def digest(scripts: Iterable[Script]) -> str:
    """One value that changes whenever any of `scripts` does (SHA-256, 16 hex digits)."""
    whole = hashlib.sha256()
    for script in scripts:
        whole.update(script.text.encode())
    return whole.hexdigest()[:16]


def _fact(name: str, value: Fact) -> str:
    if isinstance(value, str):
        return f"readonly {name}={shlex.quote(value)}"
    return f"readonly -a {name}=({shlex.join(value)})"


def _file(name: str, text: str) -> str:
    end = f"END {name}"
    if end in text.splitlines() or not text.endswith("\n"):
        raise ValueError(f"{name}: must end with a newline and not contain the line {end!r}")
    return f"{shlex.quote(name)}) cat <<'{end}'\n{text}{end}\n;;"
