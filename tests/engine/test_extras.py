"""Plugins that are built on demand: additions to an engine that others have built already."""

from __future__ import annotations

import json
import sys

from engine import cache, extras
from tests.engine.machine import Machine, install_stock

KUBERNETES = extras.EXTRAS["kubernetes"]


def test_extra_is_an_addition_to_the_engine_that_is_there(machine: Machine) -> None:
    """A plugin asked for by name is built once, into the engine that others built without it, and nothing else is built again."""
    machine.engine("build")
    first = machine.builds()
    assert not machine.home.has(KUBERNETES)
    machine.engine("env")
    assert "run `python -m engine build --with kubernetes`" in machine.engine("env", "--with", "kubernetes", code=1)
    for _ in range(2):
        machine.engine("build", "--with", "kubernetes")
        assert machine.builds() == [*first, "kubernetes"]
    assert (machine.home.pulumi_home / "plugins/resource-kubernetes-v4.25.0/pulumi-resource-kubernetes").read_text() == "built kubernetes\n"
    machine.engine("env", "--with", "kubernetes")


def test_extra_embeds_files_of_its_module(machine: Machine) -> None:
    """Go is told to see the module's own schema and mapping beside the program, in whose folder nothing is written."""
    folder = cache.SOURCES / KUBERNETES.folder
    before = sorted(folder.iterdir())
    machine.engine("build", "--with", "kubernetes")
    seen = json.loads((machine.stub / "overlay").read_text())["Replace"]
    module = machine.stub / "module" / "cmd" / "pulumi-resource-kubernetes"
    assert seen == {str(folder / name): str(module / name) for name in ("schema.json", "terraform-mapping.json")}
    assert sorted(folder.iterdir()) == before


def test_extra_of_other_sources_is_missing(machine: Machine) -> None:
    """A plugin whose pins changed since is built again, though the engine keeps its directory."""
    machine.engine("build", "--with", "kubernetes")
    machine.home.log(KUBERNETES).with_suffix(".sources").write_text("other")
    assert machine.home.missing([KUBERNETES]) == [KUBERNETES]
    machine.engine("build", "--with", "kubernetes")
    assert machine.builds().count("kubernetes") == 2


def test_stock_pulumi_without_the_extra_is_left_alone(machine: Machine) -> None:
    """A stock Pulumi is used for stacks whose plugins it has, and not for one that needs another which it cannot get."""
    install_stock(machine, version="v3.260.1", plugins="random 4.21.0\ntls 5.3.1\ncommand 1.2.1\n", registry="no")
    assert "nothing to build" in machine.engine("build")
    machine.engine("build", "--with", "kubernetes")
    for asked, found in (("", machine.stub / "bin"), (" --with kubernetes", machine.home.programs)):
        assert machine.shell(f'eval "$({sys.executable} -m engine env{asked})"; command -v pulumi').strip() == str(found / "pulumi")
