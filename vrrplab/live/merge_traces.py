"""Live traces of several processes on one clock, as one trace that every view draws.

Each process counts from its own start; the first event of its trace says where that lies on the machine's
monotonic clock, which all processes share. Watchers' traces are left out of the cast: they saw what the
routers tell themselves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vrrplab.trace import Trace
from vrrplab.trace.events import ScenarioEvent, TraceEvent, cast_fields
from vrrplab.units import Micros, micros


def merge(traces: list[Trace], name: str = "live") -> Trace:
    """One trace of several live ones; time 0 is the earliest start. Traces without a clock are refused."""
    begun = [_began_us(trace) for trace in traces]
    zero_us = min(begun, default=0)
    events: list[TraceEvent] = []
    end_us: Micros = 0
    for trace, began_us in zip(traces, begun, strict=True):
        shift_us = began_us - zero_us
        end_us = max(end_us, trace.end_us + shift_us)
        events += [_moved(event, shift_us) for event in trace if not isinstance(event, ScenarioEvent)]
    events.sort(key=lambda event: event.t_us)
    head = ScenarioEvent(0, content=_cast([trace.scenario for trace in traces], name))
    return Trace([head, *events], end_us=end_us)


def _began_us(trace: Trace) -> Micros:
    clock = trace.scenario.get("clock")
    if not isinstance(clock, dict):
        raise ValueError(f"{trace!r} is not live: its first event tells of no clock")
    return micros(clock["monotonic_s"])


def _moved(event: TraceEvent, shift_us: Micros) -> TraceEvent:
    return replace(event, t_us=event.t_us + shift_us)


def _cast(casts: list[dict[str, Any]], name: str) -> dict[str, Any]:
    segments: dict[str, Any] = {}
    servers: dict[str, Any] = {}
    for cast in casts:
        segments |= cast.get("segments") or {}
        servers |= cast.get("servers") or {}
    return cast_fields(
        name,
        "real processes, real sockets",
        "live",
        profile=next((c["profile"] for c in casts if c.get("profile")), ""),
        segments=segments,
        servers=servers,
        virtual_addresses=dict.fromkeys(a for c in casts for a in c.get("virtual_addresses") or ()),
    )
