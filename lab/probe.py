"""Measuring from a lab host how long a service was away: `python -m lab.probe --help`, or `with Probe(host, target) as probe:`."""

import argparse
import json
import select
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from lab import cache
from lab.command import LabError
from lab.host import Host
from lab.prober import AWAIT_S, Report, Target

PROJECT = Path(__file__).parent.parent
START_MARGIN_S = 2


class Probe:
    """A measurement from a host's place in the network; it lasts as long as the `with` block, and `report` is there after it."""

    report: Report

    def __init__(self, host: Host, target: Target) -> None:
        """Nothing runs before the `with` block. Raises LabError where the host does not run."""
        options = [f"--{key}={value}" for key, value in asdict(target).items()]
        # the hosts have no Python: this machine's, in the host's network namespace
        self._argv = ["nsenter", f"--target={host.pid}", "--net", sys.executable, "-m", "lab.prober", *options]
        self._doing = f"probing {target.name} at {target.address}:{target.port} from {host.name}"

    def __enter__(self) -> "Probe":
        """Returns once the service has answered and attempts are under way; raises LabError where it does not answer."""
        self._process = subprocess.Popen(
            self._argv, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        readable, _, _ = select.select([self._process.stdout], [], [], AWAIT_S + START_MARGIN_S)
        if not readable or self._process.stdout is None or self._process.stdout.readline() != "ready\n":
            self._process.kill()
            raise LabError(f"{self._doing}: {self._process.communicate()[1].strip()}")
        return self

    def __exit__(self, *_: object) -> None:
        """Stops attempts and reads the report."""
        out, err = self._process.communicate()
        if self._process.returncode:
            raise LabError(f"{self._doing}: {err.strip()}")
        self.report = Report(**json.loads(out))


def main() -> None:
    """Measures for some seconds and prints the report as JSON."""
    options = argparse.ArgumentParser(prog="python -m lab.probe", description="Longest time without an answer, as seen from a lab host.")
    options.add_argument("--lab", default=cache.DEFAULT_NAME)
    options.add_argument("--host", default="push53", help="where to measure from")
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--address", required=True, help="where to connect, e.g. the VIP")
    options.add_argument("--name", required=True, help="what the certificate must be valid for")
    options.add_argument("--ca", required=True, help="PEM file that must have signed it")
    options.add_argument("--port", type=int, default=Target.port)
    options.add_argument("--path", default=Target.path)
    given = options.parse_args()
    target = Target(given.address, given.name, given.ca, given.port, given.path)
    try:
        with Probe(Host(given.lab, given.host), target) as probe:
            time.sleep(given.seconds)
    except LabError as fault:
        sys.exit(f"lab: {fault}")
    print(json.dumps(asdict(probe.report)))


if __name__ == "__main__":
    main()
