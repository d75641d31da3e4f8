"""Judges of ``11_your_own_cluster``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vrrplab.data_files import data_path
from vrrplab.exercises.answers import scenario
from vrrplab.exercises.lesson_03 import edit_table
from vrrplab.exercises.observe import IP1, S1, demand_taken, holders_in_words, run
from vrrplab.exercises.registry import Miss, NotUnderstood, exercise
from vrrplab.notebook.own_cluster import own_cluster
from vrrplab.notebook.variants import at, variant
from vrrplab.scenario.model import Scenario
from vrrplab.trace.events import ActionEvent

VIP = "10.1.0.80"


def broken_pair() -> Scenario:
    """web1 and web2, with the faults that exercise 11-repair is about."""
    folder = data_path("configs", "lesson-broken")
    return own_cluster(web1=folder / "web1.conf", web2=folder / "web2.conf")


def _repaired(answer: Any) -> Scenario:
    whole = dict(answer) if isinstance(answer, Mapping) else {}
    if whole and set(whole) <= {"web1", "web2"} and all(isinstance(v, str) for v in whole.values()):
        texts = {name: (data_path("configs", "lesson-broken") / f"{name}.conf") for name in ("web1", "web2")}
        return own_cluster(**{**texts, **whole})
    return variant(broken_pair(), edit=edit_table(answer))


@exercise("11-repair", "a pair of files with four faults")
def repair(answer: Any) -> str:
    pair = _repaired(answer)
    trace = run(pair)
    if len(trace.owners(VIP, 40)) != 1:
        raise Miss(f"Nothing is broken, and {holders_in_words(trace, VIP, 40)}.")
    if trace.owner(VIP, 40) != "web1":
        raise Miss(f"Normally it should be web1; {holders_in_words(trace, VIP, 40)}.")
    off = run(variant(pair, at(30, "power_off", server="web1"), duration_s=60))
    taken = [s.from_s for s in off.states(server="web2") if s.state == "MASTER" and s.from_s > 30]
    if off.owner(VIP, 59) != "web2":
        raise Miss(f"web1 loses its power at 30 s, and {holders_in_words(off, VIP, 59)}.")
    if taken and taken[0] > 34:
        raise Miss(f"web1 loses its power at 30 s, and web2 is MASTER at {taken[0]:.1f} s only.")
    sick = run(variant(pair, at(30, "check_fail", server="web1"), duration_s=60))
    if sick.owners(VIP, 59) != ("web2",):
        raise Miss(f"The check of web1 fails from 30 s on, and {holders_in_words(sick, VIP, 59)}.")
    both = run(
        variant(pair, at(30, "check_fail", server="web1"), at(30, "check_fail", server="web2"), duration_s=60)
    )
    if len(both.owners(VIP, 59)) != 1:
        raise Miss(f"The check fails on both servers, and {holders_in_words(both, VIP, 59)}.")
    demand_taken(pair)
    return "One owner, a quick takeover, a check that counts, and no line that keepalived ignores."


@exercise("11-twice", "a scenario in which .101 goes and comes back")
def twice(answer: Any) -> str:
    given = scenario(answer)
    if IP1 not in given.virtual_addresses():
        raise NotUnderstood(f"This is another cluster: nobody there has {IP1}.")
    trace = run(given)
    moves = [span.servers for span in trace.holders(IP1) if span.servers]
    route = [servers for place, servers in enumerate(moves) if place == 0 or moves[place - 1] != servers]
    told = ", then ".join(" and ".join(servers) for servers in route) or "nobody"
    if len(route) < 3 or route[0] != (S1,) or route[-1] != (S1,):
        raise Miss(f"In your run {IP1} is with {told}.")
    if all(S1 in servers for servers in route):
        raise Miss(f"In your run {IP1} is with {told}: {S1} has it all the time.")
    if not trace.of(ActionEvent):
        raise NotUnderstood("Something has to happen in it: add actions.")
    return f"{IP1} is with {told}."
