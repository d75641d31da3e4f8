"""Judges of ``04_three_drills``."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

from vrrplab.exercises.answers import number, one_of, scenario, words
from vrrplab.exercises.observe import (
    IP1,
    S2,
    demand_normal,
    demand_taken,
    length_s,
    longest,
    outage_s,
    page_outages,
    run,
)
from vrrplab.exercises.registry import Miss, NotUnderstood, exercise
from vrrplab.notebook.variants import variant
from vrrplab.scenario.model import Scenario
from vrrplab.trace.events import LogEvent

DRILLS = {
    "eth0": "article-drill-1-lan-nic",
    "eth1": "article-drill-2-wan-nic",
    "squid": "article-drill-3-squid",
}


@exercise("04-order", "the three drills, shortest outage first")
def order(answer: Any) -> str:
    given = words(answer, DRILLS, "drills")
    if len(given) != 3:
        raise NotUnderstood("Name all three, the shortest outage first: ['…', '…', '…'].")
    lasted = {word: outage_s(run(variant(name)), IP1, "http") for word, name in DRILLS.items()}
    for first, second in pairwise(given):
        if lasted[first] > lasted[second]:
            raise Miss(f"You put {first} before {second}. Stopwatch: {first} takes {lasted[first]:.2f} s.")
    return ", ".join(f"{word} {lasted[word]:.2f} s" for word in given) + "."


@cache
def _by_moment() -> dict[float, float]:
    """When Squid is stopped, spread over one interval of its check, and how long pages are missing."""
    return page_outages([12 + step / 5 for step in range(15)], duration_s=60, action="service_stop")


@exercise("04-worst", "the worst outage of drill 3, by phase")
def worst(answer: Any) -> str:
    guess = number(answer, "12.5")
    found = _by_moment()
    late = max(found, key=lambda stop: found[stop])
    if guess < found[late] - 0.5:
        raise Miss(
            f"It can be worse: Squid is stopped at {late:g} s, and after {guess:g} s there is still no"
            " answer."
        )
    if guess > found[late] + 0.5:
        raise Miss(
            f"Of {len(found)} runs, spread over a whole interval of the check, none reaches {guess:g} s."
        )
    return f"{found[late]:.2f} s, when squid is stopped at {late:g} s, just after a check."


@exercise("04-detective", "which drill left this log")
def detective(answer: Any) -> str:
    choice = one_of(answer, DRILLS, "what failed")
    lines = [e.line for e in run(variant(DRILLS[choice])).of(LogEvent, server=S2) if 12 <= e.t < 46]
    farewell = "(proxy_ip1) Backup received priority 0 advertisement"
    if choice != "eth0":
        if farewell not in lines:
            raise AssertionError("drills 2 and 3 say goodbye")
        raise Miss(f"When {choice} fails, the log of {S2} has the line {farewell!r}. Is it there?")
    return "No farewell got out: the cable it would have used is the one that failed."


def _done(chosen: Scenario) -> list[tuple[int, str, dict[str, Any]]]:
    """What is done in a scenario, and when."""
    return [(action.at_us, action.kind, action.keys) for action in chosen.actions]


@exercise("04-faster", "drill 3 in less than five seconds")
def faster(answer: Any) -> str:
    given = scenario(answer)
    drill = variant(DRILLS["squid"])
    if _done(given) != _done(drill) or list(given.servers) != list(drill.servers):
        raise NotUnderstood(
            "Start from the drill: variant('article-drill-3-squid', …), with its own actions and no others."
        )
    trace = run(given)
    demand_normal(trace, 11)
    gap = longest(trace, IP1, "http")
    if gap is None:
        raise Miss("No client asks any more, or none misses anything; then it is no drill.")
    if gap.to_us is None or length_s(trace, gap) >= 5:
        end = "to the end" if gap.to_s is None else f"until {gap.to_s:.2f} s"
        raise Miss(f"{IP1} gives no answer from {gap.from_s:.2f} s {end}: {length_s(trace, gap):.2f} s.")
    demand_taken(given)
    return f"{length_s(trace, gap):.2f} s instead of half a minute."
