"""Judges of ``00_start_here``."""

from __future__ import annotations

from typing import Any

from vrrplab.exercises.answers import one_of
from vrrplab.exercises.observe import IP1, IP2, S1, S2, became, gaps_in_words, holders_in_words, run
from vrrplab.exercises.registry import Miss, NotUnderstood, exercise
from vrrplab.notebook.variants import at, variant


def actions(answer: Any, example: str) -> list[dict[str, Any]]:
    """One action or a list of them, as ``at`` makes them."""
    given = [answer] if isinstance(answer, dict) else answer
    if not isinstance(given, list | tuple) or not all(isinstance(a, dict) and "action" in a for a in given):
        raise NotUnderstood(f"The answer here is made with at(…), like {example}.")
    if not given or len(given) > 20:
        raise NotUnderstood("One action is needed, and not more than twenty.")
    return [dict(action) for action in given]


@exercise("00-both", "who serves .102 while serv01 is cut off")
def both(answer: Any) -> str:
    named = one_of(answer, [S1, S2, "nobody"], "a server's name in quotes, or 'nobody'")
    trace = run(variant("article-steady", at(12, "link_down", server=S1, interface="eth0")))
    owner = trace.owner(IP2, 20) or "nobody"
    if named != owner:
        states = trace.state_at(20, named, "proxy_ip2") if named != "nobody" else ""
        seen = f"At 20 s proxy_ip2 on {named} is {states}" if states else holders_in_words(trace, IP2, 20)
        raise Miss(f"{seen}. Look at the lane of {IP2} in the figure.")
    return f"{holders_in_words(trace, IP2, 20)}, as before, and {IP1} too: it carries both now."


@exercise("00-dark", "two faults after which nobody has .101")
def dark(answer: Any) -> str:
    given = actions(answer, '[at(12, "power_off", server="proxy-serv01"), …]')
    # a minute more: Squid told to stop still has a process for half of one
    last_s = max((float(a["at_s"]) for a in given if isinstance(a.get("at_s"), int | float)), default=0)
    trace = run(variant("article-steady", *given, duration_s=last_s + 60))
    end_s = trace.end_us / 1e6
    if trace.owners(IP1, end_s):
        raise Miss(f"The run ends, and {holders_in_words(trace, IP1, end_s)}.")
    if len(given) > 2:
        raise Miss(f"{IP1} is gone, but you needed {len(given)} actions. Two are enough.")
    return f"Nobody has {IP1} any more: {gaps_in_words(trace)}. One spare server survives one fault, not two."


@exercise("00-unnoticed", "a takeover that no client notices")
def unnoticed(answer: Any) -> str:
    given = actions(answer, 'at(12, "link_down", server="proxy-serv01", interface="eth0")')
    trace = run(variant("article-steady", *given, duration_s=60))
    taken = became(trace, "MASTER", S2, "proxy_ip1")
    if taken is None:
        raise Miss(f"Nobody takes over: proxy_ip1 on {S2} is never MASTER.")
    gaps = gaps_in_words(trace)
    if gaps:
        raise Miss(f"{S2} takes over at {taken:.2f} s, and somebody notices: {gaps}.")
    return (
        f"{S2} becomes MASTER at {taken:.2f} s and no probe is lost: the old server still answered until"
        f" the new"
        " one said where the address is now."
    )
