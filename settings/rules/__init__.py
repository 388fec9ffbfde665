"""Rules over more than one setting, or over a setting and a file: plain functions, each with its test."""

from collections.abc import Sequence

from settings.given import Rule
from settings.rules import certificate, front, network, registry, secret, ssh, storage

RULES: Sequence[Rule] = (
    *network.RULES,
    *front.RULES,
    *registry.RULES,
    *storage.RULES,
    *certificate.RULES,
    *ssh.RULES,
    *secret.RULES,
)
"""All of them; each says which settings it needs, and runs when those did parse."""
