"""The run that shows what comes of a finding, for ``config check --show``, ``config explain`` and pages."""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.rules.cluster import Cluster
from vrrplab.rules.examples import example_nodes
from vrrplab.rules.model import Finding, Rule
from vrrplab.scenario.fail_line import with_failures
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.model import Scenario
from vrrplab.sim.play import run
from vrrplab.tell import table
from vrrplab.units import micros

QUIET_US = micros(20)  # of a run in which nothing fails


class Story(NamedTuple):
    """``heading``: whose run it is, and what fails; ``table``: the trace, as ``simulate`` tells it."""

    heading: str
    table: str


def story_of(rule: Rule, cluster: Cluster | None = None, finding: Finding | None = None) -> Story:
    """The run on ``cluster`` if ``finding`` is of it and says what fails there, else on the bad example."""
    own = cluster is not None and finding is not None and bool(finding.show or not rule.show)
    if cluster is not None and finding is not None and own:
        failure, nodes, profile, whose = finding.show, cluster.nodes, cluster.profile, "these nodes"
    else:
        failure, profile, whose = rule.show, f"keepalived-{rule.daemon}", f"the example of {rule.id}"
        nodes = example_nodes(rule.bad, rule)
    scenario = scenario_of_nodes(nodes, profile)
    what = f"fails: {failure}" if failure else "nothing fails, the daemons start"
    trace = run(failing(scenario, failure))
    return Story(f"{rule.id} {rule.name}, on {whose}: {what}", table.render(trace))


def failing(scenario: Scenario, failure: str) -> Scenario:
    """As short as it can be: up to where nothing more happens."""
    if not failure:
        return scenario.changed(duration_us=QUIET_US)
    return with_failures(scenario.changed(duration_us=QUIET_US), [failure])
