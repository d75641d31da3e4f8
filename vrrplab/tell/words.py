"""Small words and measures that all tellings share: an action in words, wrapping, seconds."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import Any

from vrrplab.output.terminal import printable
from vrrplab.trace import Trace
from vrrplab.trace.events import ActionEvent
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


def _plain(value: Any) -> str:
    """As a scenario file would have it; pairs of hosts with an arrow."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join("->".join(map(str, v)) if isinstance(v, list) else str(v) for v in value)
    return str(value)


def later(t_us: Micros, since_us: Micros) -> str:
    """``+2.609``: seconds after something."""
    return f"+{format_s(t_us - since_us)}"


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most ``width`` characters, those behind the first indented; an empty one for no text."""
    room = max(width, len(indent) + 1)
    return textwrap.wrap(" ".join(text.split()), room, subsequent_indent=indent, break_on_hyphens=False) or [
        ""
    ]


def terminal_width() -> int:
    """Columns of the terminal that output goes to; 80 when it goes elsewhere."""
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError, AttributeError):
        columns = 80
    return max(60, min(columns, 160))
