"""What keepalived's own log lines tell: the events behind them, and the lines themselves.

Used for recordings, where scripts, priorities and interfaces were seen in the log only. A line is
left as keepalived wrote it; a line that tells of nothing a trace knows is a ``log`` event and no more.
"""

from __future__ import annotations

import re
from typing import Any

from vrrplab.pasted.log_words import word_of
from vrrplab.trace.events import InterfaceEvent, LogEvent, PriorityEvent, ScriptEvent, TraceEvent
from vrrplab.units import Micros, micros

_EXIT = re.compile(r"exited with status (\d+)")


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
    word = word_of(line)
    if word is None or word.key != "priority_set":
        return None
    old, new = priorities.get(word.instance), int(word.values["new"])
    if old is None or old == new:
        return None
    return PriorityEvent(t_us, server, instance=word.instance, from_=old, to=new)


def _told(t_us: Micros, server: str, line: str) -> TraceEvent | None:
    word = word_of(line)
    if word is None:
        return None
    values = word.values
    if word.key in ("script_succeeded", "script_failed", "script_timed_out"):
        passed = word.key == "script_succeeded"
        status = _EXIT.search(line)
        code: int | str = 0 if passed else int(status[1]) if status else "timeout"
        result = "pass" if passed else "fail"
        return ScriptEvent(t_us, server, script=values["script"], exit=code, result=result, changed=True)
    if word.key == "priority":
        old, new = int(values["old"]), int(values["new"])
        return PriorityEvent(t_us, server, instance=word.instance, from_=old, to=new)
    if word.key == "interface" and values["state"] in ("up", "down"):
        return InterfaceEvent(t_us, server, interface=values["interface"], up=values["state"] == "up")
    return None
