"""The variables with which `pulumi` is the right one."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from engine import cache, stock
from engine.errors import EngineError
from engine.extras import Extra


def variables(extras: Sequence[Extra] = ()) -> dict[str, str]:
    """Variables to set before `pulumi` runs; with a stock Pulumi nothing that stands in its way.

    Raises EngineError where neither a complete engine nor a stock Pulumi with all plugins and `extras` is there.
    """
    found = stock.find()
    if found and not found.lacks(extras):
        return {"PATH": _path([]), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    home = cache.home()
    missing = home.missing(extras)
    if missing:
        names, options = ", ".join(part.name for part in missing), "".join(f" --with {extra.name}" for extra in extras)
        raise EngineError("environment", f"not built yet: {names}", f"run `python -m engine build{options}`")
    return {
        "PATH": _path([str(home.programs)]),
        "PULUMI_HOME": str(home.pulumi_home),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def exports(values: dict[str, str]) -> str:
    """`values` as lines for sh, to be read by eval."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())


def _path(first: list[str]) -> str:
    """PATH with `first`, then this Python's virtual environment, then the rest; the same again when asked again.

    The language host runs the `python` that it finds on PATH.
    """
    if sys.prefix != sys.base_prefix:
        first = [*first, str(Path(sys.prefix) / "bin")]
    rest = [part for part in os.environ.get("PATH", "").split(":") if part not in first and not stock.is_ours(part)]
    return ":".join([*first, *rest])
