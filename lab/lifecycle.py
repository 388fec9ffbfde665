"""Bringing a lab up, as far as something of it is missing, and taking it down."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lab import (
    cache,
    ceph,
    credentials,
    daemon,
    docker,
    image,
    kubernetes,
    machine,
    mirror,
    network,
    outsider,
    registry_image,
    stackfile,
    toolbox,
)
from lab import plan as planning
from lab import state as states
from lab.command import LabError
from lab.machine import Outfit
from lab.plan import Machine, Plan


@dataclass
class Changes:
    """What `up` did, in words: thing -> what was done with it."""

    made: dict[str, str] = field(default_factory=dict[str, str])

    def note(self, thing: str, done: str | bool) -> None:
        """Remembers `thing` if something was done with it."""
        if done:
            self.made[thing] = done if isinstance(done, str) else "made"


def up(topology: str, stack_file: Path, lab: str) -> tuple[Plan, Changes]:
    """The lab runs afterwards: every host greets by SSH, the mirror serves every release. Where it did already, nothing is touched.

    Hosts that stopped are started with all they hold. Raises LabError otherwise; running `up` again goes on from there.
    """
    wanted = planning.read(stack_file, lab)
    if wanted.topology != topology:
        raise LabError(f"starting lab {lab}: {stack_file} has topology {wanted.topology}, not {topology}; type: lab up {wanted.topology}")
    changes = Changes()
    with cache.locked("lab"):
        changes.note("packages", " ".join(daemon.install_programs()))
        changes.note("Docker daemon", "started" if daemon.ensure() else "")
        images = image.recipe()
        with ThreadPoolExecutor() as pool:
            registry = pool.submit(registry_image.ensure)
            changes.note("host images", image.ensure(images))
            changes.note("Ceph image", wanted.ceph is not None and ceph.ensure_image(images))
            changes.note("Kubernetes image", bool(wanted.nodes) and kubernetes.ensure_image(images))
            changes.note("registry images", registry.result())
        state = states.of(lab)
        if state.exists and (other := state.plan().topology) != topology:
            remedy = f"take it down with `python -m lab down --name {lab}`, or give this one another --name"
            raise LabError(f"starting lab {lab}: it is there with topology {other}; {remedy}")
        plan = wanted if lab == cache.DEFAULT_NAME else wanted.moved(lab, network.free(wanted, lab))
        state.prepare(plan)
        credentials.ensure(plan, state)
        for name in network.ensure(plan):
            changes.note(name, done=True)
        _run_machines(plan, state, images, changes)
        daemon.favour_hosts()
        if lab != cache.DEFAULT_NAME:
            stackfile.write(stack_file, wanted, plan, state)
    return plan, changes


def _run_machines(plan: Plan, state: states.State, images: image.Recipe, changes: Changes) -> None:
    with ThreadPoolExecutor() as pool:
        served = pool.submit(mirror.ensure, plan, state, _further(plan, images))
        routed = pool.submit(outsider.ensure, plan, images)
        stored = pool.submit(ceph.ensure, plan, plan.ceph, state, images) if plan.ceph else None
        booted = {one.name: pool.submit(machine.ensure, plan, one, state, _outfit(plan, one, state, images)) for one in plan.machines}
        for name, done in booted.items():
            changes.note(name, done.result())
        for name, done in routed.result().items():
            changes.note(name, done)
        changes.note(mirror.NAME, served.result())
        if plan.ceph and stored:
            changes.note(plan.ceph.name, stored.result())
        list(pool.map(machine.await_boot, plan.booted))
    if plan.nodes:
        kubernetes.await_ready(plan)


def _outfit(plan: Plan, one: Machine, state: states.State, images: image.Recipe) -> Outfit:
    return kubernetes.outfit(plan, one, state, images) if one.role == "node" else machine.outfit(plan, one, images)


def _further(plan: Plan, images: image.Recipe) -> list[mirror.Served]:
    """What pods of a cluster need and hosts have."""
    return [mirror.Served(toolbox.REPOSITORY, toolbox.TAG, toolbox.ensure(images))] if plan.nodes else []


def down(lab: str, *, keep: bool) -> list[str]:
    """What was removed of the lab: containers, networks, volumes and, unless `keep`, its keys.

    The Docker daemon is stopped where the lab started it and no lab is left. Safe to repeat.
    """
    removed: list[str] = []
    with cache.locked("lab"):
        state = states.of(lab)
        # objects of a daemon that does not run can only be found by starting it
        if state.place.exists() or docker.answers():
            daemon.ensure()
            removed = _remove_labelled(lab)
        if not keep and state.place.exists():
            state.remove()
            removed.append(str(state.place))
        if docker.answers() and not docker.labs() and daemon.stop():
            removed.append("Docker daemon (stopped)")
    return removed


def _remove_labelled(lab: str) -> list[str]:
    containers = docker.labelled("container", lab)
    with ThreadPoolExecutor() as pool:
        list(pool.map(machine.remove, containers))
    networks, volumes = docker.labelled("network", lab), docker.labelled("volume", lab)
    for name in networks:
        docker.docker("network", "rm", name, doing=f"removing network {name}")
    for name in volumes:
        docker.docker("volume", "rm", "--force", name, doing=f"removing volume {name}")
    return [*containers, *networks, *volumes]
