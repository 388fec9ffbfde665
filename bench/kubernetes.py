"""What is measured of a registry in a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from bench import pod
from bench.bench import Bench
from bench.cluster import ClusterSystem
from bench.control_cluster import ControlInCluster
from bench.ours_cluster import OursAlone, OursShared
from bench.schedule import Subject, Trial
from bench.system import System


class KubernetesBench(Bench[OursShared, ControlInCluster]):
    """Two pods on S3, and a single one on a local volume, against manifests applied by hand."""

    topology, made, by_hand = "kubernetes", OursShared, ControlInCluster

    @cached_property
    def alone(self) -> OursAlone:
        """Ours with a single pod, in the same lab."""
        return OursAlone()

    def start(self, subject: Subject) -> System:
        """Of ours both, so that the first `up` of neither counts as the time of a trial; the single pod needs no mending."""
        if subject == "ours":
            _ = self.alone
        return super().start(subject)

    @property
    def trials(self) -> list[Trial]:
        """All, those that take longest first."""
        container = ("kubernetes.trouble.container-killed", "kubernetes.failed.container-killed")
        return [
            self.mine("change.registry", ("kubernetes.failed.change.registry",), pod.changed, self.share(10), about_s=150),
            Trial("up", ("kubernetes.seconds.up",), lambda _: pod.made(self.alone), times=self.share(10), about_s=180),
            self.preview(),
            self._end("container-killed", container, pod.container_killed),
            self._end("pod-deleted", ("kubernetes.failed.pod-deleted",), pod.deleted),
            self._gap(),
        ]

    def _end(self, kind: str, rows: Sequence[str], run: Callable[[ClusterSystem], Mapping[str, float]]) -> Trial:
        return self.both(kind, (*rows, pod.STANDSTILL), lambda subject: run(self.ours if subject == "ours" else self.control))

    def _gap(self) -> Trial:
        rows = ("kubernetes.gap.pod-killed", pod.STANDSTILL)
        return self.both("pod-killed", rows, lambda subject: pod.killed(self.alone if subject == "ours" else self.control))
