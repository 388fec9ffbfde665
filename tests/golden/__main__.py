"""Writes the rendered files that tests compare with: `make golden`, then read the diff."""

from __future__ import annotations

import shutil

from tests.golden.cases import CASES
from tests.golden.files import GOLDEN, rendered


def main() -> None:
    """Replaces every folder of a case, and removes those of cases that are gone."""
    for folder in GOLDEN.iterdir():
        if folder.is_dir() and not folder.name.startswith("_"):
            shutil.rmtree(folder)
    for case in CASES:
        for name, text in rendered(case).items():
            at = GOLDEN / case / name
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_text(text)


if __name__ == "__main__":
    main()
