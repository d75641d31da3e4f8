"""Plays a scenario: a world from its start to its end, and the trace of it."""

from __future__ import annotations

from collections.abc import Callable

from vrrplab.errors import VrrplabError
from vrrplab.machine.profiles import Profile
from vrrplab.scenario.model import Scenario
from vrrplab.sim.leap import advance
from vrrplab.sim.world import World
from vrrplab.trace import Trace
from vrrplab.units import micros


def run(scenario: Scenario, *, frames: bool = False, profile: Profile | None = None) -> Trace:
    """Simulate a scenario; same scenario, same trace. ``frames``: adverts with their bytes (hex).

    ``profile`` replaces the scenario's (for models that are no named profile); servers with a profile of
    their own keep that.
    """
    return play(World(scenario, frames=frames, profile=profile))


def play(world: World, watch: Callable[[World], None] | None = None) -> Trace:
    """A world, from its start to the end of its scenario. A World is for one run.

    ``watch`` looks at it now and then; what it raises ends the run.
    """
    world.begin()
    advance(world, world.scenario.duration_us, watch)
    return world.finish(watch)


def until(scenario: Scenario, end_s: float) -> Scenario:
    """The same scenario, ended at ``end_s``; VrrplabError if that is not a positive time."""
    if not 0 < end_s < 1e9:
        raise VrrplabError(f"--until {end_s:g}: give a positive number of seconds, below 1e9")
    return scenario.changed(duration_us=micros(end_s))
