"""What a figure is handed, looked at before it is drawn: a trace or several, and a window in seconds."""

from __future__ import annotations

from collections.abc import Sequence

from vrrplab import arguments
from vrrplab.errors import VrrplabError
from vrrplab.trace import Trace, as_trace
from vrrplab.units import Micros, micros


def traces_of(value: Trace | Sequence[Trace], view: str) -> list[Trace]:
    """The traces of a figure that takes one or several; VrrplabError if there are none."""
    several = list(value) if isinstance(value, list | tuple) else [value]
    if not several:
        raise VrrplabError(f"{view} takes a trace, or a list of traces: this list is empty")
    return [as_trace(one, view) for one in several]


def width(width_in: float) -> float:
    """The width of a figure in inches, if a figure can be so narrow or so wide."""
    return arguments.number(width_in, "width_in", 4, 100)


def window_us(trace: Trace, from_s: float | None, to_s: float | None) -> tuple[Micros, Micros]:
    """The part of a trace that is shown; None: from its start, to its end."""
    from_us = 0 if from_s is None else micros(arguments.number(from_s, "from_s"))
    to_us = trace.end_us if to_s is None else micros(arguments.number(to_s, "to_s"))
    return from_us, to_us
