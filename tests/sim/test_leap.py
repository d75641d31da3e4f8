"""A run that leaps over what repeats has the trace of one that takes every step."""

from __future__ import annotations

from io import StringIO

import pytest

from vrrplab.data_files import data_path
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.random_clusters import random_cluster
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim import leap
from vrrplab.sim.play import play
from vrrplab.sim.world import World
from vrrplab.trace import Trace
from vrrplab.trace.events import AdvertSentEvent, ScriptEvent, StateEvent
from vrrplab.units import SECOND_US

BUILT_IN = sorted(path.stem for path in data_path("scenarios").glob("*.yaml"))
RECORDED = sorted(path.parent.name for path in data_path("recordings").glob("*/scenario.yaml"))
SOME_RECORDED = [*RECORDED[::12], "garp_refresh", "sync_group_script", "v3_ipv6_cs25"]


def longer(scenario: Scenario, by_s: int) -> Scenario:
    """Without clients, who have rhythms of their own, and with time to come to rest."""
    return scenario.changed(clients={}, duration_us=scenario.duration_us + by_s * SECOND_US)


def stepped(scenario: Scenario) -> Trace:
    world = World(scenario)
    world.begin()
    return world.finish()


def lines(trace: Trace) -> list[str]:
    return [event.to_json() for event in trace]


def leapt(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> int:
    """How much of it was leapt over, in microseconds; fails where the trace is another one."""
    over = 0
    move = leap.move

    def counted(world: World, moments: list[int]) -> None:
        nonlocal over
        before = world.scheduler.now
        move(world, moments)
        over -= before

    monkeypatch.setattr(leap, "move", counted)
    write_again = World.write_again

    def written(world: World, rows: object) -> None:
        nonlocal over
        over += world.scheduler.now
        write_again(world, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(World, "write_again", written)
    trace, expected = play(World(scenario)), stepped(scenario)
    monkeypatch.undo()
    assert lines(trace) == lines(expected)
    assert len(trace) == len(expected)
    assert trace.end_us == expected.end_us
    return over


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_scenarios_that_go_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    over = leapt(longer(load_scenario(name), 100), monkeypatch)
    assert over > (0 if name == "unicast" else 60 * SECOND_US)  # unicast: the rhythm of ARP is longer


@pytest.mark.parametrize("name", SOME_RECORDED)
def test_recorded_scenarios_that_go_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    leapt(longer(load_scenario(data_path("recordings", name, "scenario.yaml")), 120), monkeypatch)


@pytest.mark.long
@pytest.mark.computes
@pytest.mark.parametrize("name", RECORDED)
def test_all_recorded_scenarios_that_go_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load_scenario(data_path("recordings", name, "scenario.yaml"))
    leapt(scenario, monkeypatch)
    leapt(longer(scenario, 200), monkeypatch)


@pytest.mark.parametrize(
    "seeds",
    [
        range(20),
        *(
            pytest.param(range(n, n + 98), marks=[pytest.mark.long, pytest.mark.computes])
            for n in range(20, 1000, 98)
        ),
    ],
    ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}",
)
def test_random_clusters(seeds: range, monkeypatch: pytest.MonkeyPatch) -> None:
    over = [leapt(longer(random_cluster(seed), 60), monkeypatch) for seed in seeds]
    assert sum(one > 0 for one in over) > len(over) // 5  # the others: AH, draws, no rest in that time


def test_an_hour_is_kept_in_few_rows() -> None:
    world = World(longer(load_scenario("article-steady"), 3600))
    trace = play(world)
    text = StringIO()
    trace.write(text)
    assert text.getvalue().splitlines() == lines(trace)
    assert lines(trace) == lines(play(World(world.scenario, leap=False)))
    assert world.written < 300
    assert len(trace) > 16_000
    assert sum(1 for _ in trace.of(AdvertSentEvent)) > 7_000
    assert [e.t_us for e in trace.of(ScriptEvent)] == [
        e.t_us for e in trace.events if isinstance(e, ScriptEvent)
    ]
    assert len(trace.of(StateEvent)) == 4


def test_a_world_that_leapt_can_be_forked_and_acted_on() -> None:
    scenario = longer(load_scenario("article-drill-1-lan-nic"), 300)
    world = World(scenario)
    world.begin()
    leap.advance(world, 200 * SECOND_US)
    other = World(scenario)
    other.begin()
    other.advance(200 * SECOND_US)
    fork = world.fork()
    for one in (world, other, fork):
        one.boxes["proxy-serv01"].router.kill("child")
        leap.advance(one, 310 * SECOND_US)
    expected = lines(other.finish())
    assert lines(fork.finish()) == expected
    assert lines(world.finish()) == expected


@pytest.mark.parametrize("keeps", ["clients", "frames", "capture", "AH", "loss", "jitter", "one_way"])
def test_nothing_is_leapt_over_where_it_could_not_be_exact(keeps: str) -> None:
    scenario = longer(load_scenario("article-steady"), 100)
    if keeps == "clients":
        scenario = load_scenario("article-steady")
    elif keeps == "AH":  # whose numbers a log may name
        scenario = longer(load_scenario(data_path("recordings", "auth_ah", "scenario.yaml")), 100)
    world = World(scenario, frames=keeps == "frames", capture=keeps == "capture")
    world.begin()
    world.advance(SECOND_US)
    if keeps in ("loss", "jitter"):
        world.switches["lan"].disturb(**({"loss": 0.1} if keeps == "loss" else {"jitter_us": 10}))
    elif keeps == "one_way":
        world.switches["lan"].disturb(loss=0.5, between=[["proxy-serv01", "proxy-serv02"]])
    assert not leap.may_leap(world)
