"""The stack file of a lab that is not the project's own: its addresses and files, and the secrets that were set in it."""

from pathlib import Path

from lab import plan as planning
from lab.plan import Plan
from lab.state import State
from settings import StackFile


def write(source: Path, old: Plan, new: Plan, state: State) -> None:
    """Writes `state.stack_file`: names as in `source`, addresses of `new`, absolute paths of this lab's keys, CAs and kubeconfig.

    A file that has these settings already is left alone, with the secrets that stand beside them.
    """
    candidate = state.stack_file.with_suffix(".new")
    candidate.write_text(planning.in_other_network(source.read_text(), old, new))
    stack = StackFile(candidate)
    if new.vip:
        stack.set("ssh.key", str(state.key))
        stack.set("ssh.knownHosts", str(state.known_hosts))
    if new.nodes:
        stack.set("cluster.kubeconfig", str(state.kubeconfig))
        # The context is how a stack knows its cluster, and another lab is another one
        stack.set("cluster.context", new.lab)
    else:
        stack.set("registry.source.ca", str(state.mirror_ca))
    if "s3" in (stack.system.get("storage") or {}):
        stack.set("storage.s3.ca", str(state.ceph_ca))
    if not state.stack_file.exists() or StackFile(state.stack_file).system != stack.system:
        stack.write(state.stack_file)
    candidate.unlink()
