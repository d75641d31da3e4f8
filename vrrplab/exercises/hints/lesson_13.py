"""Hints for ``13_change_the_protocol``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_13 import DEAF_FROM_S, deaf, split, trio
from vrrplab.exercises.observe import IP1, S1, S2, outage_s, run
from vrrplab.machine.policy import Announced, Heard, Waiting
from vrrplab.notebook.measures import silence_s
from vrrplab.notebook.variants import at
from vrrplab.trace.events import GarpSentEvent


def _two_of_three() -> str:
    def coarse(me: Waiting) -> int:
        return 5_000 * (150 - me.priority)

    trace = run(trio((150, 120, 110), at(7, "power_off", server="r1"), skew_us=coarse))
    silence, nearest = silence_s(trace, "r2"), coarse(Waiting(3, 110, 0)) - coarse(Waiting(3, 120, 0))
    return (
        f"With 5,000 microseconds for each step below 150, a router of priority 120 takes over after"
        f" {silence:.3f} s, and one of 110 would have done so {nearest / 1000:.0f} ms later. Two of 120 would"
        " not differ at all: what else does `me` know of itself?"
    )


def _nothing_said() -> str:
    def silent(heard: Heard) -> str:
        return "nothing"

    ways = [[S1, S2], [S2, S1]]
    trace = run(split(ways, 7, 16, answer=silent).changed(duration_us=60_000_000))
    sent = sum(e.t > 16 and e.address == IP1 for e in trace.of(GarpSentEvent))
    return (
        f"If nobody answers anybody, {IP1} is silent for {outage_s(trace, IP1):.1f} s, and after the repair"
        f" {sent} GARPs are sent for it. The worse MASTER hears the better one first and is quiet from then"
        " on; who could still tell the better one that there was another?"
    )


def _every_four() -> str:
    def steady(done: Announced) -> int:
        return 4_000_000

    trace = run(deaf(3, announce_again_us=steady))
    first = next(e.t for e in trace.of(GarpSentEvent, server=S2) if e.t > DEAF_FROM_S + 3)
    return (
        "Every 4 s: 900 times in an hour, and after a loss of 3 s the next one comes"
        f" {first - DEAF_FROM_S - 3:.1f} s later. A rule may wait longer, the more often it has announced"
        " already."
    )


HINTS = {
    "13-skew": Hint(
        "“What was the skew for?”: the film shows which two of them had the same skew.",
        "The order comes from the priority; for equals it must come from something else that differs. Between"
        " any two there must be more than what a timer errs by, and all together must stay below the limit.",
        _two_of_three,
    ),
    "13-answer": Hint(
        "“Whom to answer”: in the film, look at what the worse MASTER sends when it hears the better one.",
        "A MASTER announces when it hears a worse advert. So it must hear one, whoever speaks first after the"
        " repair; and who gives way may still answer.",
        _nothing_said,
    ),
    "13-announce": Hint(
        "“When to say it again”: the wait may depend on how often it has announced already.",
        "After a loss the next announcement must come within the time that the loss has lasted, and a second:"
        " early ones close together, late ones far apart.",
        _every_four,
    ),
}
