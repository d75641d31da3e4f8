"""What happened: the events, the questions asked of them, and the words of actions."""

from vrrplab.trace.trace import (
    STATES,
    Outage,
    OwnerSpan,
    StateSpan,
    Trace,
    TraceEvent,
    as_trace,
    read_trace,
)

__all__ = ["STATES", "Outage", "OwnerSpan", "StateSpan", "Trace", "TraceEvent", "as_trace", "read_trace"]
