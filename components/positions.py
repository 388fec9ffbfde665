"""Where resources are made in the sources: not kept in the state."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_positions() -> Iterator[None]:
    """Meanwhile the SDK (Pulumi 3.259) finds no stack; a traceback of what fails in between is whole again.

    It would write some 20 places in sources, with folders of whoever runs this, into the state of every resource.
    """
    sys.tracebacklimit = 1
    try:
        yield
    finally:
        del sys.tracebacklimit
