"""What the documents say: their commands, links and headings, and the files they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOCUMENTS = (ROOT / "README.md", ROOT / "CHANGES.md", *sorted((ROOT / "docs").rglob("*.md")))
OTHERS = (ROOT / ".ci" / "run", ROOT / ".github" / "workflows" / "registry.yaml")
"""Not Markdown, and read by users all the same."""

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"""(?:^|[\s"'(`])(?P<command>(?:make|python3?\ -m|pulumi)\ [^#|;&)"`\n]*(?:'[^'\n]*')?)""", re.VERBOSE)


@dataclass(frozen=True)
class Command:
    """A command of ours as a document writes it."""

    document: Path
    text: str
    to_type: bool
    """Whether it stands in a block for a shell, not in a sentence."""

    @property
    def words(self) -> list[str]:
        """Its words; a URN in quotes is one."""
        return [word.strip("'") for word in re.findall(r"'[^']*'|\S+", self.text)]

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}: {self.text}"


def commands() -> Iterator[Command]:
    """Every command that starts with make, python -m or pulumi: in blocks for a shell, and in spans of code."""
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        for block in _FENCE.finditer(text):
            if block["language"] in {"sh", "console"}:
                lines = block["text"].replace("\\\n", " ").splitlines()
                yield from _found(document, (re.sub(r"(^|\s)#.*", "", line) for line in lines), to_type=True)
        yield from _found(document, (span for span in _SPAN.findall(prose(text)) if re.match(r"make|python|pulumi", span)), to_type=False)


def _found(document: Path, lines: Iterator[str], *, to_type: bool) -> Iterator[Command]:
    for line in lines:
        for match in _COMMAND.finditer(line):
            yield Command(document, match["command"].strip(), to_type)


def prose(text: str) -> str:
    """The text without its blocks of code."""
    return _FENCE.sub("", text)


def links() -> Iterator[tuple[Path, str]]:
    """Document and target of every link that does not leave the repository."""
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(document.read_text("utf-8"))):
            if "://" not in target:
                yield document, target


def anchors(document: Path) -> set[str]:
    """The headings of a document as links write them."""
    headings = re.findall(r"^#+ (.+)$", prose(document.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def named_files() -> Iterator[tuple[Path, str]]:
    """Document and path of every span of code that names something below one of the project's folders."""
    folders = "|".join(sorted(re.escape(path.name) for path in ROOT.iterdir() if path.is_dir() and path.name not in {".git", ".venv"}))
    for document in DOCUMENTS:
        for span in _SPAN.findall(prose(document.read_text("utf-8"))):
            if re.fullmatch(rf"(?:{folders})/[\w./-]*|Pulumi(?:\.\w+)?\.yaml|__main__\.py|Makefile", span):
                yield document, span
