"""What a Docker daemon leaves on this machine after its end, and taking it away again: rules, a bridge, IP forwarding."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import cache
from lab.command import attempt, run

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
BRIDGE = "docker0"


@dataclass(frozen=True)
class Footprint:
    """This machine before the daemon was started."""

    tables: list[str]
    """nftables tables, `FAMILY NAME`: iptables-nft keeps its rules in them."""
    forward_policy: str
    """What became of forwarded packets that no rule matched; Docker makes it DROP."""
    ip_forward: str


def remember() -> None:
    """Writes down how this machine is now."""
    policy = next((line.split()[1] for line in _rules() if line.startswith(":FORWARD ")), "ACCEPT")
    _file().write_text(json.dumps(asdict(Footprint(_tables(), policy, FORWARDING.read_text().strip()))))


def erase() -> None:
    """Takes away what the daemon added since `remember`; rules of others stay. Nothing where nothing was remembered."""
    if not _file().exists():
        return
    before = Footprint(**json.loads(_file().read_text()))
    kept = [line for line in _rules() if "docker" not in line.lower()]
    restored = [f":FORWARD {before.forward_policy} [0:0]" if line.startswith(":FORWARD ") else line for line in kept]
    run(["iptables-restore"], "removing Docker's rules", stdin="".join(f"{line}\n" for line in restored))
    for table in set(_tables()) - set(before.tables):
        # a table that was not there before and still holds rules is somebody else's
        if not _holds_rules(table):
            run(["nft", "delete", "table", *table.split()], f"removing table {table}")
    attempt(["ip", "link", "delete", BRIDGE], f"removing {BRIDGE}")
    FORWARDING.write_text(before.ip_forward)
    _file().unlink()


def _file() -> Path:
    return cache.root() / "before-dockerd.json"


def _rules() -> list[str]:
    """The filter and nat rules of this machine as iptables-restore reads them."""
    return run(["iptables-save"], "reading the packet filter of this machine").splitlines()


def _tables() -> list[str]:
    listed = run(["nft", "list", "tables"], "listing nftables tables").splitlines()
    return [line.removeprefix("table ") for line in listed if line.startswith("table ip ")]


def _holds_rules(table: str) -> bool:
    done = json.loads(run(["nft", "--json", "list", "table", *table.split()], f"reading table {table}"))
    return any("rule" in one for one in done["nftables"])
