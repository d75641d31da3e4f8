"""Run number in, scenario out: what varies, by its name, and the draws of a run."""

from __future__ import annotations

import pickle
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vrrplab.errors import VrrplabError
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario
from vrrplab.sweeping import draws
from vrrplab.sweeping.plan import Plan, plan_of

DRILL = load_scenario("article-drill-1-lan-nic")
VARIED = ["advert_int=1,2", "loss=0,0.1,0.2", "fault=10..13", "proxy-serv02.start=0..1"]


def instance(scenario: Scenario, server: str = "proxy-serv01", name: str = "proxy_ip1"):  # type: ignore[no-untyped-def]
    return scenario.servers[server].node.instance(name)


def test_neighbouring_runs_have_different_combinations_and_all_come_equally_often() -> None:
    plan = plan_of(DRILL, VARIED, runs=5)
    assert (plan.combinations, plan.total) == (6, 30)
    grid = [tuple(plan.texts(run)[:2]) for run in range(plan.total)]
    assert len(set(grid[:6])) == 6
    assert grid == grid[:6] * 5


PLAN = plan_of(DRILL, VARIED, runs=10**9)
SENT = pickle.loads(pickle.dumps(PLAN))


@settings(max_examples=20, deadline=None)
@given(run=st.integers(0, 10**9))
def test_a_run_is_the_same_whoever_asks_and_in_whatever_order(run: int) -> None:
    plan, other = PLAN, SENT
    other.texts(run + 1)
    assert other.texts(run) == plan.texts(run)
    assert other.made(run) == plan.made(run)
    assert plan.seed_of(run) != plan.seed_of(run + 1)


def test_a_dimension_more_moves_no_other_draw() -> None:
    alone, beside = plan_of(DRILL, ["fault=10..13"], runs=9), plan_of(DRILL, VARIED[2:], runs=9)
    assert [alone.texts(run)[0] for run in range(9)] == [beside.texts(run)[0] for run in range(9)]


def test_the_same_bits_in_columns() -> None:
    numpy = pytest.importorskip("numpy")
    key = draws.key_of(7, "fault_s")
    runs = numpy.arange(1000, dtype=numpy.uint64)
    found = numpy.uint64(key) + (runs + numpy.uint64(1)) * numpy.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        found = (found ^ (found >> numpy.uint64(shift))) * numpy.uint64(factor)
    found ^= found >> numpy.uint64(31)
    assert found.tolist() == [draws.bits(key, run) for run in range(1000)]


def test_draws_reach_both_ends_and_are_spread_evenly() -> None:
    key = draws.key_of(0, "x")
    found = [draws.below(key, run, 10) for run in range(20_000)]
    assert set(found) == set(range(10))
    assert all(abs(found.count(one) - 2000) < 200 for one in range(10))


def test_the_fault_takes_the_other_actions_along() -> None:
    (made,) = [plan_of(DRILL, ["fault=15"], runs=1).made(0)]
    assert [action.at_us for action in made.actions] == [15_000_000, 25_000_000]
    assert made.duration_us == DRILL.duration_us + 3_000_000


@pytest.mark.parametrize(
    ("vary", "look", "found"),
    [
        ("proxy-serv01.proxy_ip1.advert_int=2", lambda s: instance(s).advert_interval_us, 2_000_000),
        ("proxy-serv*.proxy_ip1.priority=77", lambda s: instance(s, "proxy-serv02").base_priority, 77),
        ("priority=77", lambda s: instance(s, "proxy-serv02", "proxy_ip2").base_priority, 77),
        ("proxy_ip2.priority=9", lambda s: instance(s).base_priority, 255),
        ("*.vrrp_script.fall=3", lambda s: s.servers["proxy-serv01"].node.scripts[0].fall, 3),
        ("*.proxy_ip1.nopreempt=yes", lambda s: instance(s, "proxy-serv02").preempt, False),
        ("*.proxy_ip1.nopreempt=no", lambda s: instance(s).preempt, True),
        (
            "*.proxy_ip1.track_script.chk_squid_service.weight=-20",
            lambda s: instance(s, "proxy-serv02").track_scripts[0].weight,
            -20,
        ),
        ("segments.lan.latency=0.01", lambda s: s.segments["lan"].latency_us, 10_000),
        ("segments.lan.latency=0.01", lambda s: s.segments["wan"].latency_us, 200),
        ("jitter=0.001", lambda s: s.segments["wan"].jitter_us, 1000),
        ("proxy-serv01.start_at_s=0.5", lambda s: s.servers["proxy-serv01"].start_at_us, 500_000),
        ("servers.*.script_run=0.1", lambda s: s.servers["proxy-serv02"].script_run_us, 100_000),
        (
            "proxy-serv01.services.squid.shutdown=2",
            lambda s: s.servers["proxy-serv01"].services["squid"].shutdown_us,
            2_000_000,
        ),
        ("proxy-serv01.host.rp_filter=1", lambda s: s.servers["proxy-serv01"].rp_filter, 1),
        ("actions.2.at=20", lambda s: [a.at_us for a in s.actions], [12_000_000, 20_000_000]),
        ("actions.2.at=2", lambda s: [a.kind for a in s.actions], ["link_up", "link_down"]),
    ],
)
def test_names_lead_to_what_they_say(vary: str, look, found: object) -> None:  # type: ignore[no-untyped-def]
    assert look(plan_of(DRILL, [vary], runs=1).made(0)) == found


WRONG = [
    ("proxy-serv01.proxy_ip1.advert_intt=1", "has no option 'advert_intt' - did you mean 'advert_int'?"),
    ("advert_intt=1", "did you mean 'advert_int'?"),
    ("proxy-serv1.proxy_ip1.advert_int=1", "no server, and no block of a keepalived.conf, 'proxy-serv1'"),
    ("proxy-serv01.proxy_ip9.advert_int=1", "no block 'proxy_ip9' in the keepalived.conf of proxy-serv01"),
    ("proxy-serv01.proxy_ip1.track_script=1", "track_script is a block"),
    ("proxy-serv01.proxy_ip1.virtual_ipaddress=1", "virtual_ipaddress is a block"),
    ("proxy-serv01=1", "names no value of proxy-serv01"),
    ("segments.lann.loss=0.1", "no segment 'lann' - did you mean 'lan'?"),
    ("segments.lan.los=0.1", "a segment has no 'los' that could vary - did you mean 'loss'?"),
    ("loss=2", "it is a share: 0 to 1"),
    ("loss=0,1.5", "it is a share: 0 to 1"),
    ("loss=0..2/0.5", "it is a share: 0 to 1"),
    ("latency=-1", "times cannot be negative"),
    ("fault=13..10", "is an empty range - 10..13?"),
    ("fault=10..13/0", "has a step that leads nowhere"),
    ("fault=", "names no value"),
    ("fault=1,,2", "a comma with no value beside it"),
    ("fault=1,1", "1 is there twice"),
    ("fault=a..b", "'a' is no number"),
    ("fault=nan..inf", "'nan' is no number"),
    ("fault=1..1e99", "is no number"),
    ("fault=1,2..3", "stands alone then"),
    ("fault", "write NAME=VALUES"),
    ("actions.9.at=1", "there is no action '9' - 1 to 2"),
    ("actions.1.server=1", "of an action only its moment varies"),
    ("priority=0..1000000000000000", "too wide to be drawn from"),
]


@pytest.mark.parametrize(("vary", "told"), WRONG, ids=[vary for vary, _ in WRONG])
def test_what_cannot_vary_is_told_in_one_line(vary: str, told: str) -> None:
    with pytest.raises(VrrplabError) as caught:
        plan_of(DRILL, [vary], runs=1)
    assert told in str(caught.value)
    assert "--vary" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_that_is_there_twice() -> None:
    with pytest.raises(VrrplabError, match=r"--vary segments\.lan\.loss is there twice"):
        plan_of(DRILL, ["segments.lan.loss=0", "segments.lan.loss=1"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fault=5", "actions.1.at_s=3"),
        ("loss=0.1", "segments.lan.loss=0.2"),
        ("advert_int=1", "proxy-serv01.proxy_ip1.advert_int=2"),
        ("proxy-*.services.squid.shutdown=1", "proxy-serv01.services.squid.shutdown_s=2"),
    ],
)
def test_two_names_for_one_thing(one: str, other: str) -> None:
    """One of two columns would say what was not run."""
    for vary in ([one, other], [other, one]):
        names = [line.partition("=")[0] for line in vary]
        with pytest.raises(VrrplabError) as caught:
            plan_of(DRILL, vary)
        told = f"--vary {names[0]} and --vary {names[1]} mean the same thing - name it once"
        assert str(caught.value) == told


@pytest.mark.parametrize("vary", [["fault=10", "actions.2.at_s=20"], ["actions.2.at_s=20", "fault=10"]])
def test_the_repair_at_a_moment_of_its_own_whenever_the_fault_is(vary: list[str]) -> None:
    assert [action.at_us for action in plan_of(DRILL, vary).made(0).actions] == [10_000_000, 20_000_000]


def test_nothing_to_move_where_nothing_fails() -> None:
    with pytest.raises(VrrplabError, match="nothing fails in article-steady"):
        plan_of(load_scenario("article-steady"), ["fault=1"])


def test_without_a_name_the_fault_is_drawn_from_a_whole_period() -> None:
    (one,) = plan_of(DRILL).dimensions
    assert str(one) == "fault_s = 12..15, drawn for each run"


def remarks(vary: Sequence[str]) -> list[str]:
    return list(plan_of(DRILL, vary, runs=1).remarks())


def test_what_keepalived_makes_of_a_value_is_told() -> None:
    assert any("advert_int=0.5" in line for line in remarks(["advert_int=0.5,1"]))
    assert remarks(["advert_int=1,2"]) == []


def test_values_that_make_no_difference_are_told() -> None:
    assert remarks(["*.proxy_ip1.preempt=yes,no"]) == [
        "*.proxy_ip1.preempt makes no difference: with each value the same is run"
    ]


def test_a_huge_grid_is_counted_and_not_made() -> None:
    plan: Plan = plan_of(DRILL, ["fault=1..1000000/0.000001"], runs=1000)
    assert plan.total == 999_999_000_001 * 1000
    assert plan.texts(999_999_000_000) == ["1000000"]
