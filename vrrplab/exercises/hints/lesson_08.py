"""Hints for ``08_notify_and_squid``."""

from __future__ import annotations

from vrrplab.exercises.hints import Hint
from vrrplab.exercises.lesson_08 import BOUND, NOTIFY
from vrrplab.exercises.observe import IP1, S1, S2, holders_in_words, outage_s, run
from vrrplab.notebook.variants import at, variant
from vrrplab.trace.events import LogEvent, NotifyEvent, ScriptEvent

_OPEN = 'notify_master "/usr/sbin/squid -k reconfigure"'


def _told(server: str, word: str) -> list[NotifyEvent]:
    trace = run(variant("article-drill-1-lan-nic", edit=NOTIFY))
    calls = trace.of(NotifyEvent, server=server, instance="proxy_ip1")
    return [event for event in calls if event.arguments[2] == word]


def _the_other() -> str:
    calls = _told(S2, "MASTER")
    moments = " and ".join(f"{event.t:.2f} s" for event in calls)
    times = "once" if len(calls) == 1 else f"{len(calls)} times"
    return f"On {S2} the script is told {times} that proxy_ip1 is MASTER, at {moments}: it was BACKUP first."


def _at_start() -> str:
    first = _told(S1, "MASTER")[0]
    return (
        f"On {S1}, at {first.t:.2f} s, it gets {' '.join(first.arguments)}: its own priority for proxy_ip1."
    )


def _only_open() -> str:
    crash = at(12, "service_kill", server=S1, service="squid")
    edit = {"priority ": f"{_OPEN}\n    priority "}
    trace = run(variant("article-steady", crash, services=BOUND, edit=edit, duration_s=40))
    return (
        f"With {_OPEN} alone, pages of {IP1} are missing for {outage_s(trace, IP1, 'http'):.2f} s at most,"
        f" and {holders_in_words(trace, IP1, 39)}: on {S1} nobody has started Squid. In which state is it"
        " then?"
    )


def _half_done() -> str:
    block = {"vrrp_script chk": "global_defs {\n    enable_script_security\n}\n\nvrrp_script chk"}
    trace = run(variant("article-steady", edit=block, duration_s=12))
    lines = [str(e.line) for e in trace.of(LogEvent)]
    left = next(line for line in lines if "SECURITY" in line or "Script user" in line)
    ran = len(trace.of(ScriptEvent, server=S1))
    return (
        f"With enable_script_security alone in the block, the log still says {left!r}, and in 12 s the check"
        f" runs {f'{ran} times' if ran else 'not once'}: as whom should it?"
    )


HINTS = {
    "08-count": Hint(
        "The long list under “Notify scripts”, lines with INSTANCE proxy_ip1 MASTER.",
        "The script is told at each change of state: at the start, and when the address comes home.",
        _the_other,
    ),
    "08-last": Hint(
        "The table of the options: what does `notify` get behind the state?",
        "The last word is the priority of that instance on that server, as its own file says.",
        _at_start,
    ),
    "08-bound": Hint(
        "Which states does proxy_ip1 go through on proxy-serv01 when Squid crashes, and which on"
        " proxy-serv02?",
        "On the server that takes over, Squid runs and must open the address: notify_master. On the one whose"
        " Squid has crashed somebody must start it: there proxy_ip1 is in FAULT. The options may both stand"
        " in front of `priority `.",
        _only_open,
    ),
    "08-security": Hint(
        "“As whom do scripts run?” has two options. Each of the two lines asks for one of them.",
        "In global_defs: enable_script_security, and below it script_user with the name of somebody who"
        " exists on the server, above the script that it is about.",
        _half_done,
    ),
}
