"""Rules over more than one setting, or over a setting and a file: plain functions, each with its test."""

from collections.abc import Mapping, Sequence

from settings.given import Rule
from settings.kubernetes import Kubernetes
from settings.model import Fronted, Pair, System
from settings.rules import before, certificate, cluster, front, network, registry, replication, secret, ssh, storage

RULES: Sequence[Rule] = (
    *network.RULES,
    *front.RULES,
    *registry.RULES,
    *storage.RULES,
    *replication.RULES,
    *certificate.RULES,
    *ssh.RULES,
    *secret.RULES,
)
"""On machines of one's own; each says which settings it needs, and runs when those did parse."""
KUBE_RULES: Sequence[Rule] = (
    *network.ANYWHERE,
    *registry.ANYWHERE,
    *storage.ANYWHERE,
    *cluster.RULES,
    *before.RULES,
    *certificate.KUBE_RULES,
    *secret.RULES,
)
"""The same in a cluster."""
RULES_OF: Mapping[type[System], Sequence[Rule]] = {Pair: RULES, Fronted: RULES, Kubernetes: KUBE_RULES}
"""Which rules judge the settings of which model."""
