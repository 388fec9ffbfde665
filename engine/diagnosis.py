"""What a failed Go command means, read from what it printed."""

from __future__ import annotations

import re

_CAUSES = (
    (
        r"no space left on device|disk quota exceeded",
        "no space left",
        "a first build takes about 7 GB below the cache and Go's caches (`go env GOCACHE GOMODCACHE`); free space, then run this again",
    ),
    (
        r"SECURITY ERROR|checksum mismatch",
        "a module is not the one that go.sum pins",
        "find out what stands between this machine and the module proxy; if nothing does, run `go clean -modcache` and this again",
    ),
    (
        r"dial tcp|no such host|i/o timeout|connection (?:refused|reset)|TLS handshake|x509:|proxyconnect"
        r"|: (?:403|404|407|410|429|5\d\d) [A-Z][a-z]+|unexpected EOF|deadline exceeded",
        "a Go module cannot be downloaded",
        "let this machine reach the Go module proxy, or set GOPROXY to one it can reach, then run this again",
    ),
    (
        r"missing go\.sum entry|updates to go\.(?:mod|sum) needed",
        "go.mod or go.sum is incomplete",
        "restore them from version control, then run this again",
    ),
    (
        r"signal: killed|cannot allocate memory|out of memory",
        "the compiler was killed",
        "it needs about 3 GB of memory; free some, then run this again",
    ),
)
_SHOWN = 300


def diagnose(output: str) -> tuple[str, str]:
    """Cause and remedy of a failed Go command; a cause nobody foresaw is its last line itself."""
    for pattern, cause, remedy in _CAUSES:
        found = re.search(rf"^.*(?:{pattern}).*$", output, re.MULTILINE)
        if found:
            return f"{cause}: {found[0].strip()[:_SHOWN]}", remedy
    lines = [line for line in output.splitlines() if line.strip()]
    return (lines[-1].strip()[:_SHOWN] if lines else "go printed nothing"), "read the log, then run this again"
