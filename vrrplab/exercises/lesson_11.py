"""Judges of ``11_your_own_cluster``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vrrplab.config.reader import config_text
from vrrplab.data_files import data_path
from vrrplab.errors import VrrplabError
from vrrplab.exercises.answers import scenario
from vrrplab.exercises.lesson_03 import edit_table
from vrrplab.exercises.observe import IP1, S1, demand_taken, holders_in_words, run
from vrrplab.exercises.registry import Miss, NotUnderstood, exercise
from vrrplab.notebook.configs import Configurations, configs
from vrrplab.notebook.variants import at, variant
from vrrplab.scenario.model import Scenario
from vrrplab.trace.events import ActionEvent
from vrrplab.units import seconds

VIP = "10.1.0.80"
WEB = {"web1", "web2"}
SHARED_S = 10.0  # two MASTERs for so long are no hiccup of a takeover


def pair_of(lesson: str) -> Configurations:
    """The nodes whose files are in a folder of the lessons' own; by their text, wherever that folder is."""
    files = sorted(data_path("configs", f"lesson-{lesson}").glob("*.conf"))
    return configs(**{file.stem: config_text(file) for file in files})


def broken_pair() -> Configurations:
    """web1 and web2, with the faults that exercise 11-repair is about."""
    return pair_of("broken")


def _repaired(answer: Any) -> Scenario:
    if isinstance(answer, Configurations):
        if {node.name for node in answer.nodes} != WEB:
            raise NotUnderstood("These are files of other servers: web1 and web2 are to be repaired.")
        return answer.scenario()
    whole = dict(answer) if isinstance(answer, Mapping) else {}
    if whole and set(whole) <= WEB and all(isinstance(v, str) for v in whole.values()):
        texts = {node.name: node.config.text or "" for node in broken_pair().nodes}
        return configs(**{**texts, **whole}).scenario()
    return variant(broken_pair().scenario(), edit=edit_table(answer))


@exercise("11-line", "a failure in one line, and two MASTERs")
def line(answer: Any) -> str:
    if not isinstance(answer, str) or not answer.strip():
        raise NotUnderstood('A failure here is one line of text, like "web1 eth0 at 10".')
    try:
        scenario = pair_of("web").scenario(answer)
    except VrrplabError as error:
        raise NotUnderstood(f"This is no failure of these two. {error}") from None
    trace = run(scenario)
    end_s = seconds(trace.end_us)
    both = [span for span in trace.holders(VIP) if len(span.servers) > 1]
    shared_s = max((seconds((span.to_us or trace.end_us) - span.from_us) for span in both), default=0.0)
    if shared_s < SHARED_S:
        told = f"both have {VIP} for {shared_s:.1f} s only" if both else "it is never with two at once"
        raise Miss(f"In that run {told}; {holders_in_words(trace, VIP, end_s)}.")
    return f"Both have {VIP} for {shared_s:.1f} s: web2 hears nothing, and nobody takes it from web1."


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
