"""One line an event: time, server, what. For reading along, and for grep."""

from __future__ import annotations

from collections import Counter

from vrrplab.limits import LINES_AT_ONCE
from vrrplab.output.printable import printable
from vrrplab.output.text_columns import padded
from vrrplab.tell.words import action_in_words, either_in_words
from vrrplab.trace import Trace
from vrrplab.trace.events import (
    ActionEvent,
    AdvertFailedEvent,
    AdvertReceivedEvent,
    AdvertSentEvent,
    LogEvent,
    MacLearnedEvent,
    NotifyEvent,
    OutageEvent,
    PriorityEvent,
    RouteEvent,
    ScenarioEvent,
    ScriptEvent,
    StateEvent,
    TraceEvent,
    UndecidedEvent,
    WarningEvent,
)
from vrrplab.units import Micros, format_s

QUIET = (ScenarioEvent, AdvertReceivedEvent, MacLearnedEvent)  # the log shows what a person would look for

MANY = (LogEvent, WarningEvent)  # one for each word of a file that somebody wrote


def render(trace: Trace) -> str:
    """The trace as lines; what every receiver got is left out (it is in ``jsonl``)."""
    shown: list[str] = []
    count: Counter[tuple[str, str, Micros]] = Counter()
    left: dict[int, tuple[TraceEvent, tuple[str, str, Micros]]] = {}  # place -> what is counted there
    for event in trace:
        if isinstance(event, QUIET):
            continue
        if isinstance(event, MANY):
            at = event.event, event.server, event.t_us
            count[at] += 1
            if count[at] > LINES_AT_ONCE.most:
                if count[at] == LINES_AT_ONCE.most + 1:
                    left[len(shown)] = event, at
                    shown.append("")
                continue
        shown.append(line(event))
    for place, (event, at) in left.items():
        shown[place] = f"{_head(event, 6)} {and_more(count[at] - LINES_AT_ONCE.most)}"
    return "\n".join(shown) + "\n" if shown else ""


def and_more(count: int) -> str:
    return f"… and {count:,} more like this at this moment"


def line(event: TraceEvent, places: int = 6) -> str:
    """e.g. ``   12.000000 proxy-serv01  state  proxy_ip1 MASTER -> FAULT: interface eth0 is down``.

    ``places``: decimals of the time; with 3 the line is for a narrow column, unaligned.
    """
    if places < 6:
        return printable(
            f"{format_s(event.t_us, places)} {_who(event)} {event.event}: {_what(event)}".rstrip()
        )
    return printable(f"{_head(event, places)} {_what(event)}".rstrip())


def _head(event: TraceEvent, places: int) -> str:
    return f"{format_s(event.t_us, places):>12} {padded(_who(event), 14)} {padded(event.event, 15)}"


def _who(event: TraceEvent) -> str:
    return event.server or str(event.fields.get("client", "-"))


def _what(event: TraceEvent) -> str:
    match event:
        case ActionEvent():
            return action_in_words(event)
        case StateEvent(from_=old, to=new, reason=reason) | PriorityEvent(from_=old, to=new, reason=reason):
            return f"{event.instance} {old} -> {new}" + (f": {reason}" if reason else "")
        case AdvertSentEvent():
            return f"{event.instance} VRID {event.vrid} priority {event.priority} to {event.destination}"
        case AdvertFailedEvent() if not event.address:
            return f"{event.instance} VRID {event.vrid} priority {event.priority}: {event.reason}"
        case LogEvent():
            return event.line
        case OutageEvent():
            until = "the end" if event.to_s is None else f"{event.to_s:.3f}"
            when = f"from {event.from_s:.3f} to {until} ({event.lost} lost)"
            return f"{event.kind} {event.target} no answer {when}"
        case WarningEvent():
            return event.text
        case ScriptEvent():
            counts = ", which counts" if event.changed else ""
            return f"{event.script}: {event.result} (exit {event.exit}{counts})"
        case UndecidedEvent():
            return either_in_words(event)
        case RouteEvent():
            return event.text.replace("\t", " ")
        case NotifyEvent():
            return " ".join([event.script, *map(str, event.arguments)])
    rest = {k: v for k, v in event.fields.items() if k not in ("server", "client", "frame")}
    return " ".join(f"{k}={v}" for k, v in rest.items())
