"""What the advert ladder shows, as plain values: who sent what to whom, in order of time.

Simulations say who received each advert, and who dropped it and why. A recording was made on the wire: it
knows who sent, so there a message goes to everybody it was meant for, marked "maybe".
"""

from __future__ import annotations

from typing import Any, NamedTuple

from vrrplab.errors import DropReason
from vrrplab.trace import Trace
from vrrplab.trace.events import (
    ActionEvent,
    AdvertDroppedEvent,
    AdvertEvent,
    AdvertSentEvent,
    AnnouncementEvent,
    GarpSentEvent,
    NeighbourEvent,
    StateEvent,
)
from vrrplab.trace.vocabulary import PORT, POWER
from vrrplab.units import Micros, seconds
from vrrplab.views import figure_arguments, naming
from vrrplab.views.plain import PlainRow, PlainTable

_BURST_US: Micros = 500_000  # announcements of one sender this close together are one row
_AROUND_US: Micros = 1_200_000  # what is shown before the first action and after what came of it
_FLIGHT_US: Micros = 500_000  # an advert that has not arrived by then was lost
MAX_ROWS = 70
KINDS = {
    "advert": "advert: priority",
    "zero": "priority 0: leaving",
    "garp": "gratuitous ARP",
    "na": "unsolicited NA",
}


class Message(NamedTuple):
    """A frame, or a burst of equal ones. ``kind``: "advert", "zero" (priority 0), "garp" or "na".

    ``receivers``: (who, fate) with fate "heard", "maybe", or the reason why it was dropped.
    """

    t_us: Micros
    sender: str
    instance: str
    kind: str
    text: str
    receivers: tuple[tuple[str, str], ...]


class Turn(NamedTuple):
    """An instance changed its state."""

    t_us: Micros
    server: str
    instance: str
    to: str
    reason: str


class Deed(NamedTuple):
    """An action from outside; ``silences``: the server on which nothing runs from here on, or ""."""

    t_us: Micros
    text: str
    silences: str = ""


class Fold(NamedTuple):
    """Adverts that only repeat what was said before, left out."""

    t_us: Micros
    adverts: int


Row = Message | Turn | Deed | Fold


class LadderRows(NamedTuple):
    """``participants``: servers, then clients. ``instances``: of each server, in order."""

    title: str
    note: str
    more: str
    participants: tuple[str, ...]
    instances: dict[str, tuple[str, ...]]
    before: dict[tuple[str, str], str]  # (server, instance) -> state when the window opens
    rows: tuple[Row, ...]
    left_out: int

    def summary(self) -> str:
        """The figure in one sentence."""
        sent = sum(isinstance(row, Message) for row in self.rows)
        turns = sum(isinstance(row, Turn) for row in self.rows)
        return f"Ladder of {self.title}: {sent} messages and {turns} state changes, top to bottom in time."

    def plain(self) -> PlainTable:
        """The figure as a table: a row a message or a change, in order of time."""
        found = [PlainRow((f"{seconds(row.t_us):.3f} s", *_in_words(row))) for row in self.rows]
        if self.left_out:
            found.append(PlainRow(("", "", f"{self.left_out} more rows: choose from_s and to_s", "")))
        about = self.title, self.note, self.more, self.summary()
        return PlainTable(*about, ("time", "who", "what", "to whom, or why"), tuple(found))


def _in_words(row: Row) -> tuple[str, str, str]:
    """Who, what, and to whom or why."""
    if isinstance(row, Message):
        fates = ", ".join(f"{name} ({fate})" for name, fate in row.receivers)
        return row.sender, f"{KINDS[row.kind].partition(':')[0]} {row.text}", fates
    if isinstance(row, Turn):
        return row.server, f"{row.instance} {row.to}", row.reason
    if isinstance(row, Deed):
        return "", row.text, ""
    return "", f"{row.adverts} more adverts like these", ""


def rows(
    trace: Trace, from_s: float | None = None, to_s: float | None = None, instance: str = ""
) -> LadderRows:
    """The ladder between two moments, of all instances or of one.

    Without moments: from shortly before the first action until shortly after somebody became MASTER;
    in a trace without actions the same around the first MASTER.
    """
    from_us, to_us = _window(trace, from_s, to_s, instance)
    members = {
        pair: name for name, pair in ((i, (s, i)) for i, s in trace.instances) if instance in ("", name)
    }
    servers = [s for s in trace.servers if not instance or any(s == pair[0] for pair in members)]
    clients = [name for name in (trace.scenario.get("clients") or {}) if name]
    own = {s: tuple(i for t, i in members if t == s) for s in servers}
    found = _collect(trace, from_us, to_us, instance, servers, clients)
    folded = _fold(found)
    title, origin, more = naming.head_of(trace)
    return LadderRows(
        title,
        f"{origin} · {seconds(from_us):.3f} to {seconds(to_us):.3f} s",
        more,
        (*servers, *(client for client in clients if _concerned(client, folded))),
        own,
        {(s, i): trace.state_at(seconds(from_us), s, i) for s in servers for i in own[s]},
        tuple(folded[:MAX_ROWS]),
        max(0, len(folded) - MAX_ROWS),
    )


def _window(trace: Trace, from_s: float | None, to_s: float | None, instance: str) -> tuple[Micros, Micros]:
    actions = [e.t_us for e in trace.of(ActionEvent) if e.t_us > 0]
    masters = [e.t_us for e in trace.of(StateEvent, instance=instance) if e.to == "MASTER"]
    begin_us = actions[0] if actions else masters[0] if masters else 0
    after = [t for t in masters if t >= begin_us]
    end_us = after[0] if after else begin_us + 4_000_000
    from_us, to_us = figure_arguments.window_us(trace, from_s, to_s)
    from_us = max(0, begin_us - _AROUND_US) if from_s is None else from_us
    to_us = min(trace.end_us, end_us + _AROUND_US) if to_s is None else to_us
    return from_us, max(from_us, to_us)


def _collect(
    trace: Trace, from_us: Micros, to_us: Micros, instance: str, servers: list[str], clients: list[str]
) -> list[Row]:
    fates = _fates(trace)
    wire = _Wire(trace, servers, clients)
    silent = {(server, t_us) for server, moments in naming.alive_until(trace).items() for t_us, _ in moments}
    found: list[Row] = []
    burst: dict[tuple[str, str], int] = {}
    for event in trace:
        if isinstance(event, ActionEvent):
            wire.follow(event)
        if not from_us <= event.t_us <= to_us or (instance and event.instance not in ("", instance)):
            continue
        if isinstance(event, ActionEvent):
            gone = event.server if (event.server, event.t_us) in silent else ""
            found.append(Deed(event.t_us, naming.action_text(event, trace), gone))
        elif isinstance(event, StateEvent):
            reason = event.reason or ""
            found.append(Turn(event.t_us, event.server, event.instance, event.to, reason))
        elif isinstance(event, AdvertSentEvent):
            found.append(_advert(event, fates.get(id(event), ()) if fates else wire.meant_for(event)))
        elif isinstance(event, AnnouncementEvent):
            _announce(event, found, burst, wire)
    return found


def _fates(trace: Trace) -> dict[int, tuple[tuple[str, str], ...]]:
    """Sent advert -> who got it and how; empty if the trace does not tell about receiving."""
    waiting: dict[tuple[Any, Any], list[AdvertEvent]] = {}
    heard: dict[tuple[tuple[Any, Any], str], tuple[int, Micros]] = {}
    found: dict[int, dict[str, str]] = {}
    told: list[AdvertEvent | AdvertDroppedEvent] = trace.of(AdvertEvent, AdvertDroppedEvent)
    for event in told:
        key = event.source, event.vrid
        if isinstance(event, AdvertSentEvent):
            recent = [e for e in waiting.get(key, []) if event.t_us - e.t_us <= _FLIGHT_US]
            waiting[key] = [*recent, event]
            continue
        verdict = isinstance(event, AdvertDroppedEvent)
        fate = _reason_text(event.reason) if isinstance(event, AdvertDroppedEvent) else "heard"
        before = heard.get((key, event.server))
        if verdict and before is not None and before[1] == event.t_us:
            found[before[0]][event.server] = fate  # received, looked at, and dropped: one frame
            continue
        # adverts of one sender arrive in the order they were sent, if they arrive
        for sent in waiting.get(key, []):
            fates = found.setdefault(id(sent), {})
            if event.server not in (sent.server, *fates) and event.t_us - sent.t_us <= _FLIGHT_US:
                fates[event.server] = fate
                heard[key, event.server] = id(sent), event.t_us
                break
    return {key: tuple(fate.items()) for key, fate in found.items()}


def _reason_text(name: str) -> str:
    """A drop reason in words."""
    known = DropReason.__members__.get(name)
    return known.value if known else name.lower().replace("_", " ") or "dropped"


class _Wire:
    """Who is connected to whom: what a sender could reach, where the trace does not say who it did reach."""

    def __init__(self, trace: Trace, servers: list[str], clients: list[str]) -> None:
        self.trace = trace
        self.servers = servers
        self.clients = clients
        self.short = naming.short_addresses(trace.addresses)
        self.ports: dict[tuple[str, str], str] = {}  # (server, interface) -> segment, while it is up
        self.on: dict[str, set[str]] = {}
        self.off: set[str] = set()
        self.down: set[tuple[str, str]] = set()
        for server, about in (trace.scenario.get("servers") or {}).items():
            for name, port in (about.get("interfaces") or {}).items():
                self.ports[server, name] = str(port.get("segment") or "")
        for client, about in (trace.scenario.get("clients") or {}).items():
            self.on[client] = {str(about.get("segment") or "")}

    def follow(self, action: ActionEvent) -> None:
        """Cables, links and power as they are after this action."""
        act, port = action.act, (action.server, str(action.content.get("interface") or ""))
        if act and act.part == PORT:
            (self.down.discard if act.mends else self.down.add)(port)
        elif act and act.part == POWER:
            (self.off.discard if act.mends else self.off.add)(action.server)

    def _segments(self, name: str) -> set[str]:
        up = {s for port, s in self.ports.items() if port[0] == name and port not in self.down}
        return set() if name in self.off else up | self.on.get(name, set())

    def meant_for(self, event: AdvertSentEvent) -> tuple[tuple[str, str], ...]:
        """The other servers on the sender's segment, each "maybe"."""
        return self._on_segment(event, self.servers)

    def _on_segment(
        self, event: AdvertSentEvent | AnnouncementEvent, names: list[str]
    ) -> tuple[tuple[str, str], ...]:
        others = [name for name in names if name != event.server and name not in self.off]
        port = self.ports.get((event.server, event.interface.partition(".")[0]))
        here = {port} if port else self._segments(event.server)
        known = bool(self.ports)
        return tuple((name, "maybe") for name in others if not known or here & self._segments(name))

    def announced_to(self, event: AnnouncementEvent) -> tuple[tuple[str, str], ...]:
        """Servers and clients; a client whose cache followed at once has heard it."""
        address = str(event.address).split("/")[0]
        mac = event.mac.lower()
        changed = {
            e.client
            for e in self.trace.of(NeighbourEvent)
            if e.ip == address and (e.mac or "").lower() == mac and 0 <= e.t_us - event.t_us <= naming.NEAR_US
        }
        reached = self._on_segment(event, [*self.servers, *self.clients])
        return tuple((name, "heard" if name in changed else fate) for name, fate in reached)


def _advert(event: AdvertSentEvent, reached: tuple[tuple[str, str], ...]) -> Message:
    priority = event.priority
    name = event.instance or f"VRID {event.vrid}"
    kind = "zero" if priority == 0 else "advert"
    return Message(event.t_us, event.server, event.instance, kind, f"{name}: {priority}", reached)


def _announce(
    event: AnnouncementEvent, found: list[Row], burst: dict[tuple[str, str], int], wire: _Wire
) -> None:
    """A row of its own, or one more in the sender's burst."""
    kind = "garp" if isinstance(event, GarpSentEvent) else "na"
    place = burst.get((event.server, kind))
    address = str(event.address).split("/")[0]
    name = wire.short.get(address, address)
    if place is not None:
        known = found[place]
        if isinstance(known, Message) and event.t_us - known.t_us <= _BURST_US:
            count, _, names = known.text.partition(" × ")
            named = names.split(", ")
            if name not in named:
                named.append(name)
            text = f"{int(count) + 1} × {', '.join(named)}"
            found[place] = known._replace(text=text)
            return
    burst[event.server, kind] = len(found)
    reached = wire.announced_to(event)
    found.append(Message(event.t_us, event.server, event.instance, kind, f"1 × {name}", reached))


def _fold(found: list[Row]) -> list[Row]:
    """Of adverts that only repeat each other, keep the first and the last of each sender."""
    kept: list[Row] = []
    run: list[Message] = []

    def close() -> None:
        names = {(m.sender, m.text, m.receivers) for m in run}
        keep = len(names)
        if len(run) <= 2 * keep + 1:
            kept.extend(run)
        else:
            kept.extend(run[:keep])
            kept.append(Fold(run[keep].t_us, len(run) - 2 * keep))
            kept.extend(run[-keep:])
        run.clear()

    for row in found:
        if isinstance(row, Message) and row.kind == "advert":
            run.append(row)
            continue
        close()
        kept.append(row)
    close()
    return kept


def _concerned(client: str, found: list[Row]) -> bool:
    return any(isinstance(row, Message) and client in dict(row.receivers) for row in found)
