"""Rows that are reckoned are those of the simulator, and so are the files made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.drills import DRILLS, OTHERS, SERVICE, drill, other
from vrrplab.scenario.model import Scenario
from vrrplab.sweeping import executors, ranges, reckoned
from vrrplab.sweeping.plan import Plan, plan_of
from vrrplab.sweeping.run import chunks
from vrrplab.sweeping.table_file import TableFile

pytest.importorskip("numpy")


def asking_for(scenario: Scenario, target: str) -> Scenario:
    """The scenario in which clients ask, by ICMP, for one address alone."""
    clients = {}
    for name, client in scenario.clients.items():
        asked = tuple(p for p in client.probes if (p.kind, p.target) == ("icmp", target))
        clients[name] = replace(client, probes=asked)
    return scenario.changed(clients=clients)


def alone(plan: Plan, runs: int) -> Plan:
    """That plan with one question, and so many runs."""
    scenario = asking_for(plan.scenario, "192.168.2.101")
    return Plan(scenario, plan.dimensions, runs, plan.seed)


def plans(runs: int) -> dict[str, Callable[[], Plan]]:
    found = {name: (lambda name=name: alone(drill(name), runs)) for name in DRILLS}
    for name, values in OTHERS.items():
        found[name] = lambda values=values: plan_of(
            other(**values), {"r1.start_at_s": "0..3", "fault": "20..26"}, runs=runs, seed=1
        )
    # checks begin every 2 s, and the service ends as one of them does: its run is simulated
    found["a tie"] = lambda: plan_of(
        other(**SERVICE, shutdown_s=1.5), {"actions.1.at_s": ["20.5", "20.4"]}, runs=max(1, runs // 2)
    )
    return found


def same_files(plan: Plan, folder: Path) -> int:
    """How many bytes were compared."""
    assert reckoned.objection(plan) == ""
    for name, executor in (("events", executors.Here()), ("formulas", reckoned.Formulas())):
        table = TableFile(str(folder / f"{name}.csv"), plan, "1")
        assert sum(len(rows) for rows in chunks(plan, executor, table)) == plan.total
        table.close()
    events, formulas = ((folder / f"{name}.csv").read_bytes() for name in ("events", "formulas"))
    assert events.splitlines() == formulas.splitlines()
    assert events == formulas
    return len(events)


@pytest.mark.parametrize("name", plans(6))
def test_the_same_bytes_by_formulas(name: str, tmp_path: Path) -> None:
    assert same_files(plans(6)[name](), tmp_path) > 500


@pytest.mark.long
@pytest.mark.computes
@pytest.mark.parametrize("name", plans(100))
def test_the_same_bytes_of_a_hundred_runs(name: str, tmp_path: Path) -> None:
    assert same_files(plans(100)[name](), tmp_path) > 10_000


def test_ranges_are_joined_and_none_is_lost() -> None:
    plan = alone(drill("article-drill-1-lan-nic"), 50)
    spans = [span for span, _ in reckoned.Formulas().run(plan, ranges.ranges(plan, 7))]
    assert spans == [(7, 50)]
    apart = [span for span, _ in reckoned.Formulas().run(plan, iter([(0, 3), (3, 5), (9, 10)]))]
    assert apart == [(0, 5), (9, 10)]


def test_what_else_is_asked_for_is_not_reckoned() -> None:
    assert "office-pc also asks for 192.168.2.102 by icmp" in reckoned.objection(
        drill("article-drill-1-lan-nic")
    )
