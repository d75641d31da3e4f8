"""All rules, by their numbers, and what they find in a cluster."""

from __future__ import annotations

from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Finding, Rule, Severity

RULES: dict[str, Rule] = {}

_ORDER = list(Severity)


def check(cluster: Cluster) -> list[Finding]:
    """Every finding, the certain ones first, the worst first among those, then by rule."""
    found = [finding for rule in RULES.values() for finding in rule.found(cluster)]
    return sorted(found, key=lambda f: (not f.certain, _ORDER.index(f.severity), f.rule))
