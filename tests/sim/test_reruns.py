"""A run that goes on from a kept world has the trace of a run from the start, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from vrrplab.notebook.cluster import runs_with_frames
from vrrplab.page.opened import opened
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim import reruns
from vrrplab.sim.play import run
from vrrplab.sim.reruns import KEPT, Reruns, alike_until
from vrrplab.sim.world import World
from vrrplab.trace import Trace
from vrrplab.units import SECOND_US
from vrrplab.views.forks import Forks

S1, S2 = "proxy-serv01", "proxy-serv02"
Actions = Sequence[dict[str, Any]]


def act(at_s: float, action: str, **keys: Any) -> dict[str, Any]:
    return {"at_s": at_s, "action": action, **keys}


DOWN, UP = act(13, "link_down", server=S1, interface="eth0"), act(20, "link_up", server=S1, interface="eth0")
CHANGES: dict[str, list[Actions]] = {
    "later-and-later": [[DOWN], [UP], [act(24, "power_off", server=S2)]],
    "in-between": [[UP], [DOWN], [act(2, "power_off", server=S2), act(5, "power_on", server=S2)]],
    "at-one-moment": [
        [act(13, "daemon_stop", server=S1), act(13, "daemon_start", server=S1)],
        [act(13, "firewall_drop", server=S1, direction="in", protocol="vrrp")],
    ],
    "as-a-daemon-comes-back": [
        [act(13, "daemon_kill", server=S1, process="child")],
        [act(13.015, "link_down", server=S1, interface="eth0")],
        [act(13.015, "link_up", server=S1, interface="eth0")],
    ],
    "the-network": [
        [act(13, "segment_fault", segment="lan", loss=0.3)],
        [act(19, "segment_heal", segment="lan")],
    ],
    "from-the-start": [[act(0, "check_fail", server=S1)], [act(0.000001, "check_pass", server=S1)]],
    "the-last-moment": [[act(31.999999, "power_off", server=S1)], [act(31, "power_off", server=S2)]],
}


def lines(trace: Trace) -> list[str]:
    return [event.to_json() for event in trace]


def check_changes(scenario: Scenario, changes: list[Actions], frames: bool = True) -> Reruns:
    """Change after change; the last one also in a run that is longer, and shorter, and taken back."""
    it = Reruns(frames=frames)
    scenarios = [scenario]
    for number, actions in enumerate(changes):
        scenarios.append(scenarios[-1].with_actions(actions).changed(description=f"Changed: {number}"))
    *_, before, last = scenarios
    longer = last.changed(duration_us=last.duration_us + 7 * SECOND_US)
    shorter = last.changed(duration_us=last.duration_us - 5 * SECOND_US)
    for one in (*scenarios, longer, before, shorter, last):
        trace, expected = it.run(one), run(one, frames=frames)
        assert lines(trace) == lines(expected)
        assert trace.end_us == expected.end_us
    return it


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_gives_what_a_run_from_the_start_gives(name: str) -> None:
    check_changes(load_scenario("article-steady").changed(duration_us=32 * SECOND_US), CHANGES[name])


def test_changes_draw_what_the_whole_run_draws() -> None:
    scenario = load_scenario("lesson-three-routers").changed(duration_us=20 * SECOND_US, seed=7)
    segments = {name: replace(one, loss=0.05, jitter_us=3_000) for name, one in scenario.segments.items()}
    server = next(iter(scenario.servers))
    off, on = act(6, "power_off", server=server), act(12, "power_on", server=server)
    check_changes(scenario.changed(segments=segments), [[off], [on]])


def test_a_run_that_leapt_goes_on_like_one_that_did_not() -> None:
    scenario = load_scenario("article-steady").changed(duration_us=600 * SECOND_US, clients={})
    it = check_changes(
        scenario, [[act(300, "power_off", server=S1)], [act(400, "power_on", server=S1)]], False
    )
    assert 300 * SECOND_US - 1 in it.kept


def test_a_long_run_keeps_worlds_and_never_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reruns, "WORTH_CALLS", 10)
    scenario = load_scenario("article-steady").changed(duration_us=40 * SECOND_US)
    it = Reruns()
    it.run(scenario)
    assert it.kept == tuple(second * SECOND_US for second in range(5, 40, 5))
    for second in range(5, 35, 2):
        changed = scenario.with_actions([act(second, "power_off", server=S1)])
        assert lines(it.run(changed)) == lines(run(changed))
        assert len(it.kept) <= KEPT


def test_a_run_that_is_interrupted_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load_scenario("article-steady").changed(duration_us=32 * SECOND_US)
    it = Reruns()
    it.run(scenario)

    def interrupted(world: World, watch: object) -> Trace:
        raise KeyboardInterrupt

    changed = scenario.with_actions([DOWN])
    with monkeypatch.context() as patch:
        patch.setattr(World, "finish", interrupted)
        with pytest.raises(KeyboardInterrupt):
            it.run(changed)
    assert it.kept == (13 * SECOND_US - 1,)
    assert lines(it.run(changed)) == lines(run(changed))


def faces() -> dict[str, Callable[[Scenario], Forks]]:
    def in_notebook(scenario: Scenario) -> Forks:
        runs: Any = runs_with_frames()
        return Forks(runs(scenario), scenario, runs)

    return {"page": lambda scenario: opened(scenario).talk.forks, "notebook": in_notebook}


@pytest.mark.parametrize("face", faces())
def test_a_player_runs_the_same_past_only_once(face: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[World] = []
    begin = World.begin
    monkeypatch.setattr(World, "begin", lambda world: (begun.append(world), begin(world)))
    forks = faces()[face](load_scenario("article-steady").changed(duration_us=32 * SECOND_US))
    forks.break_it([DOWN], 13)
    assert len(begun) == 2, "the first change finds no world that is kept"
    forks.break_it([UP], 20)
    forks.undo()
    forks.break_it([act(17, "power_off", server=S2)], 17)
    assert len(begun) == 2
    assert lines(forks.trace) == lines(run(forks.scenario, frames=True))


def test_until_when_scenarios_are_alike() -> None:
    one = load_scenario("article-steady").changed(duration_us=32 * SECOND_US)
    down, both = one.with_actions([DOWN]), one.with_actions([DOWN, UP])
    assert alike_until(one, one) == 32 * SECOND_US
    assert alike_until(one, down) == alike_until(both, one) == 13 * SECOND_US
    assert alike_until(down, both) == 20 * SECOND_US
    assert alike_until(both, both.changed(duration_us=9 * SECOND_US)) == 9 * SECOND_US
    assert alike_until(one, one.changed(seed=1)) == 0
    assert alike_until(one, load_scenario("lesson-two-routers")) == 0
