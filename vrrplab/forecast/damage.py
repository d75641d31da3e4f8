"""What shows the damage of a finding: the cluster it was found in, with a failure, or the rule's example.

``config check --show`` tells that run, ``configs(…).check().show(n)`` plays it.
"""

from __future__ import annotations

from shlex import quote
from typing import NamedTuple

from vrrplab.errors import VrrplabError
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import example_nodes
from vrrplab.rules.model import Finding, Rule
from vrrplab.scenario.behind_checks import asking
from vrrplab.scenario.fail_line import actions_of, with_failures
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.model import Scenario
from vrrplab.trace.vocabulary import Act
from vrrplab.units import micros

QUIET_US = micros(20)  # of a run in which nothing fails
_EVERY_US = micros(0.1)  # how often clients ask


class Damage(NamedTuple):
    """A run that shows it: on ``whose`` files, what ``fails`` ("": nothing), and the scenario of it."""

    whose: str
    fails: str
    scenario: Scenario


def damage_of(rule: Rule, cluster: Cluster | None = None, finding: Finding | None = None) -> Damage:
    """The run on ``cluster`` if ``finding`` is of it and what fails is known, else on the example."""
    if cluster is not None and finding is not None:
        scenario = scenario_of_nodes(cluster.nodes, cluster.profile)
        failure = own_failure(rule, finding, scenario)
        if failure is not None:
            return Damage("these nodes", failure, _failing(scenario, failure))
    example = scenario_of_nodes(example_nodes(rule.bad, rule), f"keepalived-{rule.daemon}")
    return Damage(f"the example of {rule.id}", rule.show, _failing(example, rule.show))


def own_failure(rule: Rule, finding: Finding, scenario: Scenario) -> str | None:
    """What the finding itself says shows it; else the example's failure, of what the finding is about, on the
    first node that it names. None: there is no such thing there.
    """
    if finding.show or not rule.show:
        return finding.show
    words = rule.show.split()
    at = next((place for place, word in enumerate(words) if word in ("at", "for")), len(words))
    rest = " ".join(words[at:])
    kind, _, name = finding.about.rpartition(" ")
    things = [
        *([f"{kind.split()[-1]} {name}"] if kind else []),
        *([name] if name else []),
        " ".join(words[1:at]),
    ]
    for thing in things:
        line = f"{quote(finding.places[0].node)} {thing} {rest}".strip()
        try:
            actions_of(line, scenario)
        except VrrplabError:
            continue
        return line
    return None


def _failing(scenario: Scenario, failure: str) -> Scenario:
    """As short as it can be: up to where nothing more happens.

    Where what a check looks at dies, clients ask for that, not too often.
    """
    if not failure:
        return scenario.changed(duration_us=QUIET_US)
    found = with_failures(scenario.changed(duration_us=QUIET_US), [failure])
    is_missed = any(action.kind == Act.SERVICE_KILL for action in found.actions)
    return asking(found, [], _EVERY_US) if is_missed else found
