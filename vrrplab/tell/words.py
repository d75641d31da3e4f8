"""Small words and measures that all tellings share: an action in words, wrapping, seconds."""

from __future__ import annotations

from typing import Any

from vrrplab.output import text_columns
from vrrplab.output.printable import printable
from vrrplab.output.terminal import terminal_columns
from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent, UndecidedEvent, as_table
from vrrplab.units import Micros, format_s


def action_in_words(action: ActionEvent, trace: Trace | None = None) -> str:
    """e.g. ``link_down proxy-serv01 eth0``; ``trace``: for what a healing left broken."""
    parts = [action.action]
    for key, value in action.content.items():
        if key == "action":
            continue
        if key in ("server", "interface", "service", "segment", "script", "config", "process", "address"):
            parts.append(str(value))
        else:
            parts.append(f"{key}={_plain(value)}")
    left = trace.left_broken(action) if trace else ""
    parts += [f"(still {left})"] if left else []
    return printable(" ".join(parts))


def start_in_words(trace: Trace) -> str:
    """What happens at the beginning, where nobody does anything."""
    told = as_table(trace.scenario.get("servers")).values()
    return "the daemons start" if any(s.get("daemon") for s in told) else "keepalived starts"


def _plain(value: Any) -> str:
    """As a scenario file would have it; pairs of hosts with an arrow."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join("->".join(map(str, v)) if isinstance(v, list) else str(v) for v in value)
    return str(value)


def either_in_words(event: UndecidedEvent) -> str:
    """e.g. ``V1: either a or b (this run drew b): their master-down timers end at the same moment, …``."""
    either = " or ".join(event.candidates)
    return f"{event.instance}: either {either} (this run drew {event.drawn}): {event.reason}"


def later(t_us: Micros, since_us: Micros) -> str:
    """``+2.609``: seconds after something."""
    return f"+{format_s(t_us - since_us)}"


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most ``width`` columns, those behind the first indented; an empty one for no text."""
    return text_columns.wrap(text, max(width, len(indent) + 2), more=indent) or [""]


def terminal_width() -> int:
    """Columns of the terminal that output goes to; 80 when it goes elsewhere."""
    return max(60, min(terminal_columns(), 160))
