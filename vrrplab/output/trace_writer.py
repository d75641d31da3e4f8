"""Where a live trace goes: a terminal, a file, a pipe; written by a thread of its own.

A router must never wait for its own log: a full disk, a stopped terminal (Ctrl-S) or a slow reader holds up
this thread and nobody else, and nobody waits for it at the end. What does not fit the queue, or the disk, is
counted and told when writing works again. Lines of one kind that come faster than anybody reads are cut to a
number a second, and the rest is counted too.
"""

from __future__ import annotations

import os
import select
import stat
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from vrrplab.limits import TRACE_QUEUE_BYTES
from vrrplab.output.files import open_to_write
from vrrplab.output.printable import ESCAPES, escaped, printable
from vrrplab.output.terminal import is_open
from vrrplab.trace.events import (
    AddressAddedEvent,
    AddressEvent,
    AdvertDroppedEvent,
    AdvertEvent,
    AdvertFailedEvent,
    AnnouncementEvent,
    LogEvent,
    NotifyEvent,
    PriorityEvent,
    ScriptEvent,
    StateEvent,
    TraceEvent,
    WarningEvent,
)
from vrrplab.units import SECOND_US, Micros

FORMATS = ("log", "jsonl")
SAME_A_SECOND = 40
_KINDS_LIMIT = 512
_RETRY_S = 2.0
_PATIENCE_S, _STALLED_S = 2.0, 0.3  # at the end: in all; and for what takes nothing at all
_PIECE = 4096  # bytes at a time, so that a slow reader can be told from one that has stopped
_BATCH = 64  # lines
LIMITED: tuple[type[TraceEvent], ...] = (
    LogEvent,
    AnnouncementEvent,
    AdvertEvent,
    AdvertDroppedEvent,
    AdvertFailedEvent,
    NotifyEvent,
)


# What a router says of itself is rare and never held back; what a watcher says is made of others' packets.
LIMITED_FOR_WATCHERS = (*LIMITED, StateEvent, PriorityEvent, AddressEvent, WarningEvent)
EVENT_A_SECOND = 100


class RateLimit:
    """Lets some of each kind of event through a second and counts the rest.

    ``same_a_second``: of one kind, such as changes of state of one VRID; ``event_a_second``: of one event,
    whoever it is about.
    """

    def __init__(
        self,
        same_a_second: int = SAME_A_SECOND,
        event_a_second: int = sys.maxsize,
        limited: tuple[type[TraceEvent], ...] = LIMITED,
    ) -> None:
        self._most = same_a_second
        self._most_of_event = event_a_second
        self._limited = limited
        self._window = -1
        self._told_window = 0
        self._passed: dict[str, int] = {}
        self._held: dict[str, int] = {}

    def passes(self, event: TraceEvent) -> bool:
        if not isinstance(event, self._limited):
            return True
        window = event.t_us // SECOND_US
        if window > self._window:
            self._window = window
            self._passed.clear()
        kind = _kind(event)
        if kind not in self._passed and len(self._passed) >= _KINDS_LIMIT:
            kind = "others"
        for key, most in ((kind, self._most), (event.event, self._most_of_event)):
            if self._passed.get(key, 0) >= most:
                self._held[key] = self._held.get(key, 0) + 1
                return False
        for key in (kind, event.event):
            self._passed[key] = self._passed.get(key, 0) + 1
        return True

    def held_back(self, now_us: Micros) -> dict[str, int]:
        """What did not pass since this was asked last, by kind; an answer once a second."""
        if now_us // SECOND_US == self._told_window:
            return {}
        self._told_window = now_us // SECOND_US
        held, self._held = self._held, {}
        return held


def _kind(event: TraceEvent) -> str:
    """Never an event's bare name, which stands for all of its kinds."""
    if isinstance(event, LogEvent | WarningEvent):
        # numbers and addresses differ from line to line of one kind
        text = event.line if isinstance(event, LogEvent) else event.text
        return f"{''.join(c for c in text if not c.isdigit())[:60]} "
    if isinstance(event, StateEvent | PriorityEvent):
        return f"{event.event} {event.instance}"[:60]
    fields = event.fields
    which = fields.get("reason") or fields.get("address") or fields.get("script") or event.instance
    return f"{event.event} {which}"[:60]


def watch_line(event: TraceEvent) -> str:
    """As ``log_line``, for a watcher: routers by name, and nothing of what is only taken to be so."""
    if isinstance(event, AddressEvent):
        return ""
    line = log_line(event)
    if line and isinstance(event, StateEvent | PriorityEvent):
        return line.replace(f"  {event.instance}:", f"  {printable(event.server)} {event.instance}:", 1)
    return line


def log_line(event: TraceEvent) -> str:
    """An event as a line for people, or "" for one that is not shown.

    Log lines are keepalived's own; changes of state are followed by the answer to "why?".
    """
    match event:
        case LogEvent(line=text):
            pass
        case StateEvent(instance=instance, from_=old, to=new, reason=reason):
            text = f"  {instance}: {old} -> {new}" + (f", because {reason}" if reason else "")
        case WarningEvent():
            text = f"  warning: {event.text}"
        case AddressEvent(address=address, interface=interface):
            done = "is now on" if isinstance(event, AddressAddedEvent) else "is off"
            unreal = " (not really: see above)" if event.pretended else ""
            text = f"  {address} {done} {interface}{unreal}"
        case AdvertFailedEvent(vrid=vrid, interface=interface, reason=reason):
            text = f"  an advert of VRID {vrid} could not leave {interface}: {reason}"
        case PriorityEvent(instance=instance, from_=before, to=now, reason=reason):
            text = f"  {instance}: priority {before} -> {now}, {reason}"
        case ScriptEvent(script=script, result=result, exit=status, changed=True):
            text = f"  check {script}: {result} ({status})"
        case _:
            return ""
    return f"{event.t_us / SECOND_US:10.3f} {printable(text)}"


def written(descriptor: int, data: bytes) -> Iterator[int]:
    """Write it all, however long that takes; yields the bytes of each step. OSError as ``os.write``."""
    view = memoryview(data)
    while view:
        try:
            step = os.write(descriptor, view[:_PIECE])
        except BlockingIOError:  # somebody who shares the terminal wants never to wait for it
            select.select([], [descriptor], [])
            continue
        view = view[step:]
        yield step


class Sink:
    """One file or stream and the thread that writes to it. ``turn`` makes a line of an event, or "".

    What it writes cannot steer a terminal, whatever the events say.
    """

    def __init__(
        self, descriptor: int, turn: Callable[[TraceEvent], str], name: str, encoding: str = "utf-8"
    ) -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._turn = turn
        self._name = name
        self._queue: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._written_bytes = 0
        self._ready = threading.Condition()
        self._closing = False
        self._regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self.lost = 0  # events not written, so far unannounced
        self.lost_in_all = 0
        self.trouble = ""  # why writing does not work at the moment
        self._dead = False
        self._thread = threading.Thread(target=self._run, name=f"writes {name}", daemon=True)
        self._thread.start()

    def put(self, event: TraceEvent) -> None:
        """Queue an event; never waits."""
        line = self._turn(event)
        if not line:
            return
        with self._ready:
            if self._waiting_bytes >= TRACE_QUEUE_BYTES.most or self._dead:
                self._lose(1)
                return
            if self.lost and not self.trouble:
                line = f"{self._turn(self._confession(event))}\n{line}"
            data = f"{escaped(line)}\n".encode(self._encoding, ESCAPES)
            self._queue.append(data)
            self._waiting_bytes += sys.getsizeof(data)
            self._ready.notify()

    def _lose(self, number: int) -> None:
        with self._ready:
            self.lost += number
            self.lost_in_all += number

    def _confession(self, next_one: TraceEvent) -> TraceEvent:
        number, self.lost = self.lost, 0
        text = f"{number} events are missing here: {self._name} could not be written"
        return WarningEvent(next_one.t_us, text=text)

    def finish(self) -> None:
        """Nothing more comes."""
        with self._ready:
            self._closing = True
            self._ready.notify()

    def close(self) -> None:
        """Write what is queued, as far as that works; a stopped terminal is not waited for."""
        self.finish()
        began_s = moved_s = time.monotonic()
        before = self._written_bytes
        while self._thread.is_alive() and time.monotonic() - began_s < _PATIENCE_S:
            self._thread.join(0.02)
            if before != self._written_bytes:
                before, moved_s = self._written_bytes, time.monotonic()
            elif not self._regular and time.monotonic() - moved_s > _STALLED_S:
                return

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._queue and not self._closing:
                    self._ready.wait()
                if not self._queue:
                    return
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), _BATCH))]
            self._write(b"".join(batch), len(batch))
            with self._ready:  # what is being written waits too
                self._waiting_bytes -= sum(map(sys.getsizeof, batch))

    def _write(self, data: bytes, lines: int) -> None:
        start = os.lseek(self._descriptor, 0, os.SEEK_CUR) if self._regular else 0
        try:
            for step in written(self._descriptor, data):
                self._written_bytes += step
            self.trouble = ""
        except BrokenPipeError:
            self._dead = True  # the reader has gone; all else goes on
            self._lose(lines)
        except OSError as error:
            self.trouble = f"{self._name} cannot be written: {error.strerror}"
            self._lose(lines)
            if self._regular:  # no half line may stay: a trace is read line by line
                os.ftruncate(self._descriptor, start)
                os.lseek(self._descriptor, start, os.SEEK_SET)
            with self._ready:
                self._ready.wait_for(lambda: self._closing, _RETRY_S)


class Output:
    """All sinks of a process. ``write`` is what a Journal calls. ``watching``: of others' packets."""

    def __init__(self, watching: bool = False) -> None:
        self._sinks: list[Sink] = []
        self._limit = (
            RateLimit(event_a_second=EVENT_A_SECOND, limited=LIMITED_FOR_WATCHERS)
            if watching
            else RateLimit()
        )
        self._told: set[str] = set()
        self.listeners: list[Callable[[TraceEvent], None]] = []

    def to_stdout(self, style: str) -> None:
        """``style``: "log" or "watch" for people, "jsonl" for programs. A closed one (``>&-``) is no sink."""
        if not is_open(sys.stdout):
            return
        turn = {"log": log_line, "watch": watch_line}.get(style, TraceEvent.to_json)
        self._sinks.append(Sink(sys.stdout.fileno(), turn, "standard output", sys.stdout.encoding))

    def to_file(self, path: str) -> None:
        """JSON lines to a file that is made or emptied. OutputError if it cannot be opened."""
        self._sinks.append(Sink(open_to_write(path), TraceEvent.to_json, path))

    def write(self, event: TraceEvent, always: bool = False) -> None:
        """``always``: it is never held back, however many there are."""
        for listener in self.listeners:
            listener(event)
        if always or self._limit.passes(event):
            for sink in self._sinks:
                sink.put(event)

    def housekeeping(self, now_us: Micros) -> list[str]:
        """Once a second: what was held back, and what is wrong with a sink (each trouble once)."""
        said = [
            f"{number} more events like {kind!r} in a second, not shown"
            for kind, number in self._limit.held_back(now_us).items()
        ]
        for sink in self._sinks:
            if sink.trouble and sink.trouble not in self._told:
                self._told.add(sink.trouble)
                said.append(f"{sink.trouble}; all else goes on, this output has a gap")
            elif not sink.trouble:
                self._told = {t for t in self._told if not t.startswith(sink._name)}
        return said

    def close(self) -> None:
        for sink in self._sinks:
            sink.finish()
        for sink in self._sinks:
            sink.close()
