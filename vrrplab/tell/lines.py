"""One line an event: time, server, what. For reading along, and for grep."""

from __future__ import annotations

from vrrplab.tell.words import action_in_words, clean
from vrrplab.trace import Trace, TraceEvent
from vrrplab.units import format_s

QUIET = ("scenario", "advert_received", "mac_learned")  # the log shows what a person would look for


def render(trace: Trace) -> str:
    """The trace as lines; what every receiver got is left out (it is in ``jsonl``)."""
    shown = [line(event) for event in trace if event.event not in QUIET]
    return "\n".join(shown) + "\n" if shown else ""


def line(event: TraceEvent, places: int = 6) -> str:
    """e.g. ``   12.000000 proxy-serv01  state  proxy_ip1 MASTER -> FAULT: interface eth0 is down``.

    ``places``: decimals of the time; with 3 the line is for a narrow column, unaligned.
    """
    who = event.server or str(event.fields.get("client", "-"))
    if places < 6:
        return clean(f"{format_s(event.t_us, places)} {who} {event.event}: {_what(event)}".rstrip())
    return clean(f"{format_s(event.t_us, places):>12} {who:<14} {event.event:<15} {_what(event)}".rstrip())


def _what(event: TraceEvent) -> str:
    f = event.fields
    match event.event:
        case "action":
            return action_in_words(f)
        case "state" | "priority":
            reason = f": {f['reason']}" if f.get("reason") else ""
            return f"{event.instance} {f.get('from')} -> {f['to']}{reason}"
        case "advert_sent":
            return f"{event.instance} VRID {f['vrid']} priority {f['priority']} to {f['destination']}"
        case "advert_failed":
            return f"{event.instance} VRID {f['vrid']} priority {f['priority']}: {f['reason']}"
        case "log":
            return str(f["line"])
        case "outage":
            until = "the end" if f["to_s"] is None else f"{f['to_s']:.3f}"
            return f"{f['kind']} {f['target']} no answer from {f['from_s']:.3f} to {until} ({f['lost']} lost)"
        case "warning":
            return str(f.get("text", ""))
        case "notify":
            return " ".join([str(f.get("script", "")), *map(str, f.get("arguments", []))])
    rest = {k: v for k, v in f.items() if k not in ("server", "client", "frame")}
    return " ".join(f"{k}={v}" for k, v in rest.items())
