"""What keepalived's own log lines tell: the events behind them, and the lines themselves.

Used for recordings, where scripts, priorities and interfaces were seen in the log only. A line is
left as keepalived wrote it; a line that tells of nothing a trace knows is a ``log`` event and no more.
"""

from __future__ import annotations

import re
from typing import Any

from vrrplab.trace.events import InterfaceEvent, LogEvent, PriorityEvent, ScriptEvent, TraceEvent
from vrrplab.units import Micros, micros

_SCRIPT = re.compile(r"VRRP_Script\((?P<script>[^)]*)\) (?P<what>succeeded|failed|timed_out)")
_EXIT = re.compile(r"exited with status (\d+)")
_PRIORITY = re.compile(
    r"\((?P<instance>[^)]*)\) Changing effective priority from (?P<old>\d+) to (?P<new>\d+)"
)
_PRIORITY_AGAIN = re.compile(r"\((?P<instance>[^)]*)\) Setting effective priority to (?P<new>\d+)")
_INTERFACE = re.compile(r"Netlink reports (?P<interface>\S+) (?P<what>up|down)$")


def log_events(log: dict[str, Any]) -> list[TraceEvent]:
    """Each line, and before it the event it tells of."""
    events: list[TraceEvent] = []
    for server, lines in log.items():
        priorities: dict[str, int] = {}  # of each instance, as told last
        for entry in lines:
            t_us, line = micros(entry["t"]), entry["line"]
            told = _told(t_us, server, line) or _set_again(t_us, server, line, priorities)
            if told:
                events.append(told)
            if isinstance(told, PriorityEvent):
                priorities[told.instance] = told.to
            events.append(LogEvent(t_us, server, line=line))
    return events


def _set_again(t_us: Micros, server: str, line: str, priorities: dict[str, int]) -> TraceEvent | None:
    """A file's value no longer means FAULT: the new priority is told, the old one was told before."""
    match = _PRIORITY_AGAIN.match(line)
    old, new = (priorities.get(match["instance"]), int(match["new"])) if match else (None, 0)
    if match is None or old is None or old == new:
        return None
    return PriorityEvent(t_us, server, instance=match["instance"], from_=old, to=new)


def _told(t_us: Micros, server: str, line: str) -> TraceEvent | None:
    if match := _SCRIPT.match(line):
        passed = match["what"] == "succeeded"
        status = _EXIT.search(line)
        code: int | str = 0 if passed else int(status[1]) if status else "timeout"
        result = "pass" if passed else "fail"
        return ScriptEvent(t_us, server, script=match["script"], exit=code, result=result, changed=True)
    if match := _PRIORITY.match(line):
        old, new = int(match["old"]), int(match["new"])
        return PriorityEvent(t_us, server, instance=match["instance"], from_=old, to=new)
    if match := _INTERFACE.match(line):
        return InterfaceEvent(t_us, server, interface=match["interface"], up=match["what"] == "up")
    return None
