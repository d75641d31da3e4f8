"""What happened: events in order of time, JSON lines in and out, and the questions asked of them.

A trace is the only thing a view, a notebook or the command line ever looks at, whether it came from
the simulator, from real sockets, from a recording of real daemons or from a capture. The first event
is usually ``scenario``: the cast as plain values, so that a trace file can be drawn without the files
it was made from. All kinds are in ``events``.

Times are integers of microseconds inside (``t_us``) and seconds with six decimals in JSON (``t``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from operator import itemgetter
from typing import IO, TYPE_CHECKING, Any, TypeVar, overload

from vrrplab.errors import TraceError, VrrplabError
from vrrplab.input_files import read_lines
from vrrplab.json_text import json_of
from vrrplab.limits import TRACE_BYTES, TRACE_LINE_BYTES
from vrrplab.trace.events import (
    KINDS,
    ActionEvent,
    AddressAddedEvent,
    AddressEvent,
    AdvertReceivedEvent,
    AdvertSentEvent,
    OutageEvent,
    ScenarioEvent,
    StateEvent,
    TraceEvent,
    make_event,
)
from vrrplab.trace.names import Names, plain_address, probes_of
from vrrplab.trace.rows import Kept, Repeated, count_of, json_lines, unfolded
from vrrplab.trace.spans import Outage, OwnerSpan, Phase, Probe, StateSpan, joined
from vrrplab.trace.vocabulary import Act, Segments, fault_words
from vrrplab.units import Micros, micros, seconds
from vrrplab.work import ROW, Work, announce

if TYPE_CHECKING:
    from pathlib import Path

    import pandas

    from vrrplab.trace.outage_causes import Inquiry
    from vrrplab.trace.why import Answers

Kind = TypeVar("Kind", bound=TraceEvent)

LONGEST_S = 1e12  # of a moment in a trace: Unix time until the year 33,658

WITH_A_CAST = ("scenario", "configuration")
ADVERTS = (AdvertSentEvent, AdvertReceivedEvent)  # of which a run keeps rows
STATES = ("INIT", "BACKUP", "MASTER", "FAULT", "STOP")


class Trace:
    """What happened: events in order of time, and the questions asked of them.

    ``len``, iteration and indexing work on the events (``vrrplab.trace.events``; docs/trace.md has every
    kind). Moments are asked for in seconds from the start of the run; names ending in ``_us`` are
    microseconds.

    >>> trace = vrrplab.simulate("article-drill-1-lan-nic")
    >>> trace.owner("192.168.2.101", 16)
    'proxy-serv02'
    >>> [(span.state, span.from_s) for span in trace.states("proxy_ip1", "proxy-serv02")]
    [('BACKUP', 0.108), ('MASTER', 14.626375), ('BACKUP', 25.004106)]
    >>> trace.outages("192.168.2.101")[0].lost
    132
    >>> trace.why_out("192.168.2.101", 13).split(": ")[2]
    'proxy_ip1 on proxy-serv01 had it and is FAULT (interface eth0 is down).'
    """

    def __init__(
        self,
        events: Iterable[Kept],
        end_us: Micros | None = None,
        before: Iterable[TraceEvent] = (),
    ) -> None:
        self._kept: list[Kept] = list(events)
        self._count = count_of(self._kept)
        self._events: list[TraceEvent] | None = None  # all of them, once somebody asked for the list
        self._before = list(before)  # of a part: earlier events, for questions about what already held
        last = self._kept[-1] if self._kept else None
        last_us = 0 if last is None else last.last_us if isinstance(last, Repeated) else last.t_us
        declared = self.scenario.get("duration_s")
        if end_us is None:
            end_us = max(last_us, micros(declared)) if isinstance(declared, (int, float)) else last_us
        self.end_us: Micros = end_us
        self._changes: tuple[int, dict[str, list[tuple[int, TraceEvent]]]] | None = None
        self._states: tuple[int, dict[tuple[str, str], list[StateEvent]]] | None = None
        self._scene: tuple[int, Micros, Answers] | None = None
        self._names: tuple[int, Names] | None = None
        self._by_class: tuple[int, dict[type[TraceEvent], list[tuple[int, TraceEvent]]]] | None = None

    @property
    def events(self) -> list[TraceEvent]:
        """All events, in order of time. A long run's adverts take room only from the first time on that this
        list is asked for; going through the trace itself takes none.
        """
        if self._events is None:
            self._events = list(unfolded(self._kept))
            self._kept = []
        return self._events

    def __len__(self) -> int:
        return self._count if self._events is None else len(self._events)

    def __iter__(self) -> Iterator[TraceEvent]:
        return unfolded(self._kept) if self._events is None else iter(self._events)

    def __getitem__(self, index: int) -> TraceEvent:
        return self.events[index]

    def __repr__(self) -> str:
        return f"<Trace {self.name or 'unnamed'}: {len(self)} events in {seconds(self.end_us):.3f} s>"

    # -- the cast ------------------------------------------------------------------------------

    @property
    def scenario(self) -> dict[str, Any]:
        """The ``scenario`` event's fields (servers, clients, segments, profile …), or {}."""
        for event in islice(self, 4):
            if isinstance(event, ScenarioEvent):
                return event.content
        return {}

    @property
    def name(self) -> str:
        """The name of the scenario or recording; "" for a trace without one."""
        return str(self.scenario.get("name", ""))

    @property
    def servers(self) -> list[str]:
        """Server names, in the scenario's order, else in order of appearance."""
        named = self.scenario.get("servers")
        if isinstance(named, dict):
            return list(named)
        return list(dict.fromkeys(e.server for e in self if e.server))

    @property
    def profiles(self) -> str:
        """Whose behaviour it is, in words: the scenario's profile, and servers that have another one."""
        return str(self.scenario.get("profiles") or self.scenario.get("profile") or "")

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
            if event.instance and event.bare:
                found.setdefault(event.bare)
        return list(found)

    @property
    def names(self) -> Names:
        """What can be asked for by name, and the sentence for what cannot."""
        count = len(self._before) + len(self)
        if self._names is None or self._names[0] != count:
            self._names = count, Names(self.scenario, lambda: chain(self._before, self))
        return self._names[1]

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
        """Events of these kinds, of one server or instance if named; without a kind, of all kinds.

        ``kinds``: words such as ``"state"`` (docs/trace.md has all), or classes of
        ``vrrplab.trace.events``. VrrplabError: there is no such kind of event, server or instance.

        >>> trace = vrrplab.simulate("article-drill-1-lan-nic")
        >>> [(event.t, event.to) for event in trace.of("state", server="proxy-serv02", instance="proxy_ip1")]
        [(0.108, 'BACKUP'), (14.626375, 'MASTER'), (25.004106, 'BACKUP')]
        """
        self._check(server, instance)
        for kind in kinds:
            if isinstance(kind, str) and kind not in KINDS:
                self._check_kind(kind)
        return self._of(*kinds, server=server, instance=instance)

    def _check(self, server: str, instance: str) -> None:
        """VrrplabError for names that the run does not have; "" is everybody."""
        if server:
            self.names.server(server)
        if instance:
            self.names.instance(instance, server)

    def _check_kind(self, word: str) -> None:
        """A file may have kinds that are not known here."""
        others = dict.fromkeys(e.event for e in self)
        if word not in others:
            from vrrplab import arguments

            arguments.known(word, "kind of event", dict.fromkeys([*KINDS, *others]))

    def _of(self, *kinds: str | type[TraceEvent], server: str = "", instance: str = "") -> list[Any]:
        words = {kind for kind in kinds if isinstance(kind, str)}
        classes = tuple(kind for kind in kinds if not isinstance(kind, str)) or (
            () if words else (TraceEvent,)
        )
        adverts = any(issubclass(kind, classes) or kind.event in words for kind in ADVERTS)
        if not adverts and not words:
            return [
                e
                for e in self._of_classes(classes)
                if (not server or e.server == server) and (not instance or e.instance == instance)
            ]
        return [
            e
            for e in (self if adverts else self._but_adverts())
            if (isinstance(e, classes) or e.event in words)
            and (not server or e.server == server)
            and (not instance or e.instance == instance)
        ]

    def _of_classes(self, wanted: tuple[type[TraceEvent], ...]) -> Iterable[TraceEvent]:
        """All events of classes that are no adverts', in order; they are sorted out once."""
        count = len(self)
        if self._by_class is None or self._by_class[0] != count:
            sorted_out: dict[type[TraceEvent], list[tuple[int, TraceEvent]]] = {}
            for placed in enumerate(self._but_adverts()):
                sorted_out.setdefault(type(placed[1]), []).append(placed)
            self._by_class = count, sorted_out
        there = [placed for kind, placed in self._by_class[1].items() if issubclass(kind, wanted)]
        in_order = there[0] if len(there) == 1 else sorted(chain(*there), key=itemgetter(0))
        return map(itemgetter(1), in_order)

    def _but_adverts(self) -> Iterator[TraceEvent]:
        """Events, perhaps without those that are kept as rows: what is looked for is not among them."""
        if self._events is not None:
            return iter(self._events)
        return unfolded(self._kept, adverts=False)

    def between(self, a: float, b: float) -> Trace:
        """The part from ``a`` to ``b`` (seconds, both included), with the ``scenario`` event kept."""
        a_us, b_us = _moment_us(a), _moment_us(b)
        kept = [e for e in self.events if a_us <= e.t_us <= b_us or isinstance(e, ScenarioEvent)]
        before = [e for e in self.events if e.t_us < a_us and not isinstance(e, ScenarioEvent)]
        return Trace(kept, min(b_us, self.end_us), self._before + before)

    def past(self, at_us: Micros) -> list[TraceEvent]:
        """All events up to a moment, those before the part that this trace is included."""
        return [e for e in self._before + self.events if e.t_us <= at_us]

    def _history(self, kind: type[Kind], server: str = "", instance: str = "") -> list[Kind]:
        """As ``of``, with what happened before the part this trace is."""
        whole = Trace(self._before + self.events) if self._before else self
        return whole._of(kind, server=server, instance=instance)

    # -- questions -----------------------------------------------------------------------------
    # A moment that is no number is an error, and so is a name that the run does not have (``names``).

    def states(self, instance: str = "", server: str = "") -> list[StateSpan]:
        """Every state that each instance was in, in order of time; "" for ``instance`` or ``server`` means
        all.

        VrrplabError: there is no such instance or server.

        >>> trace = vrrplab.simulate("article-drill-1-lan-nic")
        >>> [(span.state, span.from_s, span.to_s) for span in trace.states("proxy_ip1", "proxy-serv02")]
        [('BACKUP', 0.108, 14.626375), ('MASTER', 14.626375, 25.004106), ('BACKUP', 25.004106, 32.0)]
        """
        self._check(server, instance)
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
        """The state of one instance at a moment (seconds); INIT before its first.

        VrrplabError: there is no such server, or no such instance on it.

        >>> trace = vrrplab.simulate("article-drill-1-lan-nic")
        >>> trace.state_at(16, "proxy-serv01", "proxy_ip1")
        'FAULT'
        """
        last = self._last_change(at_s, server, instance)
        return last.to if last else "INIT"

    def _last_change(self, at_s: float, server: str, instance: str) -> StateEvent | None:
        if server != "":  # a trace may not say whose
            self.names.server(server)
        if instance != "":
            self.names.instance(instance, server)
        at_us, last = _moment_us(at_s), None
        for event in self._changes_of(server, instance):
            if event.t_us > at_us:
                break
            last = event
        return last

    def _changes_of(self, server: str, instance: str) -> list[StateEvent]:
        """Changes of state; all instances are looked for in one go, as there may be hundreds."""
        if not (server and instance):
            return self._history(StateEvent, server=server, instance=instance)
        count = len(self._before) + len(self)
        if self._states is None or self._states[0] != count:
            found: dict[tuple[str, str], list[StateEvent]] = {}
            for event in self._history(StateEvent):
                found.setdefault((event.server, event.instance), []).append(event)
            self._states = count, found
        return self._states[1].get((server, instance), [])

    def holders(self, address: str) -> list[OwnerSpan]:
        """Who had an address, when: spans that cover the whole trace, empty ``servers`` where nobody had it.

        A server without power has nothing; an address that a killed daemon left behind counts. With or
        without prefix, in any spelling. VrrplabError: the run has no such address.
        """
        if not isinstance(address, str):
            raise VrrplabError('an address is text, in quotes, like "192.168.2.101"')
        wanted = self.names.address(address)
        changes = self._ownership_changes(wanted)
        hosts = self._hosts_of(wanted, changes)
        if hosts:
            changes = self._ownership_changes(wanted, "on")
        having: dict[str, None] = dict.fromkeys(hosts)
        spans: list[OwnerSpan] = []
        since_us = 0

        def close(t_us: Micros) -> None:
            nonlocal since_us
            if t_us > since_us:
                spans.append(OwnerSpan(wanted, tuple(having), since_us, t_us))
                since_us = t_us

        for event in changes:
            close(event.t_us)
            if isinstance(event, AddressAddedEvent):
                having[event.server] = None
            elif isinstance(event, ActionEvent) and event.act is Act.POWER_ON:
                having |= dict.fromkeys(host for host in hosts if host == event.server)
            else:
                having.pop(event.server, None)
        close(self.end_us)
        return spans or [OwnerSpan(wanted, (), 0, self.end_us)]

    def _ownership_changes(self, *keys: str) -> list[TraceEvent]:
        """What changed who has an address, in order; all addresses are looked for in one go."""
        count = len(self._before) + len(self)
        if self._changes is None or self._changes[0] != count:
            # "": power cuts, which take all; "on": power that comes back, with what is a server's own
            found: dict[str, list[tuple[int, TraceEvent]]] = {"": [], "on": []}
            told = self._of_classes((AddressEvent, ActionEvent))
            for place, event in enumerate(chain(self._before, told)):
                if isinstance(event, AddressEvent):
                    found.setdefault(plain_address(event.bare), []).append((place, event))
                elif isinstance(event, ActionEvent) and event.act is Act.POWER_OFF:
                    found[""].append((place, event))
                elif isinstance(event, ActionEvent) and event.act is Act.POWER_ON:
                    found["on"].append((place, event))
            self._changes = count, found
        by_address = self._changes[1]
        lists = [by_address[key] for key in ("", *keys) if by_address.get(key)]
        changes = lists[0] if len(lists) == 1 else sorted(chain(*lists), key=itemgetter(0))
        return [event for _, event in changes]

    def _hosts_of(self, address: str, changes: list[TraceEvent]) -> Iterable[str]:
        """Servers whose own address it is, which they have from the start: no event says so."""
        hosts = self.names.hosts.get(address, ())
        if not hosts or address in self.names.virtual or any(e.instance for e in changes):
            return ()
        return hosts

    def owners(self, address: str, at_s: float) -> tuple[str, ...]:
        """All servers that have the address at that moment and are up, in order of the cast.

        VrrplabError: the run has no such address.
        """
        order = {name: place for place, name in enumerate(self.servers)}
        return tuple(sorted(self._having(address, at_s), key=lambda name: order.get(name, len(order))))

    def owner(self, address: str, at_s: float) -> str | None:
        """The server that has the address at a moment (seconds); None if nobody has it.

        When several have it (split brain) it is the one that took it last; ``owners`` lists them all.
        VrrplabError: the run has no such address.

        >>> trace = vrrplab.simulate("article-drill-1-lan-nic")
        >>> [trace.owner("192.168.2.101", at_s) for at_s in (11, 13, 16)]
        ['proxy-serv01', None, 'proxy-serv02']
        """
        having = self._having(address, at_s)
        return having[-1] if having else None

    def _having(self, address: str, at_s: float) -> tuple[str, ...]:
        """Those that have the address at that moment, in the order in which they took it."""
        at_us = _moment_us(at_s)
        spans = self.holders(address)
        return next((s.servers for s in reversed(spans) if s.from_us <= at_us <= s.to_us), ())

    def outages(self, target: str = "") -> list[Outage]:
        """Gaps seen by clients, to one target (address or name) or to all, in order of their start.

        A gap is a time in which no question of a probe was answered. VrrplabError: no client of the run
        could ask for such a target.

        >>> trace = vrrplab.simulate("article-drill-1-lan-nic")
        >>> [(gap.kind, gap.from_s, gap.to_s, gap.lost) for gap in trace.outages("192.168.2.101")]
        [('http', 11.9804, 14.6404, 132), ('icmp', 11.9804, 14.6404, 132)]
        """
        wanted = self.names.target(target) if target else ""
        found = []
        for e in self._of(OutageEvent):
            if wanted and e.target != wanted and plain_address(e.target) != wanted:
                continue
            if isinstance(e.from_s, str):  # a file may leave it out
                continue
            to_us = None if e.to_s is None or isinstance(e.to_s, str) else micros(e.to_s)
            lost = 0 if isinstance(e.lost, str) else e.lost
            sent = lost + (to_us is not None)
            found.append(Outage(e.client, e.kind, e.target, micros(e.from_s), to_us, lost, sent))
        return sorted(found, key=_beginning)

    def disturbances(self, target: str = "") -> list[Outage]:
        """What people are told of outages: those of ``outages`` that belong together as one, with how many
        questions were sent in it and lost. A name is asked for round robin, so that every other question is
        lost while one of its two addresses is dead: one disturbance, 50 %. See ``spans.joined``.

        The one place where this is counted: tables, figures and the player show what is here.
        VrrplabError: no client of the run could ask for such a target.

        >>> trace = vrrplab.simulate("article-drill-1-lan-nic")
        >>> [outage.lost_in_words for outage in trace.disturbances("proxy-serv")]
        ['14 of 28 (50 %)']
        """
        every_us: dict[Probe, Micros] = {}
        for client, probe in probes_of(self.scenario):
            every_s = probe.get("every_s")
            if isinstance(every_s, (int, float)):
                key = client, str(probe.get("kind")), str(probe.get("target"))
                every_us.setdefault(key, micros(every_s))
        return joined(self.outages(target), every_us)

    def why(self, t: float, server: str, instance: str) -> str:
        """Why the instance is in the state it is in at ``t`` seconds, and what keeps it there.

        Its last change has a reason in a simulation; in a recording it is made out from what was seen.
        VrrplabError: there is no such server, or no such instance on it.

        >>> trace = vrrplab.simulate("article-drill-1-lan-nic")
        >>> trace.why(16, "proxy-serv02", "proxy_ip1").split(";")[0]
        'MASTER since 14.626 s: no advert from 192.168.2.251 for 3.609 s'
        """
        last, at_us = self._last_change(t, server, instance), _moment_us(t)
        from vrrplab.trace.why import why, why_not_started  # only who asks needs them

        scene = self._scene_at(at_us)
        if last is None:
            waits = why_not_started(scene, server, instance)
            return f"{instance} on {server} has not started at {t:.3f} s{waits}."
        return why(scene, last)

    def _scene_at(self, at_us: Micros) -> Answers:
        """How things stood then; the last one is kept, since who asks of one instance asks of others too."""
        count = len(self._before) + len(self)
        if self._scene is None or self._scene[:2] != (count, at_us):
            from vrrplab.trace.why import Answers

            self._scene = count, at_us, Answers(self.past(at_us), self.scenario, at_us)
        return self._scene[2]

    def why_changed(self, change: StateEvent) -> str:
        """Why a change of state happened: its reason, else what follows from what was seen; "": not known."""
        if change.reason:
            return change.reason
        from vrrplab.trace.why import reason_of  # only recordings need it

        return reason_of(self.past(change.t_us), self.scenario, change)

    def why_out(self, target: str, t: float) -> str:
        """Why a client got no answer from ``target`` (an address, or a name) at ``t`` seconds.

        A sentence: who asked, from when to when, and what stood in the way then. VrrplabError: no client of
        the run could ask for such a target.
        """
        target = self.names.target(target)
        at_us, inquiry = _moment_us(t), self._inquiry()
        wanted = {target, *inquiry.addresses_of(target)}
        known = [o for o in self.disturbances() if wanted & {o.target, *inquiry.addresses_of(o.target)}]
        known.sort(key=lambda o: (o.target != target, o.from_us))
        for outage in known:
            if self._is_out(outage, at_us):
                return f"{inquiry.why_out(outage, at_us)}."
        asked = [str(probe.get("target")) for _, probe in probes_of(self.scenario)]
        if not any(wanted & {one, *inquiry.addresses_of(one)} for one in asked) and not known:
            return f"No client asks {target} in this trace."
        return f"No client missed an answer from {target} at {t:.3f} s."

    def _is_out(self, outage: Outage, at_us: Micros) -> bool:
        """Is the moment in one of the gaps of the outage?"""

        def has_it(span: Outage) -> bool:
            return span.from_us <= at_us <= (self.end_us if span.to_us is None else span.to_us)

        probe = outage.client, outage.kind
        return has_it(outage) and any(
            has_it(gap) for gap in self.outages(outage.target) if (gap.client, gap.kind) == probe
        )

    def why_lost(self, outage: Outage) -> list[Phase]:
        """What kept a client's answers away, in order of time; []: the trace shows nothing."""
        return self._inquiry().phases(outage)

    def on_several(self) -> list[tuple[Micros, str]]:
        """Since when an address is on several servers at once, and why, in order of time.

        A handover (up to a second) and MASTERs that a warning tells of already are left out.
        """
        inquiry = self._inquiry()
        return sorted(found for a in self.addresses for found in inquiry.on_several(self.holders(a)))

    def _inquiry(self) -> Inquiry:
        from vrrplab.trace.outage_causes import Inquiry  # only who asks needs it

        return Inquiry(self._before + self.events, self.scenario, self.end_us)

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
            from vrrplab.installing import how_to_install

            raise VrrplabError(f"to_dataframe needs pandas: {how_to_install('pandas')}") from None
        announce(Work(((ROW, len(self)),), "simulate a shorter time (until_s)"))
        return pandas.DataFrame([{"t": e.t, "event": e.event, **e.fields} for e in self])

    def write(self, file: IO[str]) -> None:
        """JSON lines to an open text file."""
        file.writelines(json_lines(self._kept if self._events is None else self._events))

    def save(self, path: str | Path) -> None:
        """Write it as JSON lines to ``path``, whole or not at all; ``read_trace`` reads it.

        OutputError, which is an OSError too: it cannot be written.
        """
        from vrrplab.output.files import replaced_text

        with replaced_text(path) as file:
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


def read_trace(path: str | Path) -> Trace:
    """The trace of a file of JSON lines, as ``Trace.save`` and ``vrrplab simulate --format jsonl`` write
    them.

    TraceError: file and line of what is none.

    >>> vrrplab.simulate("lesson-two-routers").save("two.jsonl")
    >>> vrrplab.read_trace("two.jsonl").owner("192.168.2.1", 10)
    'r1'
    """
    name = str(path)
    lines = read_lines(path, TRACE_LINE_BYTES, TRACE_BYTES, TraceError, "a trace is JSON, one event a line")
    events = [_event_of(name, number, line) for number, line in lines if line.strip()]
    events.sort(key=_time_of)
    return Trace(events)


def _event_of(name: str, number: int, line: str) -> TraceEvent:
    try:
        fields = json_of(line)
        t_s = fields.pop("t")
        if not -LONGEST_S <= t_s <= LONGEST_S:
            raise ValueError("no moment of this world")
        word = str(fields.pop("event"))
        if word in WITH_A_CAST:
            from vrrplab.trace.cast_shape import fitting  # only files are wrong in it

            fields = fitting(word, fields)
        return make_event(micros(t_s), word, fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        hint = 'a line is like {"t": 1.5, "event": "state", …}'
        raise TraceError(name, number, "is not a trace event", hint) from None


def _beginning(outage: Outage) -> tuple[Micros, str, str, str]:
    return outage.from_us, outage.client, outage.target, outage.kind


_time_of: Callable[[TraceEvent], Micros] = lambda event: event.t_us  # noqa: E731
