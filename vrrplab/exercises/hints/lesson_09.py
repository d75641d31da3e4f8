"""Hints for ``09_how_fast_can_it_be``."""

from __future__ import annotations

from random import Random

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_09 import failover_s, false_alarms
from vrrplab.exercises.observe import S1, page_outages, run
from vrrplab.notebook.variants import variant
from vrrplab.trace.events import AdvertSentEvent


def _two_and_a_half() -> str:
    trace = run(variant("article-steady", edit={"priority ": "advert_int 2.5\n    priority "}))
    sent = [e.t for e in trace.of(AdvertSentEvent, server=S1, instance="proxy_ip1") if e.t > 1]
    return f"With advert_int 2.5 in version 2, {sent[1] - sent[0]:.1f} s lie between two adverts."


def _two_of_ten() -> str:
    rng, runs = Random(2), 200_000
    hits = sum(rng.random() < 0.1 and rng.random() < 0.1 for _ in range(runs))
    return (
        f"Two in a row, each with probability 0.1: 0.1 × 0.1 = 0.01. In {runs:,} trials it was {hits:,}"
        f" times, a share of {hits / runs:.4f}."
    )


def _a_tenth() -> str:
    slowest = max(failover_s(0.1, seed) for seed in range(12))
    return (
        f"With advert_int 0.1 the slowest of twelve power cuts costs {slowest:.2f} s, which is far below 1.2"
        f" s; ten minutes with 10 % loss cause {false_alarms(0.1, 0.1)} false alarms. So it may be slower."
    )


def _every_second() -> str:
    edit = {"priority ": "version 3\n    advert_int 0.1\n    priority ", "interval 3": "interval 1"}
    worst = max(page_outages([12 + step / 10 for step in range(10)], edit, 15).values())
    return f"With interval 1 and advert_int 0.1 the worst of ten crashes within a second costs {worst:.2f} s."


HINTS = {
    "09-half": Hint(
        "The answer to the first guess of this notebook: so many adverts in ten seconds.",
        "Version 2 has whole seconds only, and keepalived rounds what the file says.",
        _two_and_a_half,
    ),
    "09-three": Hint(
        "“First price: lost adverts”: each advert is lost or not, whatever became of the one before.",
        "What happens independently is multiplied: the probability of all three is the product.",
        _two_of_ten,
    ),
    "09-compromise": Hint(
        "The table with two networks, and the one under “What is reasonable?”.",
        "A power cut costs at most 3.6 intervals or so: that bounds the interval from above. The longer the"
        " interval, the fewer chances for three losses in a row: take the longest that is allowed, or"
        " nearly.",
        _a_tenth,
    ),
    "09-squid": Hint(
        "In the last figure: which part of the outage is the longest, and does `advert_int` change it?",
        "At worst Squid crashes just after a check: one whole interval of the check, and then the skew, which"
        " is short here.",
        _every_second,
    ),
}
