"""What a trace tells of its cluster up to one moment: who is who, what is down, which adverts came to whom.

Facts only; ``why`` makes sentences of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from vrrplab.errors import DropReason
from vrrplab.trace.events import (
    ActionEvent,
    AddressAddedEvent,
    AddressRemovedEvent,
    AdvertDroppedEvent,
    AdvertFailedEvent,
    AdvertReceivedEvent,
    AdvertSentEvent,
    ConfigurationEvent,
    FaultsEvent,
    InterfaceEvent,
    LogEvent,
    PriorityEvent,
    ScriptEvent,
    StateEvent,
    TraceEvent,
    as_table,
)
from vrrplab.trace.vocabulary import LINK_BACK, LINK_LOST, POWER, Act, Segments, fault_words
from vrrplab.units import Micros, micros

UNDER_WAY_US = micros(0.01)  # longer than a LAN takes: an advert sent since then may still come
PATIENCE = 4  # intervals: longer than three and a skew no BACKUP waits, so an older advert holds nobody
_KERNEL = (DropReason.FIREWALL, DropReason.RP_FILTER, DropReason.OWN_SOURCE, DropReason.MACVLAN)
_BEFORE_THE_DAEMON = {reason.name for reason in _KERNEL}  # it never saw them


Kind = TypeVar("Kind", bound=TraceEvent)


class Heard(NamedTuple):
    """An advert that came to an instance, and what was made of it."""

    t_us: Micros
    source: str
    priority: int | None
    interval_s: float | None
    verdict: str  # "": it counted; a drop reason's name; "?": a recording does not tell


Pair = tuple[str, str]  # server, instance
Kept = tuple[type[TraceEvent], str, str]  # kind, server, instance
_OF_INSTANCES = (
    AdvertDroppedEvent,
    AdvertFailedEvent,
    AdvertReceivedEvent,
    AdvertSentEvent,
    FaultsEvent,
    PriorityEvent,
    StateEvent,
)
_OF_SERVERS = (
    ActionEvent,
    AddressAddedEvent,
    AddressRemovedEvent,
    ConfigurationEvent,
    InterfaceEvent,
    LogEvent,
    ScriptEvent,
)


class Scene:
    """What a trace tells of its cluster up to a moment: ``events`` so far, and the fields of its cast."""

    def __init__(self, events: Iterable[TraceEvent], fields: dict[str, Any], t_us: Micros) -> None:
        self.fields = fields
        self.t_us = t_us
        self.past = [e for e in events if e.t_us <= t_us]
        self._kept: dict[Kept, list[tuple[int, Any]]] = {}  # with their place in the past
        for place, event in enumerate(self.past):
            kind = type(event)
            if kind in _OF_INSTANCES:
                self._kept.setdefault((kind, event.server, event.instance), []).append((place, event))
            elif kind in _OF_SERVERS:
                self._kept.setdefault((kind, event.server, ""), []).append((place, event))
        self.cast = {server: dict(about) for server, about in as_table(fields.get("servers")).items()}
        for event in self.past:
            if isinstance(event, ConfigurationEvent):
                groups = event.sync_groups or {}
                self.cast.setdefault(event.server, {}).update(instances=event.instances, sync_groups=groups)
        self.tells_reception = fields.get("origin") in ("simulation", "live") or any(
            isinstance(e, AdvertReceivedEvent | AdvertDroppedEvent) for e in self.past
        )
        self._sources: dict[str, dict[str, None]] = {}  # address -> the servers that have or use it
        for server, about in self.cast.items():
            for port in as_table(about.get("interfaces")).values():
                for address in port.get("addresses") or ():
                    self._sources.setdefault(str(address).split("/")[0], {})[server] = None
        for event in self.past:
            if isinstance(event, AdvertSentEvent):
                self._sources.setdefault(event.source, {})[event.server] = None

    def of(self, kind: type[Kind], server: str, instance: str = "") -> Iterator[Kind]:
        """Events of one kind, of a server or one of its instances."""
        return (event for _, event in self._kept.get((kind, server, instance), ()))

    def of_several(self, *kept: Kept) -> Iterator[Any]:
        """Events of several kinds, servers or instances, in order of time."""
        found = chain.from_iterable(self._kept.get(one, ()) for one in kept)
        return (event for _, event in sorted(found, key=itemgetter(0)))

    # -- who is who --------------------------------------------------------------------------------

    def config(self, pair: Pair) -> dict[str, Any]:
        """What the trace tells of the instance's configuration."""
        found = as_table(self.cast.get(pair[0], {}).get("instances")).get(pair[1])
        return found if isinstance(found, dict) else {}

    def interface(self, pair: Pair) -> str:
        return str(self.config(pair).get("interface", ""))

    def group_of(self, pair: Pair) -> tuple[str, dict[str, Any]]:
        """Its sync group's name and contents; ("", {}): it has none."""
        for name, group in as_table(self.cast.get(pair[0], {}).get("sync_groups")).items():
            if pair[1] in group.get("members", ()):
                return name, group
        return "", {}

    def others_in_group(self, pair: Pair) -> list[Pair]:
        members = self.group_of(pair)[1].get("members", ())
        return [(pair[0], name) for name in members if name != pair[1]]

    def name_of(self, source: str) -> str:
        """A sender by its server's name and its address, if only one server has that."""
        servers = list(self._sources.get(source, ()))
        return f"{servers[0]} ({source})" if len(servers) == 1 else source

    def peers(self, pair: Pair) -> list[Pair]:
        """Instances of other servers with its VRID and family, in its network or not."""
        own = self.config(pair)
        return [
            (server, name)
            for server, about in self.cast.items()
            for name, config in as_table(about.get("instances")).items()
            if server != pair[0]
            and config.get("vrid") == own.get("vrid")
            and family_of(config) == family_of(own)
        ]

    def segment(self, pair: Pair) -> str:
        port = as_table(self.cast.get(pair[0], {}).get("interfaces")).get(self.interface(pair))
        return str((port or {}).get("segment", ""))

    def own_addresses(self, server: str) -> set[str]:
        return {address for address, servers in self._sources.items() if server in servers}

    # -- how things stand --------------------------------------------------------------------------

    def last_change(self, pair: Pair) -> StateEvent | None:
        changes = self._kept.get((StateEvent, *pair))
        return changes[-1][1] if changes else None

    def state(self, pair: Pair) -> str:
        last = self.last_change(pair)
        return last.to if last else "INIT"

    def listens_since_us(self, pair: Pair) -> Micros:
        """When it began to listen: its start, or its last return from FAULT."""
        deaf = ("INIT", "STOP", "FAULT")
        began = [e.t_us for e in self.of(StateEvent, *pair) if e.from_ in deaf]
        return began[-1] if began else 0

    def priority(self, pair: Pair) -> int | None:
        """What it would advertise; None: the trace does not tell."""
        found = self.config(pair).get("priority")
        told = (ConfigurationEvent, pair[0], ""), (PriorityEvent, *pair), (AdvertSentEvent, *pair)
        for event in self.of_several(*told):
            if isinstance(event, ConfigurationEvent):
                found = as_table(event.instances.get(pair[1])).get("priority", found)
            elif isinstance(event, PriorityEvent):
                found = event.to
            elif event.priority:
                found = event.priority
        return found

    def patience_us(self, pair: Pair, interval_s: float | None = None) -> Micros:
        own_s = float(self.config(pair).get("advert_int_s") or 1.0)
        return PATIENCE * micros(max(own_s, interval_s or 0.0))

    def is_down(self, server: str, interface: str) -> Micros | None:
        """Since when an interface is down; None: it is not, as far as the trace tells."""
        down: dict[str, Micros] = {}  # why -> since
        for event in self.of_several((InterfaceEvent, server, ""), (ActionEvent, server, "")):
            if isinstance(event, InterfaceEvent):
                if event.interface == interface:
                    down = {} if event.up else (down or {"": event.t_us})
            elif not self.tells_reception:
                act, named = event.act, event.content.get("interface") == interface
                if named and act in LINK_LOST:
                    down.setdefault("", event.t_us)
                elif named and act in LINK_BACK:
                    down = {}
        return min(down.values()) if down else None

    def part_of(self, part: str, server: str) -> ActionEvent | None:
        """The last action that changed this part (daemon, power, firewall) of a server."""
        found = None
        for event in self.of(ActionEvent, server):
            if event.act:
                mends_all = part != POWER and event.act is Act.POWER_ON
                found = event if event.act.part == part or mends_all else found
        return found

    def faults_of(self, segment: str) -> str:
        """What is wrong with a network now, in words."""
        segments, words = Segments(), ""
        for event in self.past:
            if isinstance(event, ActionEvent) and event.content.get("segment") == segment:
                words = fault_words(segments.see(event.content))
        return words

    # -- what is heard ------------------------------------------------------------------------------

    def heard(self, pair: Pair) -> list[Heard]:
        """The adverts that came to it, in order of time."""
        return self._received(pair) if self.tells_reception else self._on_the_wire(pair)

    def _received(self, pair: Pair) -> list[Heard]:
        found: list[Heard] = []
        for event in self.of_several((AdvertReceivedEvent, *pair), (AdvertDroppedEvent, *pair)):
            if isinstance(event, AdvertReceivedEvent):
                found.append(Heard(event.t_us, event.source, event.priority, event.interval_s, ""))
            else:
                mine = (n for n in reversed(range(len(found))) if found[n].source == event.source)
                at = next((n for n in mine if not found[n].verdict), None)
                if event.reason in _BEFORE_THE_DAEMON and (at is None or found[at].t_us != event.t_us):
                    at = None
                if at is not None:
                    found[at] = found[at]._replace(verdict=event.reason)
                else:
                    found.append(Heard(event.t_us, event.source, None, None, event.reason))
        return found

    def _on_the_wire(self, pair: Pair) -> list[Heard]:
        """A recording: what its peers sent, where its own host's firewall and link let it in."""
        peers, ours = self.peers(pair), self.own_addresses(pair[0])
        interface = self.config(pair).get("interface")
        closed, down, found = False, False, []
        sent: list[Kept] = [(AdvertSentEvent, *peer) for peer in peers]
        for event in self.of_several((ActionEvent, pair[0], ""), *sent):
            if isinstance(event, ActionEvent):
                act = event.act
                closed = closed or (act is Act.FIREWALL_DROP and event.content.get("direction") == "in")
                closed = closed and act not in (Act.FIREWALL_CLEAR, Act.POWER_ON)
                if event.content.get("interface") == interface and act in LINK_LOST | LINK_BACK:
                    down = act in LINK_LOST
            elif not down and (is_group(event.destination) or event.destination in ours):
                verdict = DropReason.FIREWALL.name if closed else "?"
                found.append(Heard(event.t_us, event.source, event.priority, event.interval_s, verdict))
        return found

    def speakers(self, pair: Pair) -> list[Heard]:
        """The last advert that counted, of each sender that is still heard; farewells are none."""
        latest = {h.source: h for h in self.heard(pair) if h.verdict in ("", "?")}
        since_us = self.listens_since_us(pair)
        return [
            h
            for h in latest.values()
            if h.priority
            and h.t_us >= since_us
            and self.t_us - h.t_us <= self.patience_us(pair, h.interval_s)
        ]

    def is_recent(self, pair: Pair, t_us: Micros) -> bool:
        return self.t_us - t_us <= self.patience_us(pair)

    def failing(self, server: str, script: str) -> tuple[Micros | None, str]:
        """Since when a check fails, and how; (None, ""): it does not."""
        since_us, how = None, ""
        for event in self.of(ScriptEvent, server):
            if event.script == script:
                if event.result == "pass":
                    since_us = since_us if not event.changed else None
                elif since_us is None and event.changed:
                    since_us = event.t_us
                    how = f"exit code {event.exit}" if isinstance(event.exit, int) else str(event.exit)
        return since_us, how

    def addressless(self, pair: Pair) -> Micros | None:
        """Since when its interface has no IPv4 address of its own, if one is needed and was there."""
        interface = self.interface(pair)
        if family_of(self.config(pair)) != 4:
            return None
        port = as_table(self.cast[pair[0]].get("interfaces")).get(interface) or {}
        held = {str(a).split("/")[0] for a in port.get("addresses") or () if ":" not in str(a)}
        gone_us = None
        kinds = ActionEvent, AddressAddedEvent, AddressRemovedEvent
        for event in self.of_several(*((kind, pair[0], "") for kind in kinds)):
            if isinstance(event, ActionEvent):
                if event.act is Act.POWER_ON:
                    held = {str(a).split("/")[0] for a in port.get("addresses") or () if ":" not in str(a)}
            elif event.interface == interface:
                if event.instance or ":" in event.bare:
                    continue
                if isinstance(event, AddressAddedEvent):
                    held.add(event.bare)
                elif event.bare in held:
                    held.discard(event.bare)
                    gone_us = event.t_us
        return None if held else gone_us

    def is_bad(self, server: str, name: str) -> bool:
        """Does this check fail, or is this interface down? One that nobody runs: as the actions force it."""
        if self.failing(server, name)[0] is not None or self.is_down(server, name) is not None:
            return True
        forced = [
            e.act
            for e in self.of(ActionEvent, server)
            if e.act in (Act.CHECK_FAIL, Act.CHECK_HANG, Act.CHECK_PASS)
            and e.content.get("script", name) == name
        ]
        return bool(forced) and forced[-1] is not Act.CHECK_PASS


def is_group(address: str) -> bool:
    return address.startswith("ff") if ":" in address else address[:3] >= "224" and address[3:4] == "."


def family_of(config: dict[str, Any]) -> int:
    first = (config.get("virtual_addresses") or config.get("excluded_addresses") or [""])[0]
    return 6 if ":" in str(first) else 4
