"""``simulate``: the one call a notebook needs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from vrrplab.errors import VrrplabError
from vrrplab.machine.profiles import profile_named
from vrrplab.output.progress import Progress
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.estimate import work_of
from vrrplab.sim.play import play, until
from vrrplab.sim.reruns import Reruns
from vrrplab.sim.world import World
from vrrplab.trace import Trace
from vrrplab.work import announce

Source = Scenario | str | os.PathLike[str]


def simulate(
    source: Source,
    *more: str | os.PathLike[str],
    actions: Iterable[dict[str, Any]] = (),
    seed: int | None = None,
    until_s: float | None = None,
    profile: str | None = None,
    frames: bool = False,
) -> Trace:
    """Run a scenario and return what happened, as a ``Trace``.

    - ``source``: a Scenario, a scenario file, the name of a built-in one (``vrrplab simulate --list``), or
      with ``more`` keepalived.conf files, one a server.
    - ``actions``: added to its own, as ``at`` makes them.
    - ``seed``: for everything random (default: the scenario's); the same seed gives the same trace.
    - ``until_s``: end after so many seconds.
    - ``profile``: behave like another daemon or RFC, ``"keepalived-2.4.3"`` or ``"rfc9568"``.
    - ``frames``: adverts with their bytes, as hex.

    VrrplabError, in one line: ScenarioError or ConfigError with file and line, or an argument that does
    not fit.

    >>> power_off = vrrplab.at(5, "power_off", server="proxy-serv01")
    >>> trace = vrrplab.simulate("article-steady", actions=[power_off])
    >>> trace.owner("192.168.2.101", 10)
    'proxy-serv02'
    """
    scenario = as_scenario(source, *more, profile=profile)
    if actions != ():
        scenario = scenario.with_actions(actions)
    if seed is not None:
        if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
            raise VrrplabError(f"seed {seed!r}: give a whole number, 0 or more")
        scenario = replace(scenario, seed=seed)
    if until_s is not None:
        from vrrplab import arguments

        scenario = until(scenario, arguments.number(until_s, "until_s"))
    return run_told(scenario, frames=frames)


def run_told(scenario: Scenario, *, frames: bool = False, runs: Reruns | None = None) -> Trace:
    """Simulate it; where that takes long, a line says so first, and others how far it is.

    ``runs``: those before, to go on from one of them; ``frames`` is theirs then.
    """
    announce(work_of(scenario))
    with Progress("simulate") as progress:

        def watch(world: World) -> None:
            progress.at(world.scheduler.now / scenario.duration_us)

        if runs is not None:
            return runs.run(scenario, watch)
        return play(World(scenario, frames=frames), watch)


def as_scenario(source: Source, *more: str | os.PathLike[str], profile: str | None = None) -> Scenario:
    """What ``simulate`` would run."""
    if profile is not None:
        profile_named(profile)
    if isinstance(source, Scenario):
        return replace(source, profile=profile) if profile else source
    if more or str(source).endswith(".conf"):
        return scenario_from_configs([source, *more], profile or "keepalived-2.2.7")
    return load_scenario(source, profile=profile)
