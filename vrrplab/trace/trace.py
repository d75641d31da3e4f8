"""What happened: events in order of time, JSON lines in and out, and the questions asked of them.

A trace is the only thing a view, a notebook or the command line ever looks at, whether it came from
the simulator, from real sockets, from a recording of real daemons or from a capture. The first event
is usually ``scenario``: the cast as plain values, so that a trace file can be drawn without the files
it was made from. All kinds are in ``events``.

Times are integers of microseconds inside (``t_us``) and seconds with six decimals in JSON (``t``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any, TypeVar, overload

from vrrplab.errors import TraceError, VrrplabError
from vrrplab.trace.events import (
    ActionEvent,
    AddressAddedEvent,
    AddressEvent,
    OutageEvent,
    ScenarioEvent,
    StateEvent,
    TraceEvent,
    make_event,
)
from vrrplab.trace.spans import Outage, OwnerSpan, StateSpan
from vrrplab.trace.vocabulary import Act, Segments, fault_words
from vrrplab.units import Micros, micros, seconds

if TYPE_CHECKING:
    from pathlib import Path

    import pandas

Kind = TypeVar("Kind", bound=TraceEvent)

STATES = ("INIT", "BACKUP", "MASTER", "FAULT", "STOP")


class Trace:
    """Events in order of time, with queries. ``len``, iteration and indexing work on the events."""

    def __init__(
        self,
        events: Iterable[TraceEvent],
        end_us: Micros | None = None,
        before: Iterable[TraceEvent] = (),
    ) -> None:
        self.events: list[TraceEvent] = list(events)
        self._before = list(before)  # of a part: earlier events, for questions about what already held
        last_us = self.events[-1].t_us if self.events else 0
        declared = self.scenario.get("duration_s")
        if end_us is None:
            end_us = max(last_us, micros(declared)) if isinstance(declared, (int, float)) else last_us
        self.end_us: Micros = end_us

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[TraceEvent]:
        return iter(self.events)

    def __getitem__(self, index: int) -> TraceEvent:
        return self.events[index]

    def __repr__(self) -> str:
        return f"<Trace {self.name or 'unnamed'}: {len(self.events)} events in {seconds(self.end_us):.3f} s>"

    # -- the cast ------------------------------------------------------------------------------

    @property
    def scenario(self) -> dict[str, Any]:
        """The ``scenario`` event's fields (servers, clients, segments, profile …), or {}."""
        for event in self.events[:4]:
            if isinstance(event, ScenarioEvent):
                return event.content
        return {}

    @property
    def name(self) -> str:
        return str(self.scenario.get("name", ""))

    @property
    def servers(self) -> list[str]:
        """Server names, in the scenario's order, else in order of appearance."""
        named = self.scenario.get("servers")
        if isinstance(named, dict):
            return list(named)
        return list(dict.fromkeys(e.server for e in self.events if e.server))

    @property
    def instances(self) -> list[tuple[str, str]]:
        """(instance, server) pairs in order of instance, then of server."""
        order = {name: place for place, name in enumerate(self.servers)}
        pairs = dict.fromkeys((e.instance, e.server) for e in self.of(StateEvent) if e.instance)
        names = {name: place for place, name in enumerate(dict.fromkeys(i for i, _ in pairs))}
        return sorted(pairs, key=lambda pair: (names[pair[0]], order.get(pair[1], len(order))))

    @property
    def addresses(self) -> list[str]:
        """Virtual addresses (no prefix) of the cast, then any other that was ever held."""
        declared = self.scenario.get("virtual_addresses")
        found = dict.fromkeys(declared if isinstance(declared, list) else [])
        for event in self.of(AddressAddedEvent):
            if event.instance:
                found.setdefault(event.bare)
        return list(found)

    # -- selections ----------------------------------------------------------------------------

    @overload
    def of(self, *, server: str = "", instance: str = "") -> list[TraceEvent]: ...
    @overload
    def of(self, *kinds: type[Kind], server: str = "", instance: str = "") -> list[Kind]: ...
    @overload
    def of(self, *kinds: str, server: str = "", instance: str = "") -> list[TraceEvent]: ...
    def of(
        self, *kinds: str | type[TraceEvent], server: str = "", instance: str = ""
    ) -> list[TraceEvent] | list[Any]:
        """Events of these kinds (words, or classes of ``events``), of one server or instance if named."""
        words = {kind for kind in kinds if isinstance(kind, str)}
        classes = tuple(kind for kind in kinds if not isinstance(kind, str)) or (() if words else TraceEvent)
        return [
            e
            for e in self.events
            if (isinstance(e, classes) or e.event in words)
            and (not server or e.server == server)
            and (not instance or e.instance == instance)
        ]

    def between(self, a: float, b: float) -> Trace:
        """The part from ``a`` to ``b`` (seconds, both included), with the ``scenario`` event kept."""
        a_us, b_us = _moment_us(a), _moment_us(b)
        kept = [e for e in self.events if a_us <= e.t_us <= b_us or isinstance(e, ScenarioEvent)]
        before = [e for e in self.events if e.t_us < a_us and not isinstance(e, ScenarioEvent)]
        return Trace(kept, min(b_us, self.end_us), self._before + before)

    def _history(self, kind: type[Kind], server: str = "", instance: str = "") -> list[Kind]:
        """As ``of``, with what happened before the part this trace is."""
        whole = Trace(self._before + self.events) if self._before else self
        return whole.of(kind, server=server, instance=instance)

    # -- questions -----------------------------------------------------------------------------
    # A moment that is no number is an error; a name that nobody has gets the answer "nobody", since an
    # address may be gone from a configuration and still be asked for.

    def states(self, instance: str = "", server: str = "") -> list[StateSpan]:
        """Every state each instance was in, in order of time; ``instance``/``server`` "" means all."""
        open_spans: dict[tuple[str, str], tuple[str, Micros, str]] = {}
        spans: list[StateSpan] = []
        for event in self._history(StateEvent, server=server, instance=instance):
            key = (event.server, event.instance)
            if key in open_spans:
                state, from_us, reason = open_spans[key]
                spans.append(StateSpan(*key, state, from_us, event.t_us, reason))
            open_spans[key] = (event.to, event.t_us, event.reason)
        for key, (state, from_us, reason) in open_spans.items():
            spans.append(StateSpan(*key, state, from_us, max(self.end_us, from_us), reason))
        return sorted(spans, key=lambda s: (s.from_us, s.server, s.instance))

    def state_at(self, at_s: float, server: str, instance: str) -> str:
        """The state of one instance at a moment; INIT before its first."""
        last = self._last_change(at_s, server, instance)
        return last.to if last else "INIT"

    def _last_change(self, at_s: float, server: str, instance: str) -> StateEvent | None:
        at_us, last = _moment_us(at_s), None
        for event in self._history(StateEvent, server=server, instance=instance):
            if event.t_us > at_us:
                break
            last = event
        return last

    def holders(self, address: str) -> list[OwnerSpan]:
        """Who had an address, when: spans that cover the whole trace, empty ``servers`` where nobody had it.

        A server without power has nothing; an address that a killed daemon left behind counts.
        """
        if not isinstance(address, str):
            raise VrrplabError('an address is text, in quotes, like "192.168.2.101"')
        wanted = address.split("/")[0]
        having: dict[str, None] = {}
        spans: list[OwnerSpan] = []
        since_us = 0

        def close(t_us: Micros) -> None:
            nonlocal since_us
            if t_us > since_us:
                spans.append(OwnerSpan(wanted, tuple(having), since_us, t_us))
                since_us = t_us

        for event in self._before + self.events:
            change = _ownership_change(event, wanted)
            if change == "":
                continue
            close(event.t_us)
            if change == "add":
                having[event.server] = None
            else:
                having.pop(event.server, None)
        close(self.end_us)
        return spans or [OwnerSpan(wanted, (), 0, self.end_us)]

    def owners(self, address: str, at_s: float) -> tuple[str, ...]:
        """All servers that have the address at that moment and are up, in order of the cast."""
        order = {name: place for place, name in enumerate(self.servers)}
        return tuple(sorted(self._having(address, at_s), key=lambda name: order.get(name, len(order))))

    def owner(self, address: str, at_s: float) -> str | None:
        """The server that has the address at that moment; None if nobody has it.

        When several have it (split brain) it is the one that took it last; ``owners`` lists them all.
        """
        having = self._having(address, at_s)
        return having[-1] if having else None

    def _having(self, address: str, at_s: float) -> tuple[str, ...]:
        """Those that have the address at that moment, in the order in which they took it."""
        at_us = _moment_us(at_s)
        spans = self.holders(address)
        return next((s.servers for s in reversed(spans) if s.from_us <= at_us <= s.to_us), ())

    def outages(self, target: str = "") -> list[Outage]:
        """Gaps seen by clients, to one target (address or name) or to all, in order of their start."""
        found = []
        for e in self.of(OutageEvent):
            if not target or e.target == target:
                to_us = None if e.to_s is None else micros(e.to_s)
                found.append(Outage(e.client, e.kind, e.target, micros(e.from_s), to_us, e.lost))
        return sorted(found, key=lambda o: (o.from_us, o.client, o.target, o.kind))

    def why(self, t: float, server: str, instance: str) -> str:
        """Why the instance is in the state it is in at ``t`` seconds: the reason of its last change."""
        last = self._last_change(t, server, instance)
        if last is None and not self._plays(server, instance):
            return f"There is no {instance} on {server} in this trace."
        if last is None:
            return f"{instance} on {server} has not started at {t:.3f} s."
        reason = last.reason or "no reason is known (a recording holds what was seen, not why)"
        return f"{last.to} since {last.t:.3f} s: {reason}"

    def _plays(self, server: str, instance: str) -> bool:
        """Whether the cast has this instance, or something was seen of it."""
        cast = self.scenario.get("servers")
        about = cast.get(str(server)) if isinstance(cast, dict) else None
        named = instance in list(about.get("instances") or ()) if isinstance(about, dict) else False
        return named or bool(self._history(TraceEvent, server, instance))

    def left_broken(self, action: ActionEvent) -> str:
        """What is still wrong with a segment after its ``segment_heal``, in words; "": nothing."""
        if action.act is not Act.SEGMENT_HEAL:
            return ""
        segments = Segments()
        for event in self._history(ActionEvent):
            faults = segments.see(event.content)
            if event is action:
                return fault_words(faults)
        return ""

    # -- faces ---------------------------------------------------------------------------------

    def to_dataframe(self) -> pandas.DataFrame:
        """One row an event, columns for all fields (needs pandas)."""
        try:
            import pandas
        except ImportError:
            raise VrrplabError("to_dataframe needs pandas: pip install pandas") from None
        return pandas.DataFrame([{"t": e.t, "event": e.event, **e.fields} for e in self.events])

    def write(self, file: IO[str]) -> None:
        """JSON lines to an open text file."""
        for event in self.events:
            file.write(event.to_json() + "\n")

    def save(self, path: str | Path) -> None:
        """JSON lines to ``path``; OSError when it cannot be written."""
        with open(path, "w", encoding="utf-8") as file:
            self.write(file)


def as_trace(value: object, asker: str) -> Trace:
    """``value``, if it is a trace; VrrplabError tells who asked and what would be right."""
    if isinstance(value, Trace):
        return value
    from vrrplab.arguments import short_repr

    raise VrrplabError(f"{asker} takes a trace, as simulate(...) returns it, not {short_repr(value)}")


def _moment_us(at_s: float) -> Micros:
    """Seconds of a question; VrrplabError if they are no number."""
    if type(at_s) is int or (type(at_s) is float and abs(at_s) < 1e12):
        return micros(at_s)
    from vrrplab import arguments  # needed for wrong ones, and for those of numpy

    return micros(arguments.number(at_s, "the moment", -1e12, 1e12))


def _ownership_change(event: TraceEvent, address: str) -> str:
    """ "add", "remove" or "": what an event does to who has ``address``."""
    if isinstance(event, AddressEvent) and event.bare == address:
        return "add" if isinstance(event, AddressAddedEvent) else "remove"
    if isinstance(event, ActionEvent) and event.act is Act.POWER_OFF:
        return "remove"
    return ""


def read_trace(path: str | Path) -> Trace:
    """Read a JSON-lines trace; TraceError names the file and line of what is not one."""
    name = os.fspath(path)
    events: list[TraceEvent] = []
    try:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    events.append(_event_of(name, number, line))
    except OSError as error:
        raise TraceError(name, 0, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TraceError(name, 0, "is not text", "a trace is JSON, one event a line") from None
    events.sort(key=_time_of)
    return Trace(events)


def _event_of(name: str, number: int, line: str) -> TraceEvent:
    import json

    try:
        fields = json.loads(line)
        return make_event(micros(fields.pop("t")), str(fields.pop("event")), fields)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        hint = 'a line is like {"t": 1.5, "event": "state", …}'
        raise TraceError(name, number, "is not a trace event", hint) from None


_time_of: Callable[[TraceEvent], Micros] = lambda event: event.t_us  # noqa: E731
