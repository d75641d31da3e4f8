"""Hints for ``00_start_here``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.observe import IP1, IP2, S1, S2, became, gaps_in_words, holders_in_words, run
from vrrplab.notebook.variants import at, variant


def _other_cable() -> str:
    trace = run(variant("article-steady", at(12, "link_down", server=S2, interface="eth0")))
    after = f"{trace.owner(IP1, 20)} has it"
    return (
        f"Pull the office cable of {S2} instead, at 12 s. In that run {holders_in_words(trace, IP1, 10)}, and"
        f" at 20 s {after}: what happens to {S2} does not concern who carries {IP1} anyway."
    )


def _one_stop() -> str:
    trace = run(variant("article-steady", at(12, "daemon_stop", server=S1), duration_s=40))
    return (
        f'One fault alone, at(12, "daemon_stop", server="{S1}"): {gaps_in_words(trace)}, and'
        f" {holders_in_words(trace, IP1, 39)}. The second fault has to strike whoever has it then."
    )


def _told_to_stop() -> str:
    trace = run(variant("article-steady", at(12, "daemon_stop", server=S1), duration_s=60))
    taken = became(trace, "MASTER", S2, "proxy_ip1") or 0.0
    return (
        f"With daemon_stop {S2} is MASTER at {taken:.2f} s, and {gaps_in_words(trace)}: a keepalived that is"
        " told to stop takes its addresses off the card first. Which ending gives it no time for that?"
    )


HINTS = {
    "00-both": Hint(
        f"In the second figure, the whole drill, follow the lane of {IP2}: whose name is in its bar before"
        " 12 s, and whose after?",
        "An address leaves a server only when something is wrong with that server. So ask first who carried"
        f" {IP2} before the cable was pulled; the table under “Who is who” says it.",
        _other_cable,
    ),
    "00-dark": Hint(
        "Try one fault in the cluster and see where the badge .101 goes. Then look at what else would have to"
        " happen there.",
        "An address is gone when no server is left that may carry it. A server without power, without its"
        " office cable or without keepalived may not; a server without Squid gives it away, too.",
        _one_stop,
    ),
    "00-unnoticed": Hint(
        "In the list of actions, look for those after which the old server still has its power, its cables"
        " and its Squid.",
        "Clients ask the machine, not keepalived. While the old server has the address and Squid answers,"
        " nobody notices anything; and a BACKUP takes over because it hears no adverts, whatever the reason.",
        _told_to_stop,
    ),
}
