"""The key to ``13_change_the_protocol``."""

from __future__ import annotations

from vrrplab.exercises.key import Solution

SKEW = """\
def in_order(me):
    last = int(me.address.rpartition(".")[2])
    return (256 - me.priority) * 1_000 + last * 2_000
"""
ANSWER = """\
def last_word(heard):
    return "advert" if heard.is_better else "advert+garp"
"""
ANNOUNCE = """\
def rarer_and_rarer(done):
    return done.interval_us * 2 ** (done.times - 1)
"""

SOLUTIONS = {
    "13-skew": Solution(
        "in_order",
        "A thousandth of a second for each step of the priority keeps the order, and is a quarter of a second"
        " at most; equals are two thousandths apart by their addresses, which is more than a timer errs by.",
        SKEW,
    ),
    "13-answer": Solution(
        "last_word",
        "The one that gives way says so first. The better one then hears a worse advert, and has a reason to"
        " announce. keepalived has that as an option, higher_prio_send_advert.",
        ANSWER,
    ),
    "13-announce": Solution(
        "rarer_and_rarer",
        "Waiting twice as long each time is never later than the loss has lasted already, and twelve times in"
        " an hour.",
        ANNOUNCE,
    ),
}
