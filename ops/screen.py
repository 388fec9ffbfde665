"""One screen of what `status` saw."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ops.status import HostStatus, Status

GIB = 2**30
MARKS = {True: ("yes", "green"), False: ("no", "red")}


def screen(seen: Status) -> RenderableType:
    """The verdict, the hosts, what is wrong."""
    words, style = ("well", "green") if not seen.faults else ("degraded", "yellow") if seen.is_served else ("NOT SERVED", "bold red")
    client = f"{seen.client_holder or 'somebody'} answers {seen.answer}" if seen.answer.isdigit() else "no answer to this machine"
    lines: list[RenderableType] = [
        Text.assemble((words, style), f"   {seen.url}"),
        Text(f"VIP {seen.vip}   held by {', '.join(seen.holders) or 'nobody'}   {client}"),
    ]
    if seen.replicas:
        lines.append(Text("replicas   " + "   ".join(f"{name} {state}" for name, state in seen.replicas.items())))
    lines += [Text(_copies(each)) for each in seen.hosts if each.told.get("replication.role") == "holder"]
    return Group(*lines, _hosts(seen), *(Text(f"- {fault}", style="yellow") for fault in seen.faults))


def _copies(holder: HostStatus) -> str:
    compared = holder.told.get("replication.compared_seconds_ago")
    when = f"all compared {compared} s ago" if compared else "not all compared yet"
    pending, lag = (holder.told.get(f"replication.{key}", "?") for key in ("pending", "lag_seconds"))
    return f"copies from {holder.host}   {pending} to do   {lag} s behind   {when}"


def _hosts(seen: Status) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("host", "does", "serves", "holds VIP", "disk left", "certificate", "runs"):
        table.add_column(title, overflow="fold")
    for each in seen.hosts:
        table.add_row(each.host, *_row(each))
    return table


def _row(each: HostStatus) -> list[RenderableType]:
    does = ", ".join(concern for concern in each.concerns if concern != "replication")
    if each.silent:
        return [does, Text("?", style="red"), "?", "?", "?", "?"]
    ready = not any(key.endswith(".ready") and value != "yes" for key, value in each.told.items())
    held = ("yes" if each.says("vip.held") else "no") if "vip" in each.concerns else ""
    free = each.told.get("disk.free_bytes")
    runs = [value for key in ("registry.image", "front.haproxy", "vip.keepalived") if (value := _named(key, each))]
    days = "" if each.certificate_days is None else f"{each.certificate_days} days"
    return [does, Text(*MARKS[ready]), held, f"{int(free) / GIB:.1f} Gi" if free else "", days, "\n".join(runs)]


def _named(key: str, each: HostStatus) -> str:
    value = each.told.get(key, "")
    program = key.partition(".")[2]
    return value if program == "image" or not value else f"{program} {value}"
