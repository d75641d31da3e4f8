"""The servers of a capture in the simulator: what would be seen of them if this and that had happened.

Times here are those of the capture; the scenario begins ``lead_us`` before it, with servers that start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from vrrplab.config.model import InstanceConfig
from vrrplab.reconstructing.evidence import Evidence, said_by
from vrrplab.reconstructing.numbers import ANEW, MISSED, is_silence
from vrrplab.reconstructing.picture import ADVERT, LATE_US, OVERDUE, Picture, Sketch, Thing
from vrrplab.scenario.from_configs import scenario_of_nodes
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.nodes import Node
from vrrplab.scenario.parts import Interface, TimedAction
from vrrplab.sim.leap import advance
from vrrplab.sim.world import World
from vrrplab.trace.events import (
    ActionEvent,
    AdvertFailedEvent,
    AdvertSentEvent,
    AnnouncementEvent,
    LogEvent,
    StateEvent,
    TraceEvent,
)
from vrrplab.trace.rows import AdvertRow, Kept, Repeated
from vrrplab.trace.vocabulary import ACTIONS, LINK_LOST, Act
from vrrplab.units import SECOND_US, Micros, micros
from vrrplab.wire.addresses import is_link_local

NEVER_US: Micros = 1 << 52  # a start that does not come


def scenario_for(cluster: Sequence[Node], evidence: Evidence, profile: str) -> Scenario:
    """The servers with the addresses that the capture shows, as far as it does; nothing happens yet."""
    scenario = scenario_of_nodes(cluster, profile, evidence.end_us)
    given = {node.name for node in cluster if node.addresses is not None}
    servers = {}
    for server in scenario.servers.values():
        cards = dict(server.interfaces)
        for name, source in evidence.sources.get(server.name, {}).items():
            instance = next(i for i in server.node.instances if i.name == name)
            card = cards.get(instance.interface)
            if card is not None:
                cards[card.name] = _as_seen(
                    card, instance, source, evidence.macs.get(server.name, ""), server.name in given
                )
        servers[server.name] = replace(server, interfaces=cards)
    seen = {source for by_name in evidence.sources.values() for source in by_name.values()}
    clients = {
        name: client
        for name, client in scenario.clients.items()
        if not seen & {address.partition("/")[0] for address in client.addresses}
    }
    return scenario.changed(servers=servers, clients=clients)


def _as_seen(card: Interface, instance: InstanceConfig, source: str, mac: str, given: bool) -> Interface:
    """A card whose address and MAC address are those that were seen."""
    addresses = card.addresses
    bare = {text.partition("/")[0] for text in addresses}
    if not given and source not in bare and not (":" in source and is_link_local(source)):
        prefix = 64 if ":" in source else 24
        others = tuple(text for text in addresses if (":" in text) != (":" in source))
        addresses = (f"{source}/{prefix}", *others)
    return replace(card, addresses=addresses, mac=mac or card.mac)


@dataclass(frozen=True, slots=True)
class Opening:
    """How it all began. ``starts_us``: when each server's daemon starts, NEVER_US: not before something
    starts it; ``running``: the cluster ran already when the capture began; ``check_runs_us``: how long a
    check of a server takes, where that was concluded.
    """

    starts_us: Mapping[str, Micros]
    running: bool
    check_runs_us: Mapping[str, Micros] = field(default_factory=dict)

    def with_start(self, server: str, at_us: Micros) -> Opening:
        return replace(self, starts_us={**self.starts_us, server: at_us})


class Replay:
    """Runs the servers, and looks at them as the capture does. ``runs``: how often it did."""

    def __init__(self, scenario: Scenario, evidence: Evidence) -> None:
        self.full = scenario
        self._bare = scenario.changed(clients={}, expect=())
        self.evidence = evidence
        self.runs = 0
        self._hidden = _hidden_cards(scenario, evidence)

    def lead_us(self, opening: Opening) -> Micros:
        """How long before the capture the scenario begins: whole seconds."""
        first = min((t for t in opening.starts_us.values() if t < NEVER_US), default=0)
        return -(first // SECOND_US) * SECOND_US if first < 0 else 0

    def scenario(
        self, opening: Opening, actions: Sequence[TimedAction] = (), clients: bool = False
    ) -> Scenario:
        """What is simulated; the moments of ``actions`` are the capture's."""
        lead_us = self.lead_us(opening)
        base = self.full if clients else self._bare
        end_us = self.evidence.end_us + lead_us
        servers = {
            name: replace(
                server,
                start_at_us=min(opening.starts_us[name] + lead_us, end_us + 1),
                script_run_us=opening.check_runs_us.get(name, server.script_run_us),
            )
            for name, server in base.servers.items()
        }
        moved = (replace(action, at_us=action.at_us + lead_us) for action in actions)
        return base.changed(
            servers=servers,
            actions=tuple(sorted(moved, key=lambda a: a.at_us)),
            duration_us=end_us,
        )

    def picture(self, opening: Opening, actions: Sequence[TimedAction] = ()) -> Picture:
        """What would be seen."""
        self.runs += 1
        scenario = self.scenario(opening, actions)
        world = World(scenario)
        world.begin()
        advance(world, scenario.duration_us)
        return self.look(world.kept, self.lead_us(opening))

    def first_advert_us(self, server: str, instance: str) -> Micros | None:
        """How long after its start an instance sends its first advert, if it hears nobody."""
        self.runs += 1
        servers = {
            name: replace(one, start_at_us=0 if name == server else _LONGEST_START_US + 1)
            for name, one in self._bare.servers.items()
        }
        scenario = self._bare.changed(servers=servers, actions=(), duration_us=_LONGEST_START_US)
        world = World(scenario)
        world.begin()
        advance(world, scenario.duration_us)
        for row in world.kept:
            if type(row) is AdvertRow and row.kind is AdvertSentEvent and any(
                place.instance == instance and place.server == server for place in row.places
            ):  # fmt: skip
                return row.t_us
        return None

    def look(self, kept: Sequence[Kept], lead_us: Micros) -> Picture:
        """A run as the capture would show it."""
        watch = _Watch(self.evidence, lead_us, self._hidden)
        for row in kept:
            watch.see(row)
        return watch.picture()


def _hidden_cards(scenario: Scenario, evidence: Evidence) -> frozenset[tuple[str, str]]:
    """Server and card on networks whose VRRP is not in the capture, so nothing else there is."""
    cards = {(s.name, c.name): c.segment for s in scenario.servers.values() for c in s.interfaces.values()}
    seen = {
        cards[server.name, instance.interface]
        for server in scenario.servers.values()
        for instance in server.node.instances
        if (server.name, instance.name) in evidence.watched and (server.name, instance.interface) in cards
    }
    return frozenset(card for card, segment in cards.items() if segment not in seen)


_LONGEST_START_US = 120 * SECOND_US
_UNREACHABLE = LINK_LOST | {Act.POWER_OFF, Act.ADDRESS_REMOVE, Act.SEGMENT_FAULT}


class _Watch:
    """Draws a picture of a run."""

    def __init__(self, evidence: Evidence, lead_us: Micros, hidden: frozenset[tuple[str, str]]) -> None:
        self._evidence = evidence
        self._hidden = hidden
        self._lead_us = lead_us
        self._sketch = Sketch()
        self._spoke_us: dict[tuple[str, str], Micros] = {}  # when an instance was heard last
        self._anew: set[tuple[str, str]] = set()  # since then it began to count anew,
        self._missed: set[tuple[str, str]] = set()  # or counted what nobody heard
        self._mute: dict[tuple[str, str, Micros, Micros], set[Act]] = {}  # why nobody answers for an address

    def see(self, row: Kept) -> None:
        if isinstance(row, AdvertRow):
            if row.kind is AdvertSentEvent:
                self._advert(row, 0, 0, 1)
        elif isinstance(row, Repeated):
            self._repeated(row)
        else:
            self._event(row, row.t_us - self._lead_us)

    def _advert(self, row: AdvertRow, later_us: Micros, period_us: Micros, times: int) -> None:
        says = row.told
        interval_us = max(1, micros(says.interval_s))
        for place in row.places:
            if (place.server, place.instance) in self._evidence.watched:
                first_us = row.t_us - self._lead_us + later_us
                thing = Thing(ADVERT, place.server, place.instance, str(says.priority))
                last_us = first_us + period_us * (times - 1)
                self._sketch.see_run(thing, first_us, last_us, interval_us, int(interval_us * OVERDUE))
                if not says.priority:
                    self._sketch.farewell(place.server, place.instance, says.destination, first_us)
                self._number(place.server, place.instance, first_us, last_us, interval_us)

    def _repeated(self, row: Repeated) -> None:
        """Adverts that come at least once an interval are one stretch; the rest is seen one by one."""
        adverts = [one for one in row.rows if type(one) is AdvertRow and one.kind is AdvertSentEvent]
        stretches = all(_is_dense(one, adverts, row.period_us) for one in adverts)
        if stretches:
            for one in adverts:
                self._advert(one, row.period_us, row.period_us, row.times)
        for event in row.events(adverts=not stretches):
            if stretches or not isinstance(event, AdvertSentEvent):
                self._event(event, event.t_us - self._lead_us)
            elif (event.server, event.instance) in self._evidence.watched:
                t_us, interval_us = event.t_us - self._lead_us, max(1, micros(event.interval_s or 1))
                self._sketch.advert(event.server, event.instance, event.priority, t_us, interval_us)
                if not event.priority:
                    self._sketch.farewell(event.server, event.instance, event.destination, t_us)
                self._number(event.server, event.instance, t_us, t_us, interval_us)

    def _number(
        self, server: str, instance: str, first_us: Micros, last_us: Micros, interval_us: Micros
    ) -> None:
        """What the number of the first of these adverts tells, see ``numbers``."""
        who = server, instance
        if who not in self._evidence.numbered:
            return
        before_us = self._spoke_us.get(who)
        if before_us is not None:
            if who in self._anew:
                self._sketch.number(server, instance, ANEW, first_us)
            elif who in self._missed and is_silence(before_us, first_us, interval_us):
                self._sketch.number(server, instance, MISSED, first_us)
        self._anew.discard(who)
        self._missed.discard(who)
        if last_us >= self._evidence.begin_us - LATE_US:
            self._spoke_us[who] = last_us

    def _count(self, event: TraceEvent) -> None:
        """A daemon that counts anew, or adverts that it counts and nobody sees."""
        if isinstance(event, StateEvent):
            if "INIT" in (event.from_, event.to) or "STOP" in (event.from_, event.to):
                self._anew.add((event.server, event.instance))
        elif isinstance(event, AdvertFailedEvent):
            if event.priority is not None:
                self._missed.add((event.server, event.instance))
        elif isinstance(event, ActionEvent) and event.action == Act.RELOAD:
            self._anew |= {who for who in self._evidence.numbered if who[0] == event.server}

    def _reach(self, event: ActionEvent, t_us: Micros) -> None:
        """Who can be asked for its address: who has power, a link, and the address."""
        act = ACTIONS.get(event.action)
        if act is None:
            return
        keys = event.content
        for server, address, first_us, last_us in self._evidence.unanswered:
            ways = keys.get("between", ())
            concerns = event.server == server or any(server in way for way in ways)
            card = str(keys.get("interface", ""))
            if not concerns or (card and (server, card) in self._hidden):
                continue
            if (
                act in (Act.ADDRESS_REMOVE, Act.ADDRESS_ADD)
                and str(keys["address"]).partition("/")[0] != address
            ):
                continue
            if t_us <= first_us + LATE_US and act in _UNREACHABLE:
                self._mute.setdefault((server, address, first_us, last_us), set()).add(act)
            elif t_us < last_us - LATE_US:
                mute = self._mute.get((server, address, first_us, last_us), set())
                mute -= {one for one in mute if one.value in act.mends}

    def _event(self, event: TraceEvent, t_us: Micros) -> None:
        evidence = self._evidence
        self._count(event)
        if isinstance(event, ActionEvent):
            self._reach(event, t_us)
        if isinstance(event, AnnouncementEvent):
            if (
                evidence.announces
                and event.address in evidence.addresses
                and (event.server, event.instance) in evidence.watched
                and (event.server, event.interface) not in self._hidden
            ):
                self._sketch.announcement(event.server, event.address, t_us)
        elif isinstance(event, LogEvent) and event.server in evidence.logged:
            window = evidence.logged[event.server]
            said = said_by(event.line) if window.from_us - LATE_US <= t_us <= window.to_us else ""
            if said:
                self._sketch.line(event.server, said, t_us)

    def picture(self) -> Picture:
        for asked, mute in self._mute.items():
            if mute:
                self._sketch.unanswered(*asked)
        return self._evidence.finished(self._sketch)


def _is_dense(one: AdvertRow, adverts: Sequence[AdvertRow], period_us: Micros) -> bool:
    """Do its adverts come at least once an interval within the period, and over its edge?"""
    times = [other.t_us for other in adverts if other.told == one.told and other.places == one.places]
    times.append(times[0] + period_us)
    most = micros(one.told.interval_s) * OVERDUE
    return all(b - a <= most for a, b in pairwise(times))
