"""Runs of one scenario after the other, each with a change: a run goes on from where the last one stood.

Who breaks something at 12 s has seen the first 12 s already: up to there the new run is the old one, event by
event. So a world is kept as it was just before each change, and in a long run now and then, and the next
change at that moment, or later, begins with a fork of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from vrrplab.scenario.model import Scenario
from vrrplab.sim.collector import collected_rarely
from vrrplab.sim.leap import advance
from vrrplab.sim.snapshot import Snapshot
from vrrplab.sim.world import MOST_ACTIONS, World
from vrrplab.trace import Trace
from vrrplab.units import Micros

KEPT = 12  # worlds, those that were used last
PARTS = 8  # of a long run: at the end of each a world is kept
WORTH_CALLS = 5_000  # of the scheduler: what takes less to simulate again is not kept

Watch = Callable[[World], None]


def alike_until(one: Scenario, other: Scenario) -> Micros:
    """The moment up to which both run alike, itself not included; 0: they may differ from the start."""
    if max(len(one.actions), len(other.actions)) > MOST_ACTIONS or _still(one) != _still(other):
        return 0
    if any(one.added_later(server) != other.added_later(server) for server in one.servers):
        return 0  # a card is there from the start if nobody adds it
    until_us = min(one.duration_us, other.duration_us)
    for mine, yours in zip(one.actions, other.actions, strict=False):
        if mine != yours:
            return min(until_us, mine.at_us, yours.at_us)
    common = min(len(one.actions), len(other.actions))
    more = (*one.actions[common:], *other.actions[common:])
    return min((action.at_us for action in more), default=until_us)


def _still(scenario: Scenario) -> Scenario:
    """Without what may differ in what is still to come."""
    return scenario.changed(actions=(), duration_us=0, description="", expect=())


class _Stand(NamedTuple):
    scenario: Scenario
    at_us: Micros
    snapshot: Snapshot[World]


class Reruns:
    """``run`` gives the trace that ``play.run`` gives. ``frames``: adverts with their bytes (hex)."""

    def __init__(self, *, frames: bool = False) -> None:
        self._frames = frames
        self._last: Scenario | None = None
        self._kept: list[_Stand] = []

    @property
    def kept(self) -> tuple[Micros, ...]:
        """The moments of the worlds that are kept, the one that was used last at the end."""
        return tuple(stand.at_us for stand in self._kept)

    def run(self, scenario: Scenario, watch: Watch | None = None) -> Trace:
        """``watch`` looks at the world now and then; what it raises ends the run, and nothing of it is kept
        but worlds that are whole.
        """
        with collected_rarely():  # once, not for each part
            trace = self._run(scenario, watch)
        self._last = scenario
        return trace

    def _run(self, scenario: Scenario, watch: Watch | None) -> Trace:
        world = self._world(scenario)
        calls = world.scheduler.asked
        change_us = 0 if self._last is None else alike_until(self._last, scenario) - 1
        marks = {scenario.duration_us * part // PARTS for part in range(1, PARTS)}
        for at_us in sorted(marks | {change_us}):
            if at_us <= world.scheduler.now or at_us >= scenario.duration_us:
                continue
            advance(world, at_us, watch)
            if at_us == change_us or world.scheduler.asked - calls >= WORTH_CALLS:
                calls = world.scheduler.asked
                self._keep(_Stand(scenario, at_us, world.snapshot()))
        advance(world, scenario.duration_us, watch)
        return world.finish(watch)

    def _world(self, scenario: Scenario) -> World:
        """As late in its run as one is kept."""
        fitting = [stand for stand in self._kept if stand.at_us < alike_until(stand.scenario, scenario)]
        if not fitting:
            world = World(scenario, frames=self._frames)
            world.begin()
            return world
        latest = max(fitting, key=lambda stand: stand.at_us)
        self._keep(latest)
        world = latest.snapshot.thaw()
        world.follow(scenario)
        return world

    def _keep(self, stand: _Stand) -> None:
        others = [one for one in self._kept if one is not stand]
        self._kept = [*others[1 - KEPT :], stand]
