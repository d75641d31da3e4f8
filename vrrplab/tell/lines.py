"""One line an event: time, server, what. For reading along, and for grep."""

from __future__ import annotations

from vrrplab.output.terminal import printable
from vrrplab.tell.words import action_in_words
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
    ScenarioEvent,
    StateEvent,
    TraceEvent,
    WarningEvent,
)
from vrrplab.units import format_s

QUIET = (ScenarioEvent, AdvertReceivedEvent, MacLearnedEvent)  # the log shows what a person would look for


def render(trace: Trace) -> str:
    """The trace as lines; what every receiver got is left out (it is in ``jsonl``)."""
    shown = [line(event) for event in trace if not isinstance(event, QUIET)]
    return "\n".join(shown) + "\n" if shown else ""


def line(event: TraceEvent, places: int = 6) -> str:
    """e.g. ``   12.000000 proxy-serv01  state  proxy_ip1 MASTER -> FAULT: interface eth0 is down``.

    ``places``: decimals of the time; with 3 the line is for a narrow column, unaligned.
    """
    who = event.server or str(event.fields.get("client", "-"))
    if places < 6:
        return printable(f"{format_s(event.t_us, places)} {who} {event.event}: {_what(event)}".rstrip())
    return printable(
        f"{format_s(event.t_us, places):>12} {who:<14} {event.event:<15} {_what(event)}".rstrip()
    )


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
        case NotifyEvent():
            return " ".join([event.script, *map(str, event.arguments)])
    rest = {k: v for k, v in event.fields.items() if k not in ("server", "client", "frame")}
    return " ".join(f"{k}={v}" for k, v in rest.items())
