"""Hints for ``04_three_drills``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.observe import IP1, S1, S2, outage_s, run
from vrrplab.notebook.variants import at, variant
from vrrplab.trace.events import LogEvent


def _stopped_or_dead() -> str:
    ways = {
        name: outage_s(run(variant("article-steady", at(12, name, server=S1))), IP1, "http")
        for name in ("daemon_stop", "power_off")
    }
    return (
        f"A keepalived that is told to stop on {S1}: {ways['daemon_stop']:.2f} s, with a farewell. The power"
        f" cut: {ways['power_off']:.2f} s, without one. A drill in which nobody notices the fault at all for"
        " half a minute has that half minute in front of it."
    )


def _short_shutdown() -> str:
    lasted = {}
    for step in range(15):
        stop = at(12 + step / 5, "service_stop", server=S1, service="squid")
        trace = run(variant("article-steady", stop, services="squid: shutdown_s 5", duration_s=40))
        lasted[12 + step / 5] = outage_s(trace, IP1, "http")
    late = max(lasted, key=lambda moment: lasted[moment])
    return (
        "With a shutdown_lifetime of 5 s, Squid was stopped at fifteen moments of three seconds. The worst:"
        f" {lasted[late]:.2f} s, at {late:g} s. That is 5 s, nearly a whole interval of the check, and the"
        " skew."
    )


def _first_lines() -> str:
    told = []
    for action in ("daemon_stop", "power_off"):
        trace = run(variant("article-steady", at(12, action, server=S1)))
        lines = [e.line for e in trace.of(LogEvent, server=S2) if e.t > 12 and "proxy_ip1" in e.line]
        told.append(f"After {action} on {S1} the log of {S2} begins with {lines[0]!r}")
    return f"{'. '.join(told)}. Which failure is like which?"


def _ten_seconds() -> str:
    services = "squid: shutdown_s 10"
    lost = outage_s(run(variant("article-drill-3-squid", services=services)), IP1, "http")
    return (
        f'With services="{services}" drill 3 takes {lost:.2f} s: 10 s until the process ends, and the rest as'
        " before."
    )


HINTS = {
    "04-order": Hint(
        "The three answers of `compare` above have the seconds of each drill.",
        "With a farewell only the skew is waited for, without one three intervals as well. And what nobody"
        " notices is not even waited for yet.",
        _stopped_or_dead,
    ),
    "04-worst": Hint(
        "`squid -k check` asks for a process. When does the process end, and when does the next check run?",
        "The worst case is the sum of all three parts at their longest: until the process ends, until the"
        " next check, and the skew.",
        _short_shutdown,
    ),
    "04-detective": Hint(
        "Look in the colleague's log for what is missing: a MASTER that can still speak says goodbye.",
        "The farewell goes out through eth0. Where it arrives, the log says that priority 0 was received;"
        " where it does not, it says that the time for adverts has run out.",
        _first_lines,
    ),
    "04-faster": Hint(
        "In the anatomy of the three drills: which part of drill 3 is the longest?",
        "Either the process ends sooner, which is Squid's own option, or the check asks for what clients"
        " need, a page through port 3128, and not for a process.",
        _ten_seconds,
    ),
}
