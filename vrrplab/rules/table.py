"""All rules, by their numbers, and what they find in a cluster."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Finding, Rule, Severity

MODULES = ("keywords", "scripts", "instances", "between", "priorities", "on_the_wire")
"""The modules of this room that have a tuple RULES; tests/rules/test_table.py finds any that is left out.

V070 to V089 are about one file, V090 and above about several: two people can write at a time."""

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in sorted(
        (rule for name in MODULES for rule in import_module(f"vrrplab.rules.{name}").RULES),
        key=lambda rule: rule.id,
    )
}

_ORDER = list(Severity)


def check(cluster: Cluster) -> list[Finding]:
    """Every finding, the certain ones first, the worst first among those, then by rule."""
    found = [
        finding if finding.cure else replace(finding, cure=rule.cure)
        for rule in RULES.values()
        for finding in rule.found(cluster)
    ]
    return sorted(found, key=lambda f: (not f.certain, _ORDER.index(f.severity), f.rule))
