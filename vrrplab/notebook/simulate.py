"""``simulate``: the one call a notebook needs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from vrrplab.errors import VrrplabError
from vrrplab.machine.profiles import profile_named
from vrrplab.scenario.from_configs import scenario_from_configs
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import load_scenario
from vrrplab.sim.play import run, until
from vrrplab.trace import Trace

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
    """Run a scenario and return its trace.

    ``source`` is a Scenario, a scenario file, the name of a built-in one, or (with ``more``) keepalived.conf
    files, one a server. ``actions`` are added, e.g. ``{"at_s": 5, "action": "power_off", "server": "r1"}``.
    ``frames``: adverts with their bytes. Raises ScenarioError or ConfigError, one line each.
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
    return run(scenario, frames=frames)


def as_scenario(source: Source, *more: str | os.PathLike[str], profile: str | None = None) -> Scenario:
    """What ``simulate`` would run."""
    if profile is not None:
        profile_named(profile)
    if isinstance(source, Scenario):
        return replace(source, profile=profile) if profile else source
    if more or str(source).endswith(".conf"):
        return scenario_from_configs([source, *more], profile or "keepalived-2.2.7")
    return load_scenario(source, profile=profile)
