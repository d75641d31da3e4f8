"""Every kind of event a trace can have, each declared once: its word, its fields, what they mean.

A class is a kind, an attribute is a field. The simulator, the live router, recordings, captures and the
watcher write their traces with these; views and tellings read them by attribute. Users, lessons and JSON
have the words instead: ``event.event == "state"``, ``event.fields["to"]``. ``docs/trace.md`` is made from
what stands here.

A field's JSON name is the attribute's, less the ``_`` that Python needs (``from_``). A field with a default
may be missing, and is left out of JSON then. An event of a file may lack other fields too, or have more:
what is missing, or has another type than is declared, is ``ABSENT``; the rest is kept in ``extra``. A kind
that is not known is an ``OtherEvent``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field
from dataclasses import fields as declared_fields
from functools import cache
from math import isfinite
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    TypeVar,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from vrrplab.trace.vocabulary import ACTIONS, Act
from vrrplab.units import Micros, seconds


@cache
def _encoder() -> Callable[[object], str]:
    from json import JSONEncoder  # not needed to tell a trace as a table

    return JSONEncoder(ensure_ascii=False).encode


@cache
def _ascii_encoder() -> Callable[[object], str]:
    from json import JSONEncoder

    return JSONEncoder().encode


class _Absent(str):
    """No text at all: an empty one for whoever reads it, and no field in JSON."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "ABSENT"  # stays the only one of its kind in another process


ABSENT: Final = _Absent()

SIMULATOR, ROUTER, RECORDING = "simulator", "live router", "recording"
CAPTURE, WATCHER = "capture", "watcher"
EVERYBODY = (SIMULATOR, ROUTER, RECORDING, CAPTURE, WATCHER)


def json_moment(t_us: Micros) -> str:
    """How the line of an event of that moment begins."""
    return f'{{"t": {t_us // 1_000_000}.{t_us % 1_000_000:06d}'


@dataclass(slots=True, eq=False, repr=False)
class TraceEvent:
    """One thing that happened, ``t_us`` after the start; ``server`` and ``instance`` "": it has none."""

    event: ClassVar[str] = ""  # the kind's word
    written_by: ClassVar[tuple[str, ...]] = ()

    t_us: Micros
    server: str = ABSENT
    instance: str = field(default=ABSENT, kw_only=True)
    extra: dict[str, Any] | None = field(default=None, kw_only=True, repr=False)

    @property
    def t(self) -> float:
        """Seconds."""
        return seconds(self.t_us)

    @property
    def fields(self) -> dict[str, Any]:
        """All but time and kind, in JSON's order and under JSON's names."""
        found = {}
        for attribute, name, required in layout(type(self)):
            value = getattr(self, attribute)
            if value is not ABSENT and (required or value is not None):
                found[name] = value
        return found | self.extra if self.extra else found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TraceEvent):
            return NotImplemented
        return (self.t_us, self.event, self.fields) == (other.t_us, other.event, other.fields)

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.to_json()}>"

    def to_json(self) -> str:
        """One line of a trace file, without the line end."""
        return json_moment(self.t_us) + self.json_behind()

    def json_behind(self) -> str:
        """The line behind its moment (``json_moment``): the same for all that differ in that alone."""
        body = _encoder()(self.fields)[1:]
        word = f'"{self.event}"' if self.event.isidentifier() else _ascii_encoder()(self.event)
        if not body.isprintable():  # something in it could steer a terminal: then all of it in ASCII
            body = _ascii_encoder()(self.fields)[1:]
        return f', "event": {word}' + (", " + body if body != "}" else "}")


@dataclass(slots=True, eq=False, repr=False)
class OpenEvent(TraceEvent):
    """An event with fields as they come, in ``content``."""

    keys: ClassVar[Mapping[str, tuple[str, str]]] = {}  # those that are known: type and meaning

    content: dict[str, Any] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        self.server = str(self.content.get("server", ABSENT)) or ABSENT
        self.instance = str(self.content.get("instance", ABSENT)) or ABSENT

    @property
    def fields(self) -> dict[str, Any]:
        return self.content


@dataclass(slots=True, eq=False, repr=False)
class OtherEvent(OpenEvent):
    """A kind that is not declared here: from a user's file, or from a later version."""

    event: str = field(default="", kw_only=True)  # type: ignore[misc]


KINDS: Final[dict[str, type[TraceEvent]]] = {}
_Kind = TypeVar("_Kind", bound=TraceEvent)


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
def kind(word: str, *written_by: str) -> Callable[[type[_Kind]], type[_Kind]]:
    """Declare the decorated class as the kind with this word; ``written_by``: who writes it."""

    def declare(cls: type[_Kind]) -> type[_Kind]:
        made = dataclass(slots=True, kw_only=True, eq=False, repr=False)(cls)
        made.event, made.written_by = word, written_by
        KINDS[word] = made
        return made

    return declare


@kind("scenario", *EVERYBODY)
class ScenarioEvent(OpenEvent):
    """The first event: the cast as plain values; nobody needs the files it was made from."""

    keys: ClassVar[Mapping[str, tuple[str, str]]] = {
        "name": ("text", "what was run"),
        "description": ("text", "what it is about"),
        "profile": ("text", "the behaviour profile"),
        "profiles": ("text", "where servers have others: whose behaviour it is, in words"),
        "seed": ("integer or null", "every random choice comes from it; null: a recording has none"),
        "duration_s": ("number", "how long it lasts"),
        "origin": ("text", "simulation, recording, capture or live"),
        "segments": ("object", "name: {subnet}"),
        "servers": (
            "object",
            "name: {interfaces: {name: {segment, mac, addresses}}, services: {name: {port, listen}}, config,"
            " profile (if it has one of its own), daemon (if it is not keepalived), instances: {name: {vrid,"
            " interface, priority, state,"
            " version, advert_int_s, preempt, virtual_addresses, excluded_addresses, unicast_peers,"
            " refuses_by, tracks: [{kind, name, weight}], ignores: [{kind, name, text: what the daemon takes"
            " off and why}]}}, sync_groups: {name: {members, tracks}}, ignored: [the same of all, in"
            " words], tracked: {files: {name: a value that means FAULT},"
            " processes: {name: quorum}, bfds: [name]}}; from excluded_addresses on only where there is"
            " something to say",
        ),
        "routers": (
            "object",
            "routers that join segments, name: {interfaces: {segment: {segment, mac, addresses}}, latency_s}",
        ),
        "clients": ("object", "name: {segment, mac, addresses, probes: [{kind, target, port, every_s}]}"),
        "dns": ("object", "name: [address]"),
        "virtual_addresses": ("list of text", "all of them, without prefix"),
        "mode": ("text", "live: raw sockets or udp"),
        "clock": ("object", "live: {monotonic_s, unix_s}, where time 0 is"),
        "epoch_s": ("number", "capture: when time 0 was, seconds since 1970"),
    }


def cast_fields(
    name: str,
    description: str,
    origin: str,
    *,
    segments: dict[str, Any],
    servers: dict[str, Any],
    clients: dict[str, Any] | None = None,
    dns: dict[str, list[str]] | None = None,
    virtual_addresses: Iterable[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """The content of a ``ScenarioEvent``. ``more``: keys that not every trace has (profile, seed, clock)."""
    unknown = more.keys() - ScenarioEvent.keys
    if unknown:
        raise TypeError(f"a scenario event has no {', '.join(sorted(unknown))}")
    return {
        "name": name,
        "description": description,
        "origin": origin,
        **more,
        "segments": segments,
        "servers": servers,
        "clients": clients or {},
        "dns": dns or {},
        "virtual_addresses": list(virtual_addresses),
    }


def as_table(told: Any) -> dict[str, Any]:
    """A part of the cast by name; nothing where a trace has none, or something else in its place."""
    return told if isinstance(told, dict) else {}


@kind("configuration", SIMULATOR, ROUTER, RECORDING)
class ConfigurationEvent(TraceEvent):
    """A reload brought a new configuration: from now on this holds in place of what the cast says."""

    instances: Annotated[dict[str, Any], "as in the cast"]
    sync_groups: Annotated[dict[str, Any] | None, "the same"] = None
    ignored: Annotated[list[str] | None, "the same"] = None


@kind("action", SIMULATOR, RECORDING)
class ActionEvent(OpenEvent):
    """What a scenario does to the network, as it was injected: the action's word and its keys."""

    keys: ClassVar[Mapping[str, tuple[str, str]]] = {
        "action": ("text", "the action's word; its keys follow, see below")
    }

    @property
    def action(self) -> str:
        """The action's word, see ``vocabulary``."""
        return str(self.content.get("action", ""))

    @property
    def act(self) -> Act | None:
        """What is known of it; None: a word that no scenario knows."""
        return ACTIONS.get(self.action)


@kind("state", *EVERYBODY)
class StateEvent(TraceEvent):
    """A state really entered, FAULT at the start included; an owner goes from INIT to MASTER directly."""

    from_: Annotated[str, "the state before"]
    to: Annotated[str, "the state now: INIT, BACKUP, MASTER, FAULT or STOP"]
    reason: Annotated[str, 'an answer to "why?"; a recording holds what was seen, not why'] = ABSENT
    frames: Annotated[list[int] | None, "capture: numbers of the frames that show it"] = None


@kind("faults", SIMULATOR, ROUTER)
class FaultsEvent(TraceEvent):
    """An instance stays in FAULT, but for other reasons than before."""

    faults: Annotated[list[str], "what of its own is broken now, a sentence each; none: its sync group's"]


@kind("priority", SIMULATOR, ROUTER, RECORDING, WATCHER)
class PriorityEvent(TraceEvent):
    """An instance's effective priority changed."""

    from_: Annotated[int, "the priority before"]
    to: Annotated[int, "the priority now"]
    reason: Annotated[str, "whose weight it is"] = ABSENT


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class AdvertEvent(TraceEvent):
    """An advert, sent or received."""

    interface: Annotated[str, "where it left or came in"]
    source: Annotated[str, "IP source address"]
    destination: Annotated[str, "the group, or a unicast peer"]
    version: Annotated[int, "VRRP version"]
    vrid: Annotated[int, "virtual router ID"]
    priority: Annotated[int, "0: a farewell"]
    interval_s: Annotated[float | None, "advertisement interval; null: it is not known"]
    addresses: Annotated[list[str], "virtual addresses, as they stand in the advert"]
    frame: Annotated[str, "its bytes (hexadecimal), with --frames"] = ABSENT
    frame_number: Annotated[int | None, "capture: which frame of the file it is"] = None


@kind("advert_sent", *EVERYBODY)
class AdvertSentEvent(AdvertEvent):
    """An advert left the host."""


@kind("advert_received", SIMULATOR, ROUTER)
class AdvertReceivedEvent(AdvertEvent):
    """An advert was handed to the daemon; no instance: it has none for that VRID."""


@kind("advert_dropped", SIMULATOR, ROUTER, WATCHER)
class AdvertDroppedEvent(TraceEvent):
    """An advert was not used."""

    source: Annotated[str, "IP source address"]
    vrid: Annotated[int, "virtual router ID"]
    reason: Annotated[str, "the drop reason's name"]


@kind("advert_failed", SIMULATOR, ROUTER)
class AdvertFailedEvent(TraceEvent):
    """An advert, gratuitous ARP or neighbour advertisement could not leave the host."""

    interface: Annotated[str, "where it should have left"]
    destination: Annotated[str, "an advert's group or unicast peer"] = ABSENT
    vrid: Annotated[int | None, "an advert's virtual router ID"] = None
    priority: Annotated[int | None, "an advert's priority"] = None
    address: Annotated[str, "the address that should have been announced"] = ABSENT
    reason: Annotated[str, "why not"]


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class AddressEvent(TraceEvent):
    """An address was put on an interface or taken off it."""

    interface: Annotated[str, "which interface"]
    address: Annotated[str, "with prefix"]
    label: Annotated[str, "the interface label it has there"] = ABSENT
    pretended: Annotated[bool | None, "live without root: nothing was really changed"] = None

    @property
    def bare(self) -> str:
        """The address without its prefix."""
        return str(self.address).partition("/")[0]  # a file may say anything


@kind("address_added", *EVERYBODY)
class AddressAddedEvent(AddressEvent):
    """An address is on an interface now; no instance: by hand."""


@kind("address_removed", *EVERYBODY)
class AddressRemovedEvent(AddressEvent):
    """An address was taken off. Not written for loss of power or a killed daemon: nothing removed it."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class AnnouncementEvent(TraceEvent):
    """A host told its neighbours at which MAC an address is."""

    interface: Annotated[str, "where it left"]
    address: Annotated[str, "the address announced, without prefix"]
    mac: Annotated[str, "the MAC announced for it"]
    frame: Annotated[str, "its bytes (hexadecimal), with --frames"] = ABSENT


@kind("garp_sent", *EVERYBODY)
class GarpSentEvent(AnnouncementEvent):
    """A gratuitous ARP left the host."""


@kind("na_sent", *EVERYBODY)
class NaSentEvent(AnnouncementEvent):
    """An unsolicited neighbour advertisement left the host."""


@kind("script", SIMULATOR, ROUTER, RECORDING)
class ScriptEvent(TraceEvent):
    """A vrrp_script ended."""

    script: Annotated[str, "its name"]
    exit: Annotated[int | str, 'exit code, or "timeout"']
    result: Annotated[str, "pass or fail"]
    changed: Annotated[bool | None, "true: fall or rise was reached"] = None


@kind("interface", SIMULATOR, ROUTER, RECORDING)
class InterfaceEvent(TraceEvent):
    """An interface came up or went down."""

    interface: Annotated[str, "which interface"]
    up: Annotated[bool, "whether it works now"]


@kind("service", SIMULATOR)
class ServiceEvent(TraceEvent):
    """An application was started, stopped or ended, by an action, a notify script or the power."""

    service: Annotated[str, "its name"]
    up: Annotated[bool, "whether its process exists"]
    accepting: Annotated[bool | None, "whether it takes clients"] = None


@kind("notify", SIMULATOR, ROUTER)
class NotifyEvent(TraceEvent):
    """A notify script was run, of an instance or of a sync group."""

    group: Annotated[str, "the sync group, where it is a group's"] = ABSENT
    script: Annotated[str, "the program"]
    arguments: Annotated[list[str], "what it is called with"]


@kind("log", SIMULATOR, ROUTER, RECORDING)
class LogEvent(TraceEvent):
    """A line of the daemon's log."""

    line: Annotated[str, "exactly as keepalived of that profile would write it, without time stamp"]


@kind("mac_learned", SIMULATOR)
class MacLearnedEvent(TraceEvent):
    """A switch changed its table."""

    segment: Annotated[str, "which network"]
    mac: Annotated[str, "the address"]
    port: Annotated[str | None, "where it is now, host and interface; null: forgotten"]


@kind("neighbour", SIMULATOR, RECORDING)
class NeighbourEvent(TraceEvent):
    """A client's ARP or neighbour cache changed."""

    client: Annotated[str, "whose cache"]
    ip: Annotated[str, "the address"]
    mac: Annotated[str | None, "the MAC it has for it now; null: none"]


@kind("outage", SIMULATOR, RECORDING)
class OutageEvent(TraceEvent):
    """A client got no answer for a while; written when it ends, or at the end of the run.
    `Trace.disturbances` tells those that belong together (round robin) as one, and what share was lost.
    """

    client: Annotated[str, "who asked"]
    kind: Annotated[str, "icmp or http"]
    target: Annotated[str, "the address or name that was asked"]
    from_s: Annotated[float, "the last good answer before"]
    to_s: Annotated[float | None, "the first good one after; null: the run ends first"]
    lost: Annotated[int, "number of probes without an answer"]


@kind("warning", *EVERYBODY)
class WarningEvent(TraceEvent):
    """Anything a user should know: a corrected configuration, two masters at once, …"""

    text: Annotated[str, "what, in a sentence"]
    kind: Annotated[str, "what kind of fault of a configuration it is"] = ABSENT
    file: Annotated[str, "the configuration"] = ABSENT
    line: Annotated[int | None, "where in it"] = None
    servers: Annotated[list[str] | None, "all whom it concerns, where they are several"] = None
    drops_by: Annotated[str, "what drops packets of clients: rp_filter, vrrp_strict or no_accept"] = ABSENT
    address: Annotated[str, "the one they are for"] = ABSENT
    source: Annotated[str, "the client's; missing: everybody's"] = ABSENT
    over: Annotated[bool | None, "true: they are dropped no longer"] = None
    frames: Annotated[list[int] | None, "capture, watcher: numbers of the frames that show it"] = None
    finding: Annotated[str, "capture, watcher: what kind of finding it is"] = ABSENT


@kind("statistics", ROUTER)
class StatisticsEvent(TraceEvent):
    """The last event of a live router: how punctual it was and what it cost."""

    timers: Annotated[int, "timers served"]
    worst_late_s: Annotated[float, "how late the latest was"]
    over_50_ms: Annotated[int, "how many were later than that"]
    packets: Annotated[int, "VRRP packets that arrived"]
    passed_on: Annotated[int, "those the guard let through"]
    cpu_s: Annotated[float, "processor time"]
    memory_kb: Annotated[int, "the most memory so far"]


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class RouteEvent(TraceEvent):
    """A virtual route or rule was put into a routing table or taken out."""

    interface: Annotated[str, "the route's interface"] = ABSENT
    table: Annotated[str, "the routing table"] = ABSENT
    text: Annotated[str, "as `ip route` or `ip rule` shows it"]


@kind("route_added", SIMULATOR, ROUTER)
class RouteAddedEvent(RouteEvent):
    """A virtual route is there now."""


@kind("route_removed", SIMULATOR, ROUTER)
class RouteRemovedEvent(RouteEvent):
    """A virtual route is gone; no instance: the kernel dropped it, with its interface or an address."""


@kind("rule_added", SIMULATOR, ROUTER)
class RuleAddedEvent(RouteEvent):
    """A virtual rule is there now."""


@kind("rule_removed", SIMULATOR, ROUTER)
class RuleRemovedEvent(RouteEvent):
    """A virtual rule was taken out."""


@kind("undecided")
class UndecidedEvent(TraceEvent):
    """What nothing decides, most often who of several is first at one moment: this run drew lots."""

    candidates: Annotated[list[str], "servers that could have been first; or what could have been so"]
    drawn: Annotated[str, "the one that was, in this run"]
    reason: Annotated[str, "why it is open"]


_LAYOUTS: dict[type[TraceEvent], tuple[tuple[str, str, bool], ...]] = {}


def layout(kind: type[TraceEvent]) -> tuple[tuple[str, str, bool], ...]:
    """A kind's fields in JSON's order: attribute, JSON name, whether it must be there."""
    if kind not in _LAYOUTS:
        own = [f for f in declared_fields(kind) if f.name not in ("t_us", "extra")]
        _LAYOUTS[kind] = tuple((f.name, f.name.rstrip("_"), f.default is MISSING) for f in own)
    return _LAYOUTS[kind]


_TYPES: dict[type[TraceEvent], dict[str, tuple[type, ...]]] = {}


def _types(kind: type[TraceEvent]) -> dict[str, tuple[type, ...]]:
    """What a value of each field may be, as JSON has it; what is in a list or table is not looked at."""
    if kind not in _TYPES:
        _TYPES[kind] = found = {}
        for name, hint in get_type_hints(kind).items():
            parts = get_args(hint) if isinstance(hint, UnionType) else (hint,)
            found[name] = tuple(get_origin(part) or part for part in parts)
    return _TYPES[kind]


def _fits(value: object, types: tuple[type, ...]) -> bool:
    if isinstance(value, float):
        return float in types and isfinite(value)
    return isinstance(value, types) or (float in types and type(value) is int)


def make_event(t_us: Micros, word: str, fields: dict[str, Any]) -> TraceEvent:
    """An event from the words of JSON; whatever its kind does not have, does not know, or declares to be of
    another type, is kept.
    """
    kind = KINDS.get(word)
    if kind is None:
        return OtherEvent(t_us, event=word, content=fields)
    if issubclass(kind, OpenEvent):
        return kind(t_us, content=fields)
    extra = dict(fields)
    given: dict[str, Any] = {}
    types = _types(kind)
    for attribute, name, required in layout(kind):
        if name in extra and (required or extra[name] is not None) and _fits(extra[name], types[attribute]):
            given[attribute] = extra.pop(name)
        elif required:
            given[attribute] = ABSENT
    return kind(t_us, **given, extra=extra or None)
