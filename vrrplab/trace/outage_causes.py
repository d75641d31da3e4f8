"""Why clients got no answer, and which addresses are on two servers: drawn from the events of a trace.

A question goes the way of a frame: the client's ARP entry, the switch's port, the card of the server, the
address on it, what its daemon lets through, the service. The first thing on that way that is not as it must
be is the cause; it holds from one event to another (a ``Phase``). ``Trace.why_out`` and the table ask here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from vrrplab.trace.events import (
    ActionEvent,
    AddressAddedEvent,
    AddressEvent,
    AnnouncementEvent,
    ConfigurationEvent,
    InterfaceEvent,
    MacLearnedEvent,
    NeighbourEvent,
    RouteAddedEvent,
    RouteRemovedEvent,
    ServiceEvent,
    StateEvent,
    TraceEvent,
    WarningEvent,
    as_table,
)
from vrrplab.trace.spans import Outage, OwnerSpan, Phase
from vrrplab.trace.vocabulary import LINK_BACK, LINK_LOST, Act, Segments, fault_words, refusal_words
from vrrplab.trace.why import Answers, reason_of
from vrrplab.units import Micros, format_s, micros

HANDOVER_US = 1_000_000  # for a moment two servers have an address whenever it moves
MOMENT_US = 1000  # shorter than what is told of a time
EVERYWHERE = ("0.0.0.0", "::")
_MATTERS = (
    ActionEvent,
    AddressEvent,
    AnnouncementEvent,
    ConfigurationEvent,
    InterfaceEvent,
    MacLearnedEvent,
    NeighbourEvent,
    RouteAddedEvent,
    RouteRemovedEvent,
    ServiceEvent,
    StateEvent,
    WarningEvent,
)


class Cause(NamedTuple):
    """``key``: the same cause has the same; ``because``: a change of state that explains it further.

    ``more``: how its reason is put behind the text.
    """

    key: tuple[str, ...]
    text: str
    because: StateEvent | None = None
    more: str = " ({})"


class Holding(NamedTuple):
    """An address on a card: since when, and whose doing; instance "": by hand, or the host's own."""

    interface: str
    since_us: Micros
    instance: str


class Network:
    """How things stand after the events that it has seen."""

    def __init__(self, cast: dict[str, Any]) -> None:
        self.cast = {server: dict(about) for server, about in as_table(cast.get("servers")).items()}
        self.clients = as_table(cast.get("clients"))
        self.gateways = as_table(cast.get("routers"))
        self._tells_cards = cast.get("origin") != "recording"
        self._is_whole = cast.get("origin") == "simulation"  # its cast names every service
        self.held: dict[str, dict[str, Holding]] = {}
        self.down: dict[tuple[str, str], Micros] = {}  # cards
        self.unpowered: dict[str, Micros] = {}
        self.killed: dict[str, Micros] = {}  # daemons
        self.entries: dict[tuple[str, str], tuple[str, Micros]] = {}  # (client, address) -> MAC, since
        self.ports: dict[tuple[str, str], str] = {}  # (segment, MAC address) -> host:card
        self.services: dict[tuple[str, str], tuple[bool, Micros]] = {}  # takes clients, since
        self.bound: dict[tuple[str, str], Micros] = {}  # services: when they took their addresses
        self.segments = Segments()
        self.faults: dict[str, str] = {}
        self.states: dict[tuple[str, str], StateEvent] = {}
        self.left: dict[str, tuple[str, str]] = {}  # address -> server and instance that had it last
        self.announcers: dict[str, str] = {}  # MAC address -> who announced it last
        self.announced: dict[tuple[str, str], Micros] = {}  # (server, address) -> when last
        self.lost_routes: dict[tuple[str, str, str], RouteRemovedEvent] = {}  # by server, table and text
        self.filtered: dict[tuple[str, str, str], WarningEvent] = {}  # by server, address, client's
        self.virtual = {str(a) for a in cast.get("virtual_addresses") or ()}
        self.cards: dict[str, str] = {}  # MAC address -> server
        for server, about in self.cast.items():
            for name, port in as_table(about.get("interfaces")).items():
                self.cards[str(port.get("mac", "")).lower()] = server
                for address in port.get("addresses") or ():
                    self._take(str(address).split("/")[0], server, Holding(name, 0, ""))
            for name in as_table(about.get("services")):
                self.services[server, name] = True, 0
                self.bound[server, name] = 0

    def _take(self, address: str, server: str, holding: Holding) -> None:
        self.held.setdefault(address, {})[server] = holding

    def see(self, event: TraceEvent) -> None:
        match event:
            case AddressAddedEvent():
                holding = Holding(event.interface, event.t_us, event.instance or "")
                self._take(event.bare, event.server, holding)
            case AddressEvent():
                gone = self.held.get(event.bare, {}).pop(event.server, None)
                if gone:
                    self.left[event.bare] = event.server, gone.instance
            case InterfaceEvent():
                self._card(event.server, event.interface, event.up, event.t_us)
            case NeighbourEvent():
                self.entries[event.client, event.ip] = str(event.mac or "").lower(), event.t_us
            case MacLearnedEvent():
                self.ports[event.segment, str(event.mac).lower()] = event.port or ""
            case RouteAddedEvent():
                self.lost_routes.pop((event.server, event.table, event.text), None)
            case RouteRemovedEvent():
                self.lost_routes[event.server, event.table, event.text] = event
            case ServiceEvent():
                self._service(event.server, event.service, bool(event.accepting), event.t_us)
            case StateEvent():
                self.states[event.server, event.instance] = event
            case AnnouncementEvent():
                self.announcers[str(event.mac).lower()] = event.server
                self.announced[event.server, event.address] = event.t_us
            case WarningEvent():
                client = event.server, event.address, event.source
                if event.over:
                    self.filtered.pop(client, None)
                elif event.source:  # a whole server's refusal stands in its configuration
                    self.filtered[client] = event
            case ConfigurationEvent():
                self.cast.setdefault(event.server, {})["instances"] = event.instances
            case ActionEvent():
                self._act(event)

    def _card(self, server: str, interface: str, up: bool, t_us: Micros) -> None:
        if up:
            self.down.pop((server, interface), None)
        else:
            self.down.setdefault((server, interface), t_us)

    def _service(self, server: str, name: str, accepting: bool, t_us: Micros) -> None:
        if self.services.get((server, name), (not accepting, 0))[0] != accepting:
            self.services[server, name] = accepting, t_us
        if accepting:
            self.bound[server, name] = t_us

    def _act(self, event: ActionEvent) -> None:
        act, keys, server = event.act, event.content, event.server
        if act is Act.POWER_OFF:
            self.unpowered.setdefault(server, event.t_us)
            for address, having in self.held.items():
                if gone := having.pop(server, None):
                    self.left[address] = server, gone.instance
        elif act is Act.POWER_ON:
            self.unpowered.pop(server, None)
            for name, port in as_table(self.cast.get(server, {}).get("interfaces")).items():
                for address in port.get("addresses") or ():
                    self._take(str(address).split("/")[0], server, Holding(name, event.t_us, ""))
        if act in (Act.DAEMON_START, Act.POWER_ON):
            self.killed.pop(server, None)
        elif act is Act.DAEMON_KILL and keys.get("process") != "child":
            self.killed[server] = event.t_us
        elif "segment" in keys:
            self.faults[str(keys["segment"])] = fault_words(self.segments.see(keys))
        elif not self._tells_cards and act in LINK_LOST | LINK_BACK:
            self._card(server, str(keys.get("interface")), act in LINK_BACK, event.t_us)
        elif not self._tells_cards and act in (Act.SERVICE_STOP, Act.SERVICE_KILL, Act.SERVICE_START):
            self._service(server, str(keys.get("service")), act is Act.SERVICE_START, event.t_us)

    # -- questions ---------------------------------------------------------------------------------

    def segment_of(self, server: str, interface: str) -> str:
        ports = as_table(self.cast.get(server, {}).get("interfaces"))
        return str((ports.get(interface) or {}).get("segment", ""))

    def base_card(self, server: str, holding: Holding) -> str:
        """The card that an address is reached by: its own, or the one below a VMAC."""
        about = self.cast.get(server, {})
        if holding.interface in as_table(about.get("interfaces")):
            return holding.interface
        instance = as_table(about.get("instances")).get(holding.instance) or {}
        return str(instance.get("interface", holding.interface))

    def cause(self, client: str, address: str, kind: str, port: int) -> Cause | None:
        """What keeps this client from an answer now; None: the trace shows nothing."""
        having = self.held.get(address) or {}
        if not having:
            return self._nobody(address)
        near = str((self.clients.get(client) or {}).get("segment", ""))
        asker, segment = self._last_hop(client, near, address)
        mac, learned_us = self.entries.get((asker, address), ("", 0))
        asked = self._asked(segment, mac) if mac else ""
        found = None
        if not mac:
            found = self._nobody_answers(segment, address, having)
        elif asked and asked not in having:
            found = self._wrong_server(asker, address, segment, mac, asked, learned_us)
        elif asked:
            found = self._on_the_way(segment, mac, asked, address, having[asked])
            found = found or self._filtered(asked, address, client)
            found = found or self._at_the_server(asked, address, having[asked], kind, port)
            found = found or self._no_way_back(asked, client)
        for network in dict.fromkeys((segment, near)):
            faults = self.faults.get(network, "")
            if found is None and faults:
                found = Cause(("network", network, faults), f"the network {network}: {faults}")
        if found and len(having) > 1:
            both = f"{found.text}; the address is on {' and '.join(having)} at once"
            found = found._replace(text=both, key=(*found.key, *having))
        return found

    def _nobody(self, address: str) -> Cause:
        server, instance = self.left.get(address, ("", ""))
        last = self.states.get((server, instance))
        text = "no server has it"
        if server in self.unpowered:
            text += f": {server} had it and has no power since {format_s(self.unpowered[server])} s"
            last = None
        elif last:
            text += f": {instance} on {server} had it and is {last.to}"
        elif server:
            text += f": it was taken off {server} by hand"
        elif address in self.virtual:
            text += " yet"
        else:
            text += ", and it is no virtual address of any"
        return Cause(("nobody", server), text, last)

    def _last_hop(self, client: str, near: str, address: str) -> tuple[str, str]:
        """Who puts the question on the wire to the server, and where: the client, or a router before it."""
        for name, about in self.gateways.items():
            if (name, address) in self.entries and (client, address) not in self.entries:
                cards = [
                    (server, self.base_card(server, holding))
                    for server, holding in self.held.get(address, {}).items()
                ]
                there = [self.segment_of(server, card) for server, card in cards if server in self.cast]
                segments = as_table(about.get("interfaces"))
                own = [n for n, card in segments.items() if _within(address, card.get("addresses") or ())]
                return name, next((segment for segment in [*own, *there] if segment in segments), near)
        return client, near

    def _asked(self, segment: str, mac: str) -> str:
        """Whose MAC address it is; of one that several may use, the switch knows where it is now."""
        if mac in self.cards:
            return self.cards[mac]
        port = self.ports.get((segment, mac), "")
        return port.split(":")[0] or self.announcers.get(mac, "")

    def _nobody_answers(self, segment: str, address: str, having: dict[str, Holding]) -> Cause | None:
        for server, holding in having.items():
            card = self.base_card(server, holding)
            if down := self._down(server, card):
                return down
            where = self.segment_of(server, card)
            if segment and where and where != segment and not self.gateways:
                text = f"it is on {server} in the network {where}, and the client is in {segment}"
                return Cause(("elsewhere", server), text)
        if not self.faults.get(segment) and not self.gateways:
            return Cause(("asks",), f"the client asks by ARP who has it; it is on {' and '.join(having)}")
        return None

    def _down(self, server: str, card: str) -> Cause | None:
        since_us = self.down.get((server, card))
        if since_us is None:
            return None
        text = f"it is on {server}, whose {card} is down since {format_s(since_us)} s"
        return Cause(("down", server, card), text)

    def _wrong_server(
        self, asker: str, address: str, segment: str, mac: str, asked: str, learned_us: Micros
    ) -> Cause:
        having = self.held[address]
        right = " and ".join(having)
        if mac not in self.cards:
            where = self.ports.get((segment, mac)) or asked
            text = f"the switch has learned {mac} at {where}, and the address is on {right}"
            return Cause(("port", asked), text)
        places = [self.segment_of(s, self.base_card(s, h)) for s, h in having.items() if s in self.cast]
        if segment and places and all(places) and segment not in places:
            there = " and ".join(dict.fromkeys(places))
            text = f"{asker} asks {asked}, which had it; it is on {right} now, in the network {there},"
            text += f" where what is sent to it in {segment} never comes"
            return Cause(("elsewhere", right), text)
        text = f"stale ARP entry: {asker} still has the MAC address of {asked}, learned at"
        text += f" {format_s(learned_us)} s, and the address is on {right}"
        if all(self.announced.get((server, address), -1) < learned_us for server in having):
            text += ", which has announced nothing since"
        server, instance = self.left.get(address, ("", ""))
        because = self.states.get((asked, instance)) if server == asked else None
        return Cause(("stale", asked, right), text, because, f"; {asked} gave it up: {{}}")

    def _on_the_way(self, segment: str, mac: str, asked: str, address: str, holding: Holding) -> Cause | None:
        if down := self._down(asked, self.base_card(asked, holding)):
            return down
        port = self.ports.get((segment, mac), "")
        if port and port.split(":")[0] != asked:
            text = f"the switch has learned {mac}, the MAC address of {asked}, at {port}"
            return Cause(("port", port), text)
        return None

    def _no_way_back(self, server: str, client: str) -> Cause | None:
        """The answer needs a route that was taken out."""
        addresses = (self.clients.get(client) or {}).get("addresses") or ()
        for (owner, _, text), event in self.lost_routes.items():
            if owner == server and _leads(text, addresses):
                told = f"{server} has no way back: its route {text} is gone since {format_s(event.t_us)} s"
                told += f", {event.instance} took it along" if event.instance else ""
                return Cause(("route", server, text), told)
        return None

    def _filtered(self, server: str, address: str, client: str) -> Cause | None:
        for own in (self.clients.get(client) or {}).get("addresses") or ():
            source = str(own).split("/")[0]
            if told := self.filtered.get((server, address, source)):
                return Cause(("filtered", server), told.text)
        return None

    def _at_the_server(
        self, server: str, address: str, holding: Holding, kind: str, port: int
    ) -> Cause | None:
        about = self.cast.get(server, {})
        for name, config in as_table(about.get("instances")).items():
            listed = [str(a).split("/")[0] for a in config.get("virtual_addresses") or ()]
            state = self.states.get((server, name))
            if address in listed and config.get("refuses_by") and state and state.to == "MASTER":
                option = config["refuses_by"]
                return Cause((option, server), refusal_words(option, server))
        if kind != "http":
            return None
        services = as_table(about.get("services"))
        offered = {name: told for name, told in services.items() if told.get("port") == port}
        for name, told in offered.items():
            accepting, since_us = self.services.get((server, name), (True, 0))
            listen = told.get("listen") or EVERYWHERE
            if not accepting:
                text = f"{name} on {server} takes no clients since {format_s(since_us)} s"
                return Cause(("service", server, name), text)
            if not any(a in EVERYWHERE for a in listen):
                if address not in listen:
                    text = f"{name} on {server} listens on {' and '.join(listen)} only"
                    return Cause(("bound", server, name), text)
                if holding.since_us > self.bound[server, name]:
                    text = f"{name} on {server} was started before the server had the address, and is not"
                    return Cause(("bound", server, name), f"{text} bound to it")
        if not offered and (services or self._is_whole):
            return Cause(("no service", server), f"nothing listens at port {port} of {server}")
        return None


def _within(address: str, cards: Iterable[str]) -> bool:
    """Is it in the network of one of these addresses with prefix?"""
    from ipaddress import ip_address, ip_interface  # only what goes through routers needs it

    return any(ip_address(address) in ip_interface(card).network for card in cards)


def _leads(route: str, addresses: Iterable[str]) -> bool:
    """Is one of the addresses in the network that a route is for?"""
    from ipaddress import ip_interface, ip_network  # few traces have routes

    to = route.split()[0]
    hosts = [ip_interface(str(address)).ip for address in addresses]
    try:
        return to == "default" or any(host in ip_network(to) for host in hosts)
    except ValueError:
        return False  # a blackhole, or a text of somebody else's


class Inquiry:
    """The events of a trace that matter to clients, ready for questions. ``end_us``: of the run."""

    def __init__(self, events: Iterable[TraceEvent], cast: dict[str, Any], end_us: Micros) -> None:
        self._all = list(events)
        self._events = [e for e in self._all if isinstance(e, _MATTERS)]
        self._cast = cast
        self._end_us = end_us
        self._known: tuple[Micros, Network, Answers] | None = None

    def _at(self, t_us: Micros) -> tuple[Network, Answers]:
        """How things stood; the last is kept, as thousands of addresses may be asked about at one moment."""
        if self._known is None or self._known[0] != t_us:
            network = Network(self._cast)
            for event in self._events:
                if event.t_us <= t_us:
                    network.see(event)
            self._known = t_us, network, Answers(self._all, self._cast, t_us)
        return self._known[1:]

    def addresses_of(self, target: str) -> tuple[str, ...]:
        """An address itself, or what a name stands for."""
        return tuple(as_table(self._cast.get("dns")).get(target) or (target,))

    def phases(self, outage: Outage) -> list[Phase]:
        """What kept the answers away, in order of time; [] where the trace shows nothing."""
        to_us = self._end_us if outage.to_us is None else outage.to_us
        port, every_us = self._probe(outage)
        targets = self.addresses_of(outage.target)
        found = {a: self._asked_in(list(self._phases(outage, a, port, to_us)), every_us) for a in targets}
        out = {address: phases for address, phases in found.items() if phases}
        if len(out) == 1:
            return next(iter(out.values()))
        told = [p._replace(text=f"{a}: {p.text}") for a, phases in out.items() for p in phases]
        return sorted(told)

    @staticmethod
    def _asked_in(phases: list[Phase], every_us: Micros) -> list[Phase]:
        """Those long enough for a question; of shorter ones only the longest, where there is no other."""
        kept = [phase for phase in phases if phase.to_us - phase.from_us >= max(every_us, MOMENT_US)]
        seen = [phase for phase in phases if phase.to_us - phase.from_us >= MOMENT_US]
        return kept or sorted(seen, key=lambda phase: phase.from_us - phase.to_us)[:1]

    def _probe(self, outage: Outage) -> tuple[int, Micros]:
        """Port and interval of the probe."""
        for probe in (as_table(self._cast.get("clients")).get(outage.client) or {}).get("probes") or ():
            if (probe.get("kind"), probe.get("target")) == (outage.kind, outage.target):
                return int(probe.get("port") or 0), micros(probe.get("every_s") or 0)
        return 0, 0

    def _phases(self, outage: Outage, address: str, port: int, to_us: Micros) -> Iterator[Phase]:
        network = Network(self._cast)
        current: Cause | None = None
        began_us = 0
        for t_us, next_us in self._steps(network, outage.from_us, to_us):
            cause = network.cause(outage.client, address, outage.kind, port)
            if cause and current and cause.key == current.key:
                current = cause
            else:
                if current:
                    yield self._phase(current, began_us, t_us)
                current, began_us = cause, t_us
            if next_us >= to_us and current:
                yield self._phase(current, began_us, to_us)

    def _steps(self, network: Network, from_us: Micros, to_us: Micros) -> Iterator[tuple[Micros, Micros]]:
        """Feed the network; at each moment that something happens: it, and when the next comes."""
        inside = sorted({e.t_us for e in self._events if from_us < e.t_us < to_us})
        moments = [from_us, *inside]
        number = 0
        for t_us, next_us in zip(moments, [*inside, to_us], strict=True):
            while number < len(self._events) and self._events[number].t_us <= t_us:
                network.see(self._events[number])
                number += 1
            yield t_us, next_us

    def _phase(self, cause: Cause, from_us: Micros, to_us: Micros) -> Phase:
        reason = reason_of(self._all, self._cast, cause.because) if cause.because else ""
        return Phase(from_us, to_us, cause.text + (cause.more.format(reason) if reason else ""))

    def why_out(self, outage: Outage, at_us: Micros) -> str:
        """The sentence about an outage, with the cause at that moment in it."""
        until = "the end" if outage.to_us is None else f"{format_s(outage.to_us)} s"
        head = f"{outage.target} did not answer {outage.client} ({outage.kind}) from"
        head += f" {format_s(outage.from_us)} s to {until}"
        phases = self.phases(outage)
        now = [phase for phase in phases if phase.from_us <= at_us < phase.to_us] or phases
        told = "; ".join(map(str, now)) if now else "nothing in the trace says why"
        return f"{head}: {told}"

    # -- addresses on two servers ---------------------------------------------------------------------

    def on_several(self, spans: Iterable[OwnerSpan]) -> list[tuple[Micros, str]]:
        """Since when an address is on several servers at once for longer than a handover, and why."""
        told, run = [], list[OwnerSpan]()
        for span in [*spans, OwnerSpan("", (), self._end_us, self._end_us)]:
            if len(span.servers) > 1:
                run.append(span)
                continue
            if run and run[-1].to_us - run[0].from_us > HANDOVER_US:
                longest = max(run, key=lambda one: one.to_us - one.from_us)
                if why := self._why_on_several(longest):
                    to_us = run[-1].to_us
                    until = "the end" if to_us >= self._end_us else f"{format_s(to_us)} s"
                    names = " and ".join(longest.servers)
                    text = f"{longest.address} is on {names} at once, until {until}: {why}"
                    told.append((run[0].from_us, text))
            run = []
        return told

    def _why_on_several(self, span: OwnerSpan) -> str:
        """How each came by it; "": they are MASTER both, and a warning about that is there."""
        network, scene = self._at((span.from_us + span.to_us) // 2)
        masters, told = [], []
        for server in span.servers:
            holding = network.held.get(span.address, {}).get(server)
            if holding is None:
                continue
            state = network.states.get((server, holding.instance))
            if state and state.to == "MASTER" and server not in network.killed:
                masters.append((server, holding.instance))
                told.append(f"{server} is MASTER of {holding.instance}")
            else:
                told.append(self._leftover(network, span.address, server, holding, state))
        if len(masters) == len(span.servers):
            warned = (e for e in self._all if isinstance(e, WarningEvent) and e.servers)
            if any(set(span.servers) <= set(e.servers or ()) for e in warned):
                return ""
            told += [text for pair in masters if (text := scene.unheard(pair))]
        return ", ".join(told)

    def _leftover(
        self, network: Network, address: str, server: str, holding: Holding, state: StateEvent | None
    ) -> str:
        since = f"since {format_s(holding.since_us)} s"
        if server in network.killed and holding.instance:
            killed = format_s(network.killed[server])
            return f"{server} has it {since} from a daemon that was killed at {killed} s"
        if state:
            return f"{server} has it {since} from {holding.instance}, which is {state.to} and left it there"
        own = as_table(network.cast.get(server, {}).get("interfaces")).get(holding.interface) or {}
        if address in [str(a).split("/")[0] for a in own.get("addresses") or ()]:
            return f"it is an address of {server} itself"
        text = f"on {server} it was added to {holding.interface} by hand at {format_s(holding.since_us)} s"
        for name, config in as_table(network.cast.get(server, {}).get("instances")).items():
            listed = (config.get("virtual_addresses") or []) + (config.get("excluded_addresses") or [])
            now = network.states.get((server, name))
            if now and address in [str(a).split("/")[0] for a in listed]:
                text += f", and {name}, to which it belongs, is {now.to} there and does not take it off"
        return text
