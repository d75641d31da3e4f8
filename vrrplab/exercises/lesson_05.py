"""Judges of ``05_tracking_and_weights``."""

from __future__ import annotations

from typing import Any

from vrrplab.exercises.answers import one_of, whole
from vrrplab.exercises.lesson_03 import edit_table
from vrrplab.exercises.observe import (
    IP1,
    S1,
    S2,
    demand_normal,
    demand_taken,
    holders_in_words,
    page_outages,
    run,
    taken_s,
)
from vrrplab.exercises.registry import Miss, exercise
from vrrplab.notebook.variants import at, variant
from vrrplab.trace.events import PriorityEvent, ScriptEvent

PAIR = {"priority 255": "priority 150"}
DEAD = at(12, "service_kill", server=S1, service="squid")
DEAD_TOO = at(12, "service_kill", server=S2, service="squid")


def _weighted(weight: int) -> dict[str, str]:
    return {**PAIR, "interval 3": f"interval 3\n    weight {weight}"}


@exercise("05-smallest", "the smallest penalty that works, 150 against 100")
def smallest(answer: Any) -> str:
    weight = whole(answer, -253, 253, "-20")
    if weight == 0:
        raise Miss("Weight 0 is no penalty: the log says Entering FAULT STATE, and the priority stays 150.")
    trace = run(variant("article-steady", DEAD, edit=_weighted(weight), duration_s=40))
    at_end = trace.owners(IP1, 35)
    if weight > 0:
        raise Miss(
            f"A positive weight is a reward for the healthy, on both servers:"
            f" {holders_in_words(trace, IP1, 35)}."
        )
    if at_end != (S2,):
        left = [e.to for e in trace.of(PriorityEvent, server=S1, instance="proxy_ip1")]
        raise Miss(
            f"Squid died at 12 s, {S1} still says {left[-1] if left else 150}, and"
            f" {holders_in_words(trace, IP1, 35)}."
        )
    gentler = run(variant("article-steady", DEAD, edit=_weighted(weight + 1), duration_s=40))
    if gentler.owners(IP1, 35) == (S2,):
        raise Miss(f"It works, and {weight + 1} works as well.")
    return f"{150 + weight} is less than 100, and {151 + weight} is not."


@exercise("05-nobody", "who has .101 when both Squids are dead")
def nobody(answer: Any) -> str:
    choice = one_of(answer, [S1, S2, "nobody"], "a server's name in quotes, or 'nobody'")
    trace = run(variant("article-steady", DEAD, DEAD_TOO, duration_s=40))
    owner = trace.owner(IP1, 35) or "nobody"
    if choice != owner:
        if choice == "nobody":
            raise Miss(f"In the run {holders_in_words(trace, IP1, 35)}.")
        raise Miss(f"At 35 s proxy_ip1 on {choice} is {trace.state_at(35, choice, 'proxy_ip1')}.")
    return (
        "Both are in FAULT, and nobody has the address: without a weight, a wrong check takes"
        " everything down."
    )


@exercise("05-repair", "weights that move the address, and never lose it")
def repair(answer: Any) -> str:
    edit = edit_table(answer)
    usual = run(variant("article-steady", edit=edit, duration_s=30))
    demand_normal(usual, 25)
    one = run(variant("article-steady", DEAD, edit=edit, duration_s=40))
    if one.owners(IP1, 35) != (S2,):
        raise Miss(f"Squid dies on {S1} at 12 s, and {holders_in_words(one, IP1, 35)}.")
    both = run(variant("article-steady", DEAD, DEAD_TOO, edit=edit, duration_s=40))
    if len(both.owners(IP1, 35)) != 1:
        raise Miss(f"Both Squids die at 12 s, and {holders_in_words(both, IP1, 35)}.")
    demand_taken(variant("article-steady", edit=edit))
    taken = taken_s(one, IP1, S2, 12) or 0.0
    return f"One dead Squid: {S2} from {taken:.2f} s on. Two dead Squids: {holders_in_words(both, IP1, 35)}."


@exercise("05-quick", "a crash of Squid repaired within 2 s")
def quick(answer: Any) -> str:
    edit = edit_table(answer)
    found = page_outages([12 + step / 10 for step in range(10)], edit)
    when, worst = max(found.items(), key=lambda one: one[1])
    if worst >= 2:
        raise Miss(f"Squid crashes at {when:g} s, and {IP1} serves no page for {worst:.2f} s.")
    demand_taken(variant("article-steady", edit=edit))
    return f"{worst:.2f} s at worst, over ten moments."


@exercise("05-glitch", "a check that forgives one bad moment")
def glitch(answer: Any) -> str:
    edit = edit_table(answer)
    calm = run(variant("article-steady", edit=edit, duration_s=60))
    demand_normal(calm, 11)
    ended = next((e.t for e in calm.of(ScriptEvent, server=S1) if e.t > 12), None)
    if ended is None:
        raise Miss(f"From 12 s on, no check runs on {S1} for {60 - 12} s.")
    glitch = (at(ended - 0.05, "check_fail", server=S1), at(ended, "check_pass", server=S1))
    trace = run(variant("article-steady", *glitch, edit=edit, duration_s=ended + 30))
    taken = taken_s(trace, IP1, S2, 11)
    if taken is not None:
        raise Miss(
            f"One check at {ended:.1f} s fails, the next is fine, and {S2} takes over at {taken:.2f} s."
        )
    found = page_outages([12 + step * 1.3 for step in range(8)], edit, 60)
    lost, when = max((gap, moment) for moment, gap in found.items())
    if lost > 10:
        raise Miss(f"Squid really dies at {when:g} s, and {IP1} serves no page for {lost:.2f} s.")
    demand_taken(variant("article-steady", edit=edit))
    return f"One bad check is forgiven. A dead Squid costs up to {lost:.2f} s now; patience has its price."
