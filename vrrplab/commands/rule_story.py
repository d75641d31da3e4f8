"""The run that shows what comes of a finding, for ``config check --show``, ``config explain`` and pages."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote
from typing import NamedTuple

from vrrplab.errors import VrrplabError
from vrrplab.forecast.simulated import asking, with_services
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import example_nodes
from vrrplab.rules.model import Finding, Rule
from vrrplab.scenario.fail_line import actions_of, with_failures
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import TimedAction
from vrrplab.sim.play import run
from vrrplab.tell import table
from vrrplab.trace.vocabulary import Act
from vrrplab.units import micros

QUIET_US = micros(20)  # of a run in which nothing fails
_EVERY_US = micros(0.1)  # how often clients ask
_PORT = 60_001  # of what the first failing check looks at; the next one has the next


class Story(NamedTuple):
    """``heading``: whose run it is, and what fails; ``table``: the trace, as ``simulate`` tells it."""

    heading: str
    table: str


class Damage(NamedTuple):
    """A run that shows it: on ``whose`` files, what ``fails`` ("": nothing), and the scenario of it."""

    whose: str
    fails: str
    scenario: Scenario


def story_of(rule: Rule, cluster: Cluster | None = None, finding: Finding | None = None) -> Story:
    """The run of ``damage_of`` as ``simulate`` tells it."""
    damage = damage_of(rule, cluster, finding)
    what = f"fails: {damage.fails}" if damage.fails else "nothing fails, the daemons start"
    return Story(f"{rule.id} {rule.name}, on {damage.whose}; {what}", table.render(run(damage.scenario)))


def damage_of(rule: Rule, cluster: Cluster | None = None, finding: Finding | None = None) -> Damage:
    """On ``cluster`` if ``finding`` is of it and what fails is known, else on the example."""
    if cluster is not None and finding is not None:
        scenario = scenario_of_nodes(cluster.nodes, cluster.profile)
        failure = own_failure(rule, finding, scenario)
        if failure is not None:
            return Damage("these nodes", failure, failing(scenario, failure))
    example = scenario_of_nodes(example_nodes(rule.bad, rule), f"keepalived-{rule.daemon}")
    return Damage(f"the example of {rule.id}", rule.show, failing(example, rule.show))


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


def failing(scenario: Scenario, failure: str) -> Scenario:
    """As short as it can be: up to where nothing more happens.

    Where a check is to fail, what it looks at dies, and clients ask for that: else nobody would miss it.
    """
    if not failure:
        return scenario.changed(duration_us=QUIET_US)
    found = with_failures(scenario.changed(duration_us=QUIET_US), [failure])
    checks = dict.fromkeys(a.keys["script"] for a in found.actions if a.kind == Act.CHECK_FAIL)
    if not checks:
        return found
    ports = {name: _PORT + number for number, name in enumerate(checks)}
    actions = tuple(_of_the_service(action) for action in found.actions)
    return asking(with_services(found, ports), [*ports.values()], _EVERY_US).changed(actions=actions)


def _of_the_service(action: TimedAction) -> TimedAction:
    """The same of the service that a check looks at, called as the check is."""
    kinds: dict[str, Act] = {Act.CHECK_FAIL: Act.SERVICE_KILL, Act.CHECK_PASS: Act.SERVICE_START}
    kind = kinds.get(action.kind)
    if kind is None:
        return action
    return replace(
        action, kind=kind, keys={"server": action.keys["server"], "service": action.keys["script"]}
    )
