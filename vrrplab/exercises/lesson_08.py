"""Judges of ``08_notify_and_squid``."""

from __future__ import annotations

from typing import Any

from vrrplab.exercises.answers import whole
from vrrplab.exercises.lesson_03 import edit_table
from vrrplab.exercises.observe import (
    IP1,
    IP2,
    S1,
    S2,
    demand_normal,
    demand_taken,
    holders_in_words,
    length_s,
    longest,
    outage_s,
    run,
    taken_s,
)
from vrrplab.exercises.registry import Miss, exercise
from vrrplab.notebook.variants import at, variant
from vrrplab.trace.events import LogEvent, NotifyEvent

BOUND = {"squid": {"listen": [IP1, IP2]}}
NOTIFY = {"priority ": 'notify "/etc/keepalived/told.sh"\n    priority '}


@exercise("08-count", "how often serv01 is told MASTER in drill 1")
def count(answer: Any) -> str:
    guess = whole(answer, 0, 100, "3")
    trace = run(variant("article-drill-1-lan-nic", edit=NOTIFY))
    told = [e for e in trace.of(NotifyEvent, server=S1, instance="proxy_ip1") if e.arguments[2] == "MASTER"]
    if guess != len(told):
        few = "more often" if guess < len(told) else "less often"
        raise Miss(
            f"In the run the script is told so {few}. Count its lines for proxy_ip1 on {S1}, start included."
        )
    return f"{len(told)} times: {', '.join(f'at {e.t:.2f} s' for e in told)}."


@exercise("08-last", "the last argument of notify at the takeover")
def last(answer: Any) -> str:
    guess = whole(answer, 0, 255, "7")
    trace = run(variant("article-drill-1-lan-nic", edit=NOTIFY))
    taken = next(e for e in trace.of(NotifyEvent, server=S2, instance="proxy_ip1") if "MASTER" in e.arguments)
    said = taken.arguments
    if str(guess) != said[-1]:
        raise Miss(
            f"At {taken.t:.2f} s the script on {S2} gets {' '.join(said[:-1])} and one more word, which is"
            f" not {guess}."
        )
    return f"{' '.join(said)}: the priority of {S2}."


@exercise("08-bound", "a crashed Squid, started again by keepalived")
def bound(answer: Any) -> str:
    edit = edit_table(answer)
    crash = at(12, "service_kill", server=S1, service="squid")
    trace = run(variant("article-steady", crash, services=BOUND, edit=edit, duration_s=40))
    demand_normal(trace, 11)
    for address in (IP1, IP2):
        gap = longest(trace, address, "http")
        if gap and length_s(trace, gap) > 4:
            end = "the end" if gap.to_s is None else f"{gap.to_s:.2f} s"
            told = [
                e
                for e in trace.of(NotifyEvent)
                if gap.from_s - 0.5 <= e.t and (gap.to_s is None or e.t < gap.to_s)
            ]
            heard = f"{len(told)} notify scripts ran meanwhile" if told else "no notify script ran"
            raise Miss(f"{address} serves no page from {gap.from_s:.2f} s to {end}; {heard}.")
    if trace.owners(IP1, 39) != (S1,):
        raise Miss(
            f"Pages are served, but {holders_in_words(trace, IP1, 39)}:"
            f" nobody has started Squid on {S1} again."
        )
    demand_taken(variant("article-steady", edit=edit))
    home = taken_s(trace, IP1, S1, 12) or 0.0
    out_s = outage_s(trace, IP1, "http")
    return f"{IP1} serves no page for {out_s:.2f} s, and at {home:.2f} s it is at home again."


@exercise("08-security", "no grumbling about scripts in the log")
def security(answer: Any) -> str:
    edit = edit_table(answer)
    stop = at(12, "service_kill", server=S1, service="squid")
    trace = run(variant("article-steady", stop, edit=edit, duration_s=30))
    demand_normal(trace, 11)
    grumbles = [str(e.line) for e in trace.of(LogEvent) if "SECURITY" in e.line or "Script user" in e.line]
    if grumbles:
        raise Miss(f"The log still says {grumbles[0]!r}.")
    if trace.owner(IP1, 25) != S2:
        raise Miss(
            f"The log is quiet, and when Squid dies nobody takes over: is the check still there? {IP1} stays."
        )
    demand_taken(variant("article-steady", edit=edit))
    return "A named user, and only scripts that nobody else can change: keepalived is content."
