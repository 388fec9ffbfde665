"""The stack file of a second lab: the project's own, with that lab's addresses and files."""

from pathlib import Path

from lab import plan as planning
from lab.plan import Plan
from lab.state import State
from settings import StackFile


def write(source: Path, old: Plan, new: Plan, state: State) -> None:
    """Writes `state.stack_file`: names as in `source`, addresses of `new`, absolute paths of this lab's key, known_hosts and CA."""
    state.stack_file.write_text(planning.in_other_network(source.read_text(), old, new))
    stack = StackFile(state.stack_file)
    stack.set("ssh.key", str(state.key))
    stack.set("ssh.knownHosts", str(state.known_hosts))
    stack.set("registry.source.ca", str(state.mirror_ca))
    stack.write()
