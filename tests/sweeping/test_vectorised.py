"""Drills reckoned with NumPy say what the simulator says, run by run, to the microsecond."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.drills import DRILLS, OTHERS, SERVICE, drill, other
from vrrplab.scenario.model import Scenario
from vrrplab.sim.play import run as simulated
from vrrplab.sweeping import draws, vectorised
from vrrplab.sweeping.plan import Plan, plan_of

np = pytest.importorskip("numpy")


def same(plan: Plan, runs: range) -> int:
    """How many runs were compared; every one of them is the same both ways."""
    assert vectorised.applies(plan) == ""
    one = vectorised.drill_of(plan.scenario)
    reckoned = list(vectorised.rows(vectorised.outcomes(plan, runs)))
    assert reckoned == [vectorised.moments_of(one, simulated(plan.made(run))) for run in runs]
    return len(reckoned)


@pytest.mark.parametrize("name", DRILLS)
def test_a_drill_of_the_article(name: str) -> None:
    assert same(drill(name), range(0, 1_000_000, 100_000)) == 10


@pytest.mark.long
@pytest.mark.computes
def test_six_hundred_drills_of_the_article() -> None:
    assert sum(same(drill(name), range(200)) for name in DRILLS) == 600


@pytest.mark.parametrize("name", OTHERS)
def test_other_configurations(name: str) -> None:
    scenario = other(**OTHERS[name])
    plan = plan_of(scenario, {"r1.start_at_s": "0..3", "fault": "20..26"}, runs=10, seed=1)
    assert same(plan, range(10)) == 10


def test_runs_may_be_asked_for_in_any_part() -> None:
    plan = drill("article-drill-1-lan-nic")
    whole = list(vectorised.rows(vectorised.outcomes(plan, range(100))))
    assert list(vectorised.rows(vectorised.outcomes(plan, range(40, 60)))) == whole[40:60]
    assert len(set(whole)) == 100


def test_a_grid_beside_a_draw() -> None:
    scenario = other(**SERVICE)
    vary = {"r1.start_at_s": [0, 0.25, 1], "fault": "20..26", "r2.start_at_s": "8..9/0.5"}
    plan = plan_of(scenario, vary, runs=2)
    assert plan.total == 18
    assert same(plan, range(18)) == 18


def test_where_a_tie_decides_the_run_is_simulated() -> None:
    scenario = other(**SERVICE, shutdown_s=1.5)
    # checks begin every 2 s; the service ends as one of them does
    plan = plan_of(scenario, {"actions.1.at_s": ["20.5", "20.4", "20.6"]}, runs=1)
    assert same(plan, range(3)) == 3


def test_draws_of_many_runs_are_those_of_each() -> None:
    key = draws.key_of(3, "fault_s")
    runs = [0, 1, 2, 1_000_000, 2**63]
    for count in (1, 7, 3_000_001, draws.MOST):
        found = draws.below_each(key, np.array(runs, np.uint64), count)
        assert found.tolist() == [draws.below(key, run, count) for run in runs]


def with_instances(scenario: Scenario, **values: object) -> Scenario:
    servers = {
        name: replace(
            server,
            node=replace(
                server.node, instances=tuple(replace(one, **values) for one in server.node.instances)
            ),
        )
        for name, server in scenario.servers.items()
    }
    return scenario.changed(servers=servers)


REASONS = {
    "loss varies, and not only": (lambda: other(), {"loss": "0..0.1"}),
    "lan loses, delays or stops frames": (
        lambda: other().changed(segments={n: replace(s, loss=0.1) for n, s in other().segments.items()}),
        {"fault": "20..21"},
    ),
    "V on r1 does not preempt at once": (lambda: with_instances(other(), preempt=False), {"fault": "20..21"}),
    "V on r1 does not depend on its interface": (
        lambda: with_instances(other(), dont_track_primary=True),
        {"fault": "20..21"},
    ),
    "not one fault and its repair": (
        lambda: other().changed(actions=other().actions[:1]),
        {"fault": "20..21"},
    ),
    "the fault may come before both servers have settled": (lambda: other(), {"fault": "8..9"}),
    "repair may come before the other server has taken over": (lambda: other(), {"actions.2.at_s": "21..30"}),
    "r2 may be MASTER before r1": (lambda: other(), {"r1.start_at_s": "0..1", "r2.start_at_s": "0..1"}),
    "the run may end before the server is back": (lambda: other(), {"actions.2.at_s": "60..79"}),
    "rfc9568 has virtual MAC addresses": (lambda: other(profile="rfc9568", version=3), {"fault": "20..21"}),
    "the client's ARP cache may ask while nobody answers": (lambda: other(), {"actions.1.at_s": "20..40"}),
}  # fmt: skip


@pytest.mark.parametrize("reason", REASONS)
def test_a_plan_that_is_none_of_these_is_told_why(reason: str) -> None:
    make, vary = REASONS[reason]
    plan = plan_of(make(), vary, runs=10)
    assert reason in vectorised.applies(plan)
    with pytest.raises(vectorised.NotOne):
        vectorised.outcomes(plan, range(10))
