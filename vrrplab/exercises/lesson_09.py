"""Judges of ``09_how_fast_can_it_be``, and the two experiments that the notebook repeats many times."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

from vrrplab.exercises.answers import number
from vrrplab.exercises.observe import S1, page_outages, run
from vrrplab.exercises.registry import Miss, NotUnderstood, exercise
from vrrplab.notebook.growing import grow
from vrrplab.notebook.variants import at, variant
from vrrplab.scenario.model import Scenario
from vrrplab.trace import Trace
from vrrplab.trace.events import AdvertSentEvent, StateEvent

if TYPE_CHECKING:
    from vrrplab.notebook.sweeps import Sweep

BASE = "lesson-two-routers"


def fast(advert_int: float) -> dict[str, str]:
    """The edit that sets the advert interval (version 3) of both routers, in seconds."""
    return {"advert_int 1": f"advert_int {advert_int:g}"}


@cache
def _with(advert_int: float) -> Scenario:
    return variant(BASE, edit=fast(advert_int))


def failover_s(advert_int: float, seed: int, loss: float = 0.0) -> float:
    """Seconds from a power cut at a random moment (from ``seed``) until r2 is MASTER."""
    # r1 is MASTER after 3.4 intervals; then one interval holds every phase there is
    moment = round(0.5 + advert_int * Random(seed).uniform(5, 6), 6)
    actions = [at(moment, "power_off", server="r1")]
    if loss:
        actions.append(at(0, "segment_fault", segment="lan", loss=loss))
    length = moment + 6 * advert_int + 1
    trace = run(variant(_with(advert_int), *actions, seed=seed, duration_s=length))
    spans = [s for s in trace.states("office", "r2") if s.state == "MASTER" and s.to_s > moment]
    return max(0.0, spans[-1].from_s - moment) if spans else float("inf")


def false_alarms(advert_int: float, loss: float, minutes: int = 10) -> int:
    """How often r2 takes over although r1 is well, on a network that loses this share of all packets."""
    return sum(takeovers(lossy(advert_int, loss, seed)) for seed in range(minutes))


def lossy(advert_int: float, loss: float, seed: int = 0) -> Trace:
    """A minute on such a network, after ten quiet seconds."""
    bad = at(10, "segment_fault", segment="lan", loss=loss)
    return run(variant(_with(advert_int), bad, seed=seed, duration_s=70))


def takeovers(trace: Trace) -> int:
    """How often r2 became MASTER after the start."""
    return sum(e.to == "MASTER" and e.t > 10 for e in trace.of(StateEvent, server="r2"))


def curve(many: Sweep) -> Any:
    """False failovers a day against the time until a real one, an interval a point, while the runs come."""
    return grow(many, lambda so_far: so_far.trade_off())


@exercise("09-half", "what advert_int 0.5 is in version 2")
def half(answer: Any) -> str:
    guess = number(answer, "0.5")
    trace = run(variant("article-steady", edit={"priority ": "advert_int 0.5\n    priority "}))
    sent = [e.t for e in trace.of(AdvertSentEvent, server=S1, instance="proxy_ip1") if e.t > 5]
    apart = sent[1] - sent[0]
    if abs(guess - apart) > 0.01:
        raise Miss(
            f"In the run, between 5 s and 15 s, {sum(5 < t < 15 for t in sent)} adverts are sent for"
            f" proxy_ip1."
        )
    return f"Every {apart:.1f} s: version 2 has room for whole seconds only, and keepalived rounds."


@exercise("09-three", "how probable a false alarm is")
def three(answer: Any) -> str:
    guess = number(answer, "0.1")
    if not 0 <= guess <= 1:
        raise NotUnderstood("A probability is a number from 0 to 1.")
    rng, runs = Random(1), 200_000
    hits = sum(rng.random() < 0.2 and rng.random() < 0.2 and rng.random() < 0.2 for _ in range(runs))
    if abs(guess - hits / runs) > 0.0015:
        side = "more" if guess < hits / runs else "fewer"
        raise Miss(
            f"Of {runs:,} times three adverts, {guess * runs:,.0f} would have been lost altogether; {side}"
            f" were."
        )
    return f"Three in a row: 0.2 x 0.2 x 0.2. In {runs:,} trials {hits:,} times."


@exercise("09-compromise", "fast, and still calm")
def compromise(answer: Any) -> str:
    interval = number(answer, "0.5")
    if not 0.01 <= interval <= 40:
        raise NotUnderstood("advert_int goes from 0.01 to 40 s in version 3.")
    slowest = max(failover_s(interval, seed) for seed in range(12))
    if slowest > 1.2:
        raise Miss(f"Of twelve power cuts one costs {slowest:.2f} s.")
    alarms = false_alarms(interval, 0.1)
    if alarms > 2:
        raise Miss(
            f"At most {slowest:.2f} s after a power cut. But in ten minutes with 10 % loss, false alarms:"
            f" {alarms}."
        )
    return (
        f"At most {slowest:.2f} s after a power cut. In ten minutes with 10 % loss, false alarms: {alarms}."
    )


@cache
def _worst_crash_s() -> float:
    """The longest wait for a page of fifteen crashes of Squid, spread over one interval of its check."""
    edit = {"priority ": "version 3\n    advert_int 0.1\n    priority "}
    return max(page_outages([12 + step / 5 for step in range(15)], edit).values())


@exercise("09-squid", "what fast adverts do for a crashed Squid")
def squid(answer: Any) -> str:
    guess = number(answer, "0.5")
    worst = _worst_crash_s()
    if abs(guess - worst) > 0.3:
        side = "more" if guess < worst else "less"
        raise Miss(f"Fifteen crashes, spread over three seconds: the worst costs {side} than {guess:g} s.")
    return f"{worst:.2f} s: the check comes every 3 s, and no advert is faster than the check."
