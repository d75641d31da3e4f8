"""What happened: the events, the questions asked of them, and the words of actions."""

from vrrplab.trace.events import TraceEvent, make_event
from vrrplab.trace.spans import Outage, OwnerSpan, StateSpan
from vrrplab.trace.trace import STATES, Trace, as_trace, read_trace

__all__ = [
    "STATES",
    "Outage",
    "OwnerSpan",
    "StateSpan",
    "Trace",
    "TraceEvent",
    "as_trace",
    "make_event",
    "read_trace",
]
