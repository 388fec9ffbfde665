"""Faults for tests and measurements: what breaks in a machine room, done to lab hosts, and its undoing.

Nothing of it is written on the hosts: links and partitions are made on this machine's side of their cables, so a host's own
firewall, addresses and routes are as they were once the fault is healed.
"""

import json

from lab import docker, machine, network
from lab import state as states
from lab.command import LabError, run
from lab.host import Host

NOT_FOUND = 1
"""Exit status of pkill(1) where no process matched."""


def cut(host: Host) -> None:
    """Pulls the cable: no packet in or out, and the host sees its link go down. Its addresses and routes stay."""
    run(["ip", "link", "set", _cable(host), "down"], f"cutting {host.name} off")


def heal(host: Host) -> None:
    """Puts the cable of `cut` back in."""
    run(["ip", "link", "set", _cable(host), "up"], f"connecting {host.name} again")


def partition(one: Host, other: Host, *, both_ways: bool = True) -> None:
    """Drops every frame from `one` to `other`, and back unless not `both_ways`; both keep all other connections and their links.

    Adds to earlier partitions of the lab; `mend` undoes all of them.
    """
    ways = [(_cable(one), _cable(other)), (_cable(other), _cable(one))][: 2 if both_ways else 1]
    rules = [f"add rule bridge {_table(one.lab)} partition iifname {here} oifname {there} counter drop" for here, there in ways]
    ruleset = [
        f"add table bridge {_table(one.lab)}",
        f"add chain bridge {_table(one.lab)} partition {{ type filter hook forward priority 0; policy accept; }}",
        *rules,
    ]
    run(["nft", "--file", "-"], f"separating {one.name} and {other.name}", stdin="".join(f"{line}\n" for line in ruleset))


def mend(lab: str) -> None:
    """Undoes every partition of the lab; safe where there is none."""
    table = f"table bridge {_table(lab)}"
    # adding an existing table changes nothing, so this deletes it whether it was there or not
    run(["nft", "--file", "-"], f"mending partitions of lab {lab}", stdin=f"add {table}\ndelete {table}\n")


def kill(host: Host, process: str) -> None:
    """Ends every process of that name (the first 15 characters of its program's) at once, in nested containers too."""
    _signal(host, process, "KILL")


def pause(host: Host, process: str) -> None:
    """Stops processes where they are: their ports stay open and nobody answers."""
    _signal(host, process, "STOP")


def resume(host: Host, process: str) -> None:
    """Lets paused processes go on."""
    _signal(host, process, "CONT")


def power_off(host: Host) -> None:
    """Stops the whole host at once, as a power cut does; what it had on disk stays."""
    docker.docker("kill", host.container, doing=f"cutting the power of {host.name}")


def power_on(host: Host) -> None:
    """Starts a host that was off, and returns once its sshd greets."""
    docker.docker("start", host.container, doing=f"starting {host.name}")
    _await_boot(host)


def reboot(host: Host) -> None:
    """An orderly restart: services are stopped first; returns once sshd greets again."""
    docker.docker("restart", "--time", "60", host.container, doing=f"rebooting {host.name}")
    _await_boot(host)


def _await_boot(host: Host) -> None:
    machine.await_boot(next(one for one in states.of(host.lab).plan().booted if one.name == host.name))


def _signal(host: Host, process: str, signal: str) -> None:
    done = host.exec(["pkill", "--signal", signal, "--exact", process])
    if done.returncode == NOT_FOUND:
        raise LabError(f"sending {signal} to {process} on {host.name}: there is no such process")
    if done.returncode:
        raise LabError(f"sending {signal} to {process} on {host.name}: {done.stderr.strip()}")


def _table(lab: str) -> str:
    return network.inside(lab).replace("-", "_")


def _cable(host: Host) -> str:
    """This machine's end of the virtual cable of the host's eth0."""
    peer = host.output(["cat", "/sys/class/net/eth0/iflink"]).strip()
    links = json.loads(run(["ip", "-json", "link", "show"], "listing links"))
    for link in links:
        if str(link["ifindex"]) == peer:
            return str(link["ifname"])
    raise LabError(f"looking for the cable of {host.name}: this machine has no link number {peer}")
