"""``vrrplab.explore``: reads what somebody has in hand, and lets every order of failures befall it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from vrrplab import arguments
from vrrplab.exploring.ground import prepare
from vrrplab.exploring.result import Exploration
from vrrplab.exploring.run import MOST_FAULTS, Run, user_property
from vrrplab.machine.profiles import Profile
from vrrplab.notebook.simulate import as_scenario
from vrrplab.units import micros


def explore(
    source: Any,
    *more: Any,
    faults: int = 1,
    within_s: float | None = None,
    properties: Iterable[Callable[[Any], Any]] = (),
    profile: str | Profile | None = None,
    jobs: int = 1,
    at_most_s: float | None = None,
    also: Iterable[str] = (),
    only: Iterable[str] = (),
) -> Exploration:
    """Go through every order of failures and repairs, and find the shortest stories that break a promise.

    - ``source``: a scenario, its file or name, or with ``more`` keepalived.conf files. What happens in it is
      left out: here everything that can fail does, at every moment at which that makes a difference.
    - ``faults``: how many may come one after the other, or beside each other. One takes seconds, two minutes.
    - ``within_s``: from the first fault to the last action. Without: until a cluster of these intervals has
      settled, and one cycle of adverts and checks.
    - ``properties``: functions of your own. Each gets the trace of a whole run, and says True or None when
      all is well, False or a sentence when it is not.
    - ``profile``: behave like another daemon or RFC, by its name, or a Profile with a rule of yours.
    - ``jobs``: processes that search at the same time; the result is the same for any number.
    - ``also``: ``["clients"]``: clients as well, each deaf to each server for a time.
    - ``only``: of all that is of servers and between them these kinds alone, such as ``["power_off"]``.
    - ``at_most_s``: end after so long, with what was found until then; the result says so.

    The result tells of it (``print`` it, or let a notebook show it): ``.stories`` are scenarios, the shortest
    way to break each promise, for ``simulate`` and ``cluster``; ``.broken`` says which promises, and how.
    Interrupt it, and what was found is the result. VrrplabError for what is no scenario.

    >>> found = vrrplab.explore("lesson-two-routers", within_s=1)
    >>> found.whole, found.stories
    (True, [])
    """
    depth = arguments.whole(faults, "faults", 1, MOST_FAULTS)
    named = profile if isinstance(profile, str) else None
    scenario = as_scenario(source, *more, profile=named)
    if profile is not None and not isinstance(profile, (str, Profile)):
        arguments.instance(profile, Profile, "explore", "a profile's name, or a Profile")
    users = tuple(user_property(one) for one in arguments.several(properties, "properties", "[my_property]"))
    also = arguments.several(also, "also", '["clients"]')
    only = arguments.several(only, "only", '["power_off"]')
    ground = prepare(scenario, profile if isinstance(profile, Profile) else None, also, only)
    limit_us = ground.patience.within_us
    if within_s is not None:
        limit_us = micros(arguments.number(within_s, "within_s", 0.001, 3600))
    jobs = arguments.whole(jobs, "jobs", 1, 1024)
    if at_most_s is not None:
        at_most_s = arguments.number(at_most_s, "at_most_s", 0.01)
    return Run(ground, depth, limit_us, users, jobs, at_most_s).result()
