"""The run that shows what comes of a finding, for ``config check --show``, ``config explain`` and pages."""

from __future__ import annotations

from typing import NamedTuple

from vrrplab.forecast.damage import damage_of
from vrrplab.rules.cluster import Cluster
from vrrplab.rules.model import Finding, Rule
from vrrplab.sim.play import run
from vrrplab.tell import table


class Story(NamedTuple):
    """``heading``: whose run it is, and what fails; ``table``: the trace, as ``simulate`` tells it."""

    heading: str
    table: str


def story_of(rule: Rule, cluster: Cluster | None = None, finding: Finding | None = None) -> Story:
    """The run of ``damage_of`` as ``simulate`` tells it."""
    found = damage_of(rule, cluster, finding)
    what = f"fails: {found.fails}" if found.fails else "nothing fails, the daemons start"
    return Story(f"{rule.id} {rule.name}, on {found.whose}; {what}", table.render(run(found.scenario)))
