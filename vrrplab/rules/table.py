"""All rules, by their numbers, and what they find in a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module

from vrrplab.config.model import Source
from vrrplab.errors import VrrplabError, did_you_mean
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.ignore import without_ignored
from vrrplab.rules.model import Finding, Place, Rule, Severity

MODULES = (
    *("keywords", "scripts", "instances", "between", "sources", "legs", "priorities", "on_the_wire"),
    *("hosts", "ignore"),
)
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
    """Every finding that no comment in the files silences: the certain ones first, the worst first among
    those, then by rule.
    """
    found = [_whole(cluster, rule, finding) for rule in RULES.values() for finding in rule.found(cluster)]
    found = without_ignored(cluster, found, RULES)
    return ranked(found)


def _whole(cluster: Cluster, rule: Rule, finding: Finding) -> Finding:
    """With the rule's cure, and with the nodes' files as places, where it has none of its own."""
    whole = tuple(Place(node.name, Source(node.config.file)) for node in cluster)
    return replace(finding, cure=finding.cure or _in_one_clause(rule.cure), places=finding.places or whole)


def _in_one_clause(sentence: str) -> str:
    """As the cures of findings are written, which stand behind a colon or a dash."""
    return sentence[:1].lower() + sentence[1:].removesuffix(".")


def ranked(found: Iterable[Finding]) -> list[Finding]:
    """In the order in which they are told."""
    return sorted(found, key=lambda f: (not f.certain, _ORDER.index(f.severity), f.rule))


def rule_named(name: str) -> Rule:
    """The rule of a number, in capitals or not. VrrplabError, with the nearest one, if there is none."""
    found = RULES.get(name.upper())
    if found is None:
        near = did_you_mean(name.upper(), RULES) or "vrrplab config explain lists all"
        raise VrrplabError(f"{name} is no rule - {near}")
    return found
