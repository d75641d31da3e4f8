"""How a cluster's routers get on after something happened, reckoned from their timers, without a network.

No packet, no cable, no address table: a MASTER that is heard and not outbid keeps a BACKUP down for good,
and one that falls silent lets it go at (its last advert + the BACKUP's interval). So what is left is a
handful of moments: checks that count, timers that end, the first advert that somebody hears of a new MASTER.
The times are the machine's formulas (``machine.intervals``), who hears whom is its law (``hearing``), and
what a thing's failure means for an instance its table (``machine.weights``).

Where timers of two nodes end at one moment nothing decides who is first. ``choices`` then says whom to take,
and ``open_choices`` how many there were each time, so that a caller can go through all of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from vrrplab.config.model import FileConfig, InstanceConfig, NodeConfig, SyncGroupConfig
from vrrplab.errors import VrrplabError
from vrrplab.forecast.failures import PROCESS, SCRIPT, Failure
from vrrplab.forecast.hearing import objection
from vrrplab.machine.intervals import profile_skew_us
from vrrplab.machine.priority import OWNER, cut
from vrrplab.machine.profiles import Profile, profile_named
from vrrplab.machine.tracked_values import share_of
from vrrplab.machine.weights import (
    BFDS,
    FILES,
    PROCESSES,
    SCRIPTS,
    both,
    interface_weight,
    interfaces_of,
    merged,
    points,
)
from vrrplab.scenario.address_checks import link_local
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Interface, Server
from vrrplab.units import Micros
from vrrplab.wire.addresses import is_link_local, pack_address

RACE_US: Micros = 1_300  # timers that end no further apart than that: either may be first (``sim.toss``)
_MOST_STEPS = 600  # nothing that settles takes more


class Unjudged(VrrplabError):
    """The timers alone do not tell; the text says why."""


AH_COUNTS = "two MASTERs with AH: which adverts count is a matter of their numbers"


def is_signed(config: InstanceConfig) -> bool:
    """With AH, which numbers adverts: keepalived counts with one number those that it sends and hears."""
    return config.authentication is not None and config.authentication.kind == "AH"


@dataclass(slots=True)
class Seat:
    """One instance on one node, and how it stands."""

    place: int
    node: str
    config: InstanceConfig
    group: SyncGroupConfig | None
    router: tuple[str, int, int]  # network, VRID, family
    source: str
    segment: str
    profile: Profile
    lines_us: Micros  # the work of becoming MASTER, by which its second advert is later
    state: str = "STOP"  # STOP: no daemon, or a frozen one
    total: int = 0
    owner: bool = False
    shares: dict[str, int] = field(default_factory=dict)
    faults: set[str] = field(default_factory=set)
    waits: set[str] = field(default_factory=set)  # scripts without a first result
    expires_us: Micros | None = None
    held: dict[int, bool] = field(default_factory=dict)  # places of MASTERs that keep it down
    learned_us: Micros = 0
    preempt_from_us: Micros | None = None
    wanted: str = "BACKUP"
    delayed_until_us: Micros = 0
    first_us: Micros = 0  # of a MASTER: when its advert was, and when the next is due
    next_us: Micros = 0
    stamp: int = 0  # counts what its hearers must look at anew
    speaks: bool = True
    hears: bool = True
    since_us: Micros = 0

    def copied(self) -> Seat:
        other = copy.copy(self)
        other.shares, other.faults = dict(self.shares), set(self.faults)
        other.waits, other.held = set(self.waits), dict(self.held)
        return other

    @property
    def priority(self) -> int:
        """What it advertises."""
        return OWNER if self.owner else cut(self.total)

    @property
    def skew_us(self) -> Micros:
        """How much later than others it acts."""
        return profile_skew_us(self.profile, self.config.version, self.priority, self.learned_us)

    @property
    def down_us(self) -> Micros:
        """Silence after which it is MASTER."""
        return self.config.down_timer_adverts * self.learned_us + self.skew_us

    def last_advert(self, now: Micros) -> Micros:
        """Of a MASTER: its last advert not after ``now``."""
        if now < self.next_us:
            return self.first_us
        every_us = self.config.advert_interval_us
        return self.next_us + (now - self.next_us) // every_us * every_us

    def next_advert(self, now: Micros) -> Micros:
        """Of a MASTER: its first advert not before ``now``."""
        if now <= self.first_us:
            return self.first_us
        if now <= self.next_us:
            return self.next_us
        every_us = self.config.advert_interval_us
        return self.next_us + -(-(now - self.next_us) // every_us) * every_us


@dataclass(slots=True)
class Span:
    """From when an address had which holders, the last to take it last."""

    from_us: Micros
    holders: tuple[str, ...]


class Course:
    """A cluster on its way. ``scenario``: one that was laid out from the nodes' files."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.now: Micros = 0
        self.seats: list[Seat] = []
        self.down: set[tuple[str, str]] = set()  # node, interface
        self.dark: set[str] = set()  # nodes without power
        self.blocked: set[tuple[str, str]] = set()  # node, "in" | "out"
        self.frozen: set[str] = set()
        self.spans: dict[str, list[Span]] = {}
        self.choices: Sequence[int] = ()
        self.open_choices: list[int] = []
        self._groups: dict[tuple[str, str], str] = {}  # node, group -> its state
        self._met: dict[tuple[int, int], tuple[int, int]] = {}
        self._deferred: dict[tuple[int, int], Micros] = {}  # next advert that is weighed in a start delay
        self._due: list[tuple[Micros, int, Callable[[], None]]] = []
        self._number = 0
        self._first: tuple[str, Micros] = ("", -1)  # the node that was taken at a toss, and when
        for server in scenario.servers.values():
            self._seat_all(server)
        self._hears: set[tuple[int, int]] = set()  # (sender, receiver) of all that heed each other
        self._rejects: set[tuple[int, int]] = set()  # the same where the receiver rejects what it hears
        self._find_who_hears()
        self._near: dict[int, list[Seat]] = {
            s.place: [o for o in self.seats if o.router == s.router and o.node != s.node] for s in self.seats
        }
        for seat in self.seats:
            for address in seat.config.all_addresses:
                self.spans.setdefault(address.address, [Span(0, ())])

    # -- making it -----------------------------------------------------------------------------------------

    def _seat_all(self, server: Server) -> None:
        profile = profile_named(self.scenario.profile_of(server.name))
        groups = {name: g for g in server.node.sync_groups for name in g.members}
        for config in server.node.instances:
            card = server.interfaces[config.interface]
            own = [a.partition("/")[0] for a in card.addresses]
            primary = next((a for a in own if ":" not in a), "")
            if config.family == 6:
                primary = next((a for a in own if ":" in a and is_link_local(a)), link_local(card.mac))
            lines = 2 + 6 * len(config.virtual_addresses)
            self.seats.append(
                Seat(
                    place=len(self.seats),
                    node=server.name,
                    config=config,
                    group=groups.get(config.name),
                    router=(card.segment, config.vrid, config.family),
                    source=config.unicast_source or config.multicast_source or primary,
                    segment=card.segment,
                    profile=profile,
                    lines_us=lines * profile.line_us,
                )
            )

    def _find_who_hears(self) -> None:
        own = {
            s.place: frozenset([*(a.partition("/")[0] for a in self._card(s).addresses), s.source])
            for s in self.seats
        }
        for sender in self.seats:
            for seat in self.seats:
                if sender.router != seat.router or sender.node == seat.node:
                    continue
                wrong = objection(sender.config, sender.source, seat.config, own[seat.place], seat.profile)
                if wrong is None:
                    self._hears.add((sender.place, seat.place))
                elif wrong:
                    self._rejects.add((sender.place, seat.place))

    def _card(self, seat: Seat) -> Interface:
        return self.scenario.servers[seat.node].interfaces[seat.config.interface]

    def copied(self) -> Course:
        """The same, to go on another way."""
        if self._due:
            raise AssertionError("a course is copied only when nothing is on its way")
        other = copy.copy(self)
        other.seats = [s.copied() for s in self.seats]
        other.down, other.dark = set(self.down), set(self.dark)
        other.blocked, other.frozen = set(self.blocked), set(self.frozen)
        other.spans = {a: list(s) for a, s in self.spans.items()}
        other.open_choices, other._due, other._first = [], [], ("", -1)
        other._groups, other._met = dict(self._groups), dict(self._met)
        other._deferred = {}
        other._near = {place: [other.seats[o.place] for o in near] for place, near in self._near.items()}
        return other

    # -- what happens --------------------------------------------------------------------------------------

    def start(self) -> None:
        """All nodes start, when the scenario says."""
        for server in self.scenario.servers.values():
            self.at(server.start_at_us, partial(self._start_node, server.name))

    def at(self, when_us: Micros, what: Callable[[], None]) -> None:
        """Something to do at a moment."""
        self._number += 1
        self._due.append((when_us, self._number, what))
        self._due.sort(key=lambda item: item[:2])

    def fail(self, failure: Failure, since_run_us: Micros = 0) -> None:
        """Now. ``since_run_us``: how long ago the script that fails was run last."""
        name, thing = failure.node, failure.thing
        seats = self._on(name)
        match failure.kind:
            case "power":
                self.dark.add(name)
                for seat in seats:
                    self._vanish(seat)
                self._note_holders()
            case "cable" | "interface":
                self._interface(name, thing, up=False)
            case "stop":
                for seat in seats:
                    self._stop(seat)
            case "kill" | "freeze":
                self.frozen.add(name)
                for seat in seats:
                    self._vanish(seat)
            case "firewall out" | "firewall in" | "firewall both":
                way = failure.kind.removeprefix("firewall ")
                self.blocked |= {(name, one) for one in (("in", "out") if way == "both" else (way,))}
                self._look_at_links(name)
            case "script":
                script = self._node(name).script(thing)
                if script.always_exits is not None or not script.is_program:
                    return  # it says what it always says, or keepalived has dropped it
                later_us = self.noticed_us(failure, since_run_us)
                self.at(self.now + later_us, lambda: self._judged(name, SCRIPTS, thing, False))
            case "process":
                later_us = self.noticed_us(failure)
                self.at(self.now + later_us, lambda: self._judged(name, PROCESSES, thing, False))
            case "file":
                self._revalued(name, thing, failure.value)
            case "returns":
                self.dark.discard(name)
                self.at(self.now, lambda: self._start_node(name))

    def noticed_us(self, failure: Failure, since_run_us: Micros = 0) -> Micros:
        """How long after a failure it counts: the ``fall``-th run of a check has ended, a delay is over."""
        node = self._node(failure.node)
        if failure.kind == SCRIPT:
            script = node.script(failure.thing)
            run_us = self.scenario.servers[failure.node].script_run_us
            return script.fall * script.interval_us - since_run_us + run_us
        if failure.kind == PROCESS:
            return next(p for p in node.processes if p.name == failure.thing).terminate_delay_us
        return 0

    def _node(self, name: str) -> NodeConfig:
        return self.scenario.servers[name].node

    def _on(self, node: str) -> list[Seat]:
        return [s for s in self.seats if s.node == node]

    # -- starting and stopping -----------------------------------------------------------------------------

    def _start_node(self, name: str) -> None:
        node, server = self._node(name), self.scenario.servers[name]
        usable = {s.name: s for s in node.scripts if s.is_program}
        delay_us = node.global_defs.startup_delay_us
        seats = self._on(name)
        for seat in seats:
            self._begin(seat, node, usable)
            seat.delayed_until_us = self.now + delay_us if delay_us else 0
        for group in node.sync_groups:
            members = [s for s in seats if s.group is group]
            self._groups[name, group.name] = (
                "FAULT" if any(s.faults for s in members)
                else "INIT" if any(s.waits for s in members)
                else "MASTER" if members and all(s.owner and s.wanted == "MASTER" for s in members)
                else "BACKUP"
            )  # fmt: skip
        for seat in seats:
            self._enter_first(seat)
        tracked = {s for seat in seats for part in both(seat.config, seat.group, SCRIPTS) for s in part}
        first_us = self.now + server.script_run_us
        for script in dict.fromkeys(t.name for t in sorted(tracked, key=lambda t: t.name)):
            if script in usable:
                good = not usable[script].always_exits
                self.at(first_us, partial(self._judged, name, SCRIPTS, script, good))

    def _begin(self, seat: Seat, node: NodeConfig, scripts: Iterable[str]) -> None:
        config = seat.config
        seat.total, seat.owner, seat.wanted = config.base_priority, config.address_owner, config.state
        seat.shares, seat.faults, seat.waits, seat.held = {}, set(), set(), {}
        seat.learned_us = config.advert_interval_us
        seat.preempt_from_us, seat.expires_us = None, None
        for name in interfaces_of(config, seat.group):
            self._apply(
                seat, f"interface {name}", self._interface_worth(seat, name, self._is_up(seat.node, name))
            )
        for process in node.processes:
            for worth in _worths(seat, PROCESSES, process.name, process.findable):
                self._apply(seat, f"{PROCESSES} {process.name}", worth)
        for file in node.files:
            for worth in _file_worths(seat, file, file.init_value or 0):
                self._apply(seat, f"{FILES} {file.name}", worth)
        for session in node.bfds:
            for worth in _worths(seat, BFDS, session.name, True):
                self._apply(seat, f"{BFDS} {session.name}", worth)
        if config.config_fault:
            seat.faults.add("configuration")
        if not seat.source:
            seat.faults.add("address")
        elif config.unicast_source and seat.profile.binds_unicast_source:
            cards = self.scenario.servers[seat.node].interfaces.values()
            if not any(config.unicast_source == a.partition("/")[0] for c in cards for a in c.addresses):
                seat.faults.add("source address")
        for script in scripts:
            entries = [t for part in both(config, seat.group, SCRIPTS) for t in part if t.name == script]
            plain = sum(not t.weight for t in entries)
            if plain and any(not t.weight for t in merged(*both(config, seat.group, SCRIPTS), script)):
                seat.waits.add(f"{SCRIPTS} {script}")
                if plain > 1:
                    seat.waits.add("for ever")  # counted twice, and there is one first result

    def _apply(self, seat: Seat, cause: str, worth: int | None) -> None:
        """At a start; ``worth`` None: FAULT."""
        if worth is None:
            seat.faults.add(cause)
        else:
            seat.total += worth
            seat.shares[cause] = worth

    def _enter_first(self, seat: Seat) -> None:
        group = self._groups.get((seat.node, seat.group.name), "") if seat.group else ""
        self._look_at_link(seat)
        if seat.faults or group == "FAULT":
            if seat.faults:
                seat.wanted = "FAULT"
            self._set(seat, "FAULT")
        elif seat.waits or group == "INIT":
            self._set(seat, "INIT")
        elif seat.owner and self._wants_to_begin(seat) and (not seat.group or group == "MASTER"):
            if seat.delayed_until_us > self.now:
                self._set(seat, "INIT")
                self.at(seat.delayed_until_us, partial(self._begin_late, seat))
            else:
                self._become_master(seat)
        else:
            would_be = seat.group and group == "BACKUP" and seat.wanted == "MASTER"
            skew_us = profile_skew_us(seat.profile, seat.config.version, OWNER, seat.learned_us)
            self._enter_backup(seat, seat.learned_us + skew_us if would_be else seat.down_us)

    def _begin_late(self, seat: Seat) -> None:
        """An owner whose start was delayed; what it hears meanwhile would put it off further."""
        if any(o.state == "MASTER" and o.speaks for o in self._near[seat.place]):
            raise Unjudged("an address owner hears a MASTER while its start is delayed")
        if seat.state == "INIT":
            self._become_master(seat)

    def _wants_to_begin(self, seat: Seat) -> bool:
        return seat.wanted == "MASTER" or not seat.profile.owner_needs_state_master

    def _vanish(self, seat: Seat) -> None:
        """It falls silent without a word; its addresses are not touched."""
        was_master = seat.state == "MASTER"
        seat.state = "STOP"
        seat.expires_us = None
        seat.held.clear()
        self._bump(seat)
        if was_master:
            self._release(seat)

    def _stop(self, seat: Seat) -> None:
        if seat.state == "MASTER":
            self._leave(seat, "STOP", farewell=True)
        self._set(seat, "STOP")

    # -- states --------------------------------------------------------------------------------------------

    def _set(self, seat: Seat, state: str) -> None:
        seat.state, seat.since_us = state, self.now
        seat.expires_us = None
        seat.held.clear()
        self._bump(seat)
        self._note_holders()

    def _bump(self, seat: Seat) -> None:
        seat.stamp += 1

    def _enter_backup(self, seat: Seat, wait_us: Micros) -> None:
        self._set(seat, "BACKUP")
        seat.preempt_from_us = None
        seat.expires_us = max(self.now, seat.delayed_until_us) + wait_us

    def _become_master(self, seat: Seat) -> None:
        self._go_master(seat)
        if seat.group and seat.state == "MASTER":
            self._group_to_master(seat)

    def _go_master(self, seat: Seat) -> None:
        seat.wanted = "MASTER"
        if seat.group and not self._may(seat):
            return
        self._set(seat, "MASTER")
        seat.learned_us = seat.config.advert_interval_us
        seat.first_us = self.now
        seat.next_us = self.now + seat.config.advert_interval_us + seat.lines_us

    def _leave(self, seat: Seat, to: str, farewell: bool) -> None:
        """A MASTER lets go; ``farewell``: with a goodbye."""
        copies = seat.profile.priority_zero_on_fault
        says = farewell and bool(copies or to != "FAULT")
        says = says or (to == "FAULT" and copies > 1)
        self._release(seat)
        if says and seat.speaks:
            for other in self._hearers(seat):
                self._goodbye(other, seat)
        if to == "FAULT":
            self._set(seat, "FAULT")
        elif to == "BACKUP":
            seat.state = "BACKUP"
            self._enter_backup(seat, seat.down_us)

    def _goodbye(self, seat: Seat, sender: Seat) -> None:
        if seat.state == "BACKUP":
            if not seat.held:
                seat.expires_us = max(self.now, seat.delayed_until_us) + seat.skew_us
        elif seat.state == "MASTER":
            self._speak_now(seat)

    def _speak_now(self, seat: Seat) -> None:
        seat.first_us = self.now
        seat.next_us = self.now + seat.config.advert_interval_us

    def _release(self, master: Seat) -> None:
        """Whom it kept down waits from its last advert on."""
        last_us = master.last_advert(self.now)
        for seat in self._near[master.place]:
            if seat.held.pop(master.place, None) is not None and not seat.held:
                seat.expires_us = max(self.now, last_us + seat.down_us, seat.delayed_until_us)

    def _hearers(self, seat: Seat) -> list[Seat]:
        return [o for o in self._near[seat.place] if (seat.place, o.place) in self._hears and o.hears]

    # -- groups --------------------------------------------------------------------------------------------

    def _mates(self, seat: Seat) -> list[Seat]:
        return (
            [s for s in self._on(seat.node) if s.group is seat.group and s is not seat] if seat.group else []
        )

    def _group_state(self, seat: Seat) -> str:
        return self._groups.get((seat.node, seat.group.name), "BACKUP") if seat.group else ""

    def _may(self, seat: Seat) -> bool:
        if self._group_state(seat) == "MASTER":
            return True
        if any(m.wanted != "MASTER" for m in self._mates(seat)):
            if seat.state == "BACKUP":
                seat.expires_us = max(self.now, seat.delayed_until_us) + seat.down_us
            return False
        return True

    def _group_to_master(self, leader: Seat) -> None:
        assert leader.group is not None
        if self._group_state(leader) == "MASTER" or not self._may(leader):
            return
        for mate in self._mates(leader):
            if mate.state != "MASTER":
                self._go_master(mate)
        self._groups[leader.node, leader.group.name] = "MASTER"

    def _group_to(self, state: str, leader: Seat) -> None:
        assert leader.group is not None
        if self._group_state(leader) == state:
            return
        for mate in self._mates(leader):
            if mate.state == state:
                continue
            mate.wanted = state
            if mate.state == "MASTER":
                self._leave(mate, state, farewell=False)
            elif state == "BACKUP":
                mate.learned_us = mate.config.advert_interval_us
                self._enter_backup(mate, mate.down_us)
            elif mate.state != "STOP":
                self._set(mate, state)
        self._groups[leader.node, leader.group.name] = state

    # -- tracked things ------------------------------------------------------------------------------------

    def _is_up(self, node: str, interface: str) -> bool:
        return (node, interface) not in self.down

    def _interface_worth(self, seat: Seat, name: str, up: bool) -> int | None:
        weight, reverse = interface_weight(seat.config, seat.group, name)
        if weight is None:
            return 0
        if weight:
            return points(weight, reverse, up)
        return None if up == reverse else 0

    def _interface(self, node: str, name: str, up: bool) -> None:
        self.down.add((node, name)) if not up else self.down.discard((node, name))
        self._look_at_links(node)
        for seat in self._on(node):
            if name in interfaces_of(seat.config, seat.group):
                before = seat.shares.get(f"interface {name}", 0)
                self._change(seat, f"interface {name}", before, self._interface_worth(seat, name, up))
        self._note_holders()

    def _judged(self, node: str, kind: str, name: str, good: bool) -> None:
        """A script's result counts, a process has its quorum or not."""
        for seat in self._on(node):
            if seat.state == "STOP":
                continue
            cause = f"{kind} {name}"
            for worth in _worths(seat, kind, name, good):
                was_waiting = cause in seat.waits
                seat.waits.discard(cause)
                if worth is None:
                    self._fault(seat, cause)
                elif was_waiting or cause in seat.faults:
                    self._recover(seat, cause)
                else:
                    self._weigh(seat, cause, worth)

    def _revalued(self, node: str, name: str, value: int) -> None:
        file = next(f for f in self._node(node).files if f.name == name)
        for seat in self._on(node):
            for worth in _file_worths(seat, file, value):
                self._change(seat, f"{FILES} {name}", seat.shares.get(f"{FILES} {name}", 0), worth)

    def _change(self, seat: Seat, cause: str, before: int, worth: int | None) -> None:
        if seat.state == "STOP":
            return
        if worth is None:
            self._fault(seat, cause)
        elif cause in seat.faults:
            self._recover(seat, cause)
        elif worth != before:
            self._weigh(seat, cause, worth)

    def _weigh(self, seat: Seat, cause: str, worth: int) -> None:
        change = worth - seat.shares.get(cause, 0)
        seat.shares[cause] = worth
        if not change or seat.config.address_owner:
            return
        before, was_us = seat.priority, seat.down_us
        seat.total += change
        if seat.priority == before:
            return
        if seat.state == "MASTER":
            self._release(seat)  # its hearers judge its next advert anew
        elif seat.state == "BACKUP":
            if seat.expires_us is not None:
                seat.expires_us = max(self.now, seat.expires_us + seat.down_us - was_us)
            else:
                self._judge_anew(seat)
        self._bump(seat)

    def _judge_anew(self, seat: Seat) -> None:
        """A BACKUP that is kept down, and now may not be any more: it waits from the last advert on."""
        last_us = max(self.seats[place].last_advert(self.now) for place in seat.held)
        seat.held.clear()
        seat.expires_us = max(self.now, last_us + seat.down_us, seat.delayed_until_us)

    def _fault(self, seat: Seat, cause: str) -> None:
        had = bool(seat.faults)
        seat.faults.add(cause)
        if had or seat.state == "STOP":
            return
        seat.wanted = "FAULT"
        if seat.state == "MASTER":
            self._leave(seat, "FAULT", farewell=True)
        elif seat.state == "INIT":
            self._set(seat, "FAULT")
        else:
            seat.learned_us = seat.config.advert_interval_us
            self._set(seat, "FAULT")
        if seat.group:
            alone = not any(m.faults for m in self._mates(seat))
            if alone:
                self._group_to("FAULT", seat)

    def _recover(self, seat: Seat, cause: str) -> None:
        seat.faults.discard(cause)
        if seat.faults:
            return
        if seat.waits:
            seat.wanted = "BACKUP"
            if seat.group:
                self._groups[seat.node, seat.group.name] = "INIT"
            return
        at_once = seat.wanted == "MASTER" or seat.profile.owner_returns_at_once
        seat.wanted = "MASTER" if seat.config.address_owner and at_once else "BACKUP"
        seat.learned_us = seat.config.advert_interval_us
        if seat.group and any(m.faults or m.waits for m in self._mates(seat)):
            return
        to = seat.wanted
        if seat.group and to == "MASTER" and not self._may(seat):
            to = "BACKUP"
        if to == "MASTER":
            self._go_master(seat)
        else:
            self._enter_backup(seat, seat.down_us)
        if seat.group:
            if seat.state == "MASTER":
                self._group_to_master(seat)
            else:
                self._group_to("BACKUP", seat)

    # -- links ---------------------------------------------------------------------------------------------

    def _look_at_links(self, node: str) -> None:
        for seat in self._on(node):
            self._look_at_link(seat)

    def _look_at_link(self, seat: Seat) -> None:
        up = self._is_up(seat.node, seat.config.interface) and seat.node not in self.dark
        speaks = up and (seat.node, "out") not in self.blocked
        hears = up and (seat.node, "in") not in self.blocked
        if (speaks, hears) == (seat.speaks, seat.hears):
            return
        if seat.speaks and not speaks and seat.state == "MASTER":
            self._release(seat)
        if seat.hears and not hears and seat.state == "BACKUP" and seat.held:
            self._judge_anew(seat)
        seat.speaks, seat.hears = speaks, hears
        self._bump(seat)

    # -- time ----------------------------------------------------------------------------------------------

    def run(self, until_us: Micros) -> None:
        """On to a moment."""
        for _ in range(_MOST_STEPS):
            when_us, what = self._next()
            if when_us is None or what is None or when_us > until_us:
                self.now = until_us
                return
            self.now = max(self.now, when_us)
            what()
        raise Unjudged("its routers do not come to rest")

    def _next(self) -> tuple[Micros | None, Callable[[], None] | None]:
        """What comes next: at one moment what was planned, then adverts that are heard, then timers."""
        best: tuple[Micros, int, int] | None = None
        what: Callable[[], None] | None = None
        if self._due:
            best = (self._due[0][0], 0, 0)
            what = self._do_planned
        for master in self.seats:
            if master.state != "MASTER" or not master.speaks:
                continue
            advert_us: Micros | None = None
            for other in self._near[master.place]:
                if other.state not in ("BACKUP", "MASTER") or not other.hears:
                    continue
                pair = (master.place, other.place)
                if self._met.get(pair) == (master.stamp, other.stamp):
                    continue
                if advert_us is None:
                    advert_us = master.next_advert(self.now)
                when_us = advert_us
                if other.delayed_until_us > self.now:
                    when_us = max(advert_us, self._deferred.get(pair, 0))
                rejected_in_delay = pair in self._rejects and when_us < other.delayed_until_us
                if pair not in self._hears and not rejected_in_delay:
                    continue
                key = (when_us, 1, master.place)
                if best is None or key < best:
                    best, what = key, partial(self._meet, master, other)
        for seat in self.seats:
            if seat.state == "BACKUP" and seat.expires_us is not None:
                key = (seat.expires_us, 2, seat.place)
                if best is None or key < best:
                    best, what = key, partial(self._expire, seat)
        return (None, None) if best is None else (best[0], what)

    def _do_planned(self) -> None:
        self._due.pop(0)[2]()

    def _expire(self, seat: Seat) -> None:
        rivals = [
            o
            for o in self._near[seat.place]
            if o.state == "BACKUP" and o.expires_us is not None and o.expires_us - self.now <= RACE_US
        ]
        if rivals:
            seat = self._toss([seat, *rivals])
        self._become_master(seat)

    def _toss(self, candidates: list[Seat]) -> Seat:
        """Who is first; the others wait until they could have heard it."""
        favoured = [
            s for s in candidates if s.node == self._first[0] and self.now - self._first[1] <= RACE_US
        ]
        if favoured:
            chosen = favoured[0]
        else:
            number = len(self.open_choices)
            self.open_choices.append(len(candidates))
            chosen = candidates[self.choices[number] if number < len(self.choices) else 0]
            self._first = (chosen.node, self.now)
        last_us = max(s.expires_us or 0 for s in candidates)
        for other in candidates:
            if other is not chosen:
                other.expires_us = last_us + RACE_US + 1
        return chosen

    def _meet(self, master: Seat, other: Seat) -> None:
        """``other`` hears an advert of a MASTER that it has not weighed yet."""
        if other.delayed_until_us > self.now:
            self._meet_in_delay(master, other)
            return
        self._met[master.place, other.place] = (master.stamp, other.stamp)
        if other.state == "MASTER":
            self._meet_master(master, other)
            return
        theirs, delay_us = master.priority, other.config.preempt_delay_us
        yields = not other.config.preempt or theirs >= other.priority
        if yields:
            other.preempt_from_us = None
        elif delay_us:
            if other.preempt_from_us is None:
                other.preempt_from_us = self.now + delay_us
                self.at(other.preempt_from_us, partial(self._delay_over, other))
            yields = other.preempt_from_us > self.now
        if yields:
            self._hold(master, other)

    def _meet_in_delay(self, master: Seat, other: Seat) -> None:
        """While its start is delayed: what is left of its timer begins at the delay's end, each time anew."""
        master_at = master.next_advert(self.now + 1)
        self._deferred[master.place, other.place] = master_at
        if other.state != "BACKUP" or other.profile.delay_covers_owners:
            return
        heeds = (master.place, other.place) in self._hears
        if heeds and (not other.config.preempt or master.priority >= other.priority):
            self._met[master.place, other.place] = (master.stamp, other.stamp)
            self._hold(master, other)
        elif other.expires_us is not None:
            other.expires_us = other.delayed_until_us + max(0, other.expires_us - self.now)

    def _hold(self, master: Seat, other: Seat) -> None:
        other.wanted = "BACKUP"
        if other.config.version == 3 and other.profile.learns_interval:
            other.learned_us = master.config.advert_interval_us
        other.held[master.place] = True
        other.expires_us = None

    def _delay_over(self, seat: Seat) -> None:
        if seat.state == "BACKUP" and seat.preempt_from_us is not None and seat.held:
            self._judge_anew(seat)
            self._bump(seat)

    def _meet_master(self, master: Seat, other: Seat) -> None:
        if is_signed(master.config) and not (other.speaks and master.hears):
            raise Unjudged(AH_COUNTS)
        ours, theirs = other.priority, master.priority
        higher = pack_address(master.source) > pack_address(other.source)
        if ours == theirs == OWNER:
            if other.profile.two_owners != "hearer-yields":
                raise Unjudged("two address owners")
            other.owner, other.total = False, OWNER - 1
            ours = OWNER - 1
        if theirs > ours or (theirs == ours and higher):
            other.wanted = "BACKUP"
            if other.config.version == 3 and other.profile.learns_interval:
                other.learned_us = master.config.advert_interval_us
            self._leave(other, "BACKUP", farewell=False)
            if other.group:
                self._group_to("BACKUP", other)
            return
        if other.profile.lower_advert_gets == "advert+garp":
            self._announce(other)
        if other.profile.lower_advert_gets != "nothing" and not other.config.lower_prio_no_advert:
            self._speak_now(other)
            if (other.place, master.place) in self._hears and other.speaks and master.hears:
                self._met.pop((other.place, master.place), None)

    def settle_phases(self) -> None:
        """Everything is at rest: times of MASTERs' adverts may be moved to now and be as good."""
        for seat in self.seats:
            if seat.state == "MASTER":
                seat.first_us = seat.last_advert(self.now)
                seat.next_us = seat.first_us + seat.config.advert_interval_us
        self._first = ("", -1)

    # -- who has what --------------------------------------------------------------------------------------

    def _note_holders(self) -> None:
        for address, spans in self.spans.items():
            kept = [n for n in spans[-1].holders if self._holds(n, address)]
            new = [n for n in self.scenario.servers if n not in kept and self._holds(n, address)]
            holders = (*kept, *new)
            if holders != spans[-1].holders:
                self._note(address, holders)

    def _note(self, address: str, holders: tuple[str, ...]) -> None:
        spans = self.spans[address]
        if spans[-1].from_us == self.now and len(spans) > 1:
            spans[-1] = Span(self.now, holders)
        else:
            spans.append(Span(self.now, holders))

    def _announce(self, seat: Seat) -> None:
        """A MASTER that hears a lower one tells everybody where its addresses are."""
        for address in seat.config.all_addresses:
            last = self.spans[address.address][-1]
            if seat.node in last.holders[:-1]:
                others = tuple(n for n in last.holders if n != seat.node)
                self._note(address.address, (*others, seat.node))

    def _holds(self, node: str, address: str) -> bool:
        if node in self.dark:
            return False
        if node in self.frozen:
            return node in self.spans[address][-1].holders
        return any(
            s.state == "MASTER" and any(a.address == address for a in s.config.all_addresses)
            for s in self._on(node)
        )

    @property
    def is_starved(self) -> bool:
        """Do two MASTERs put off each other's adverts, as they reject them, while a third waits for some?"""
        for one in self.seats:
            if one.state != "MASTER" or not one.hears:
                continue
            for other in self._near[one.place]:
                if other.state != "MASTER" or (other.place, one.place) not in self._rejects:
                    continue
                for third in self._near[one.place]:
                    waits = third is not other and third.state in ("BACKUP", "MASTER")
                    if waits and {(one.place, third.place), (other.place, third.place)} & self._hears:
                        return True
        return False

    def serves(self, node: str, address: str) -> bool | None:
        """Does a node that has the address answer clients? None: they do not even reach it."""
        lines = [
            (s.config.accept and (s.profile.accept_mode or s.config.address_owner), a)
            for s in self._on(node)
            for a in s.config.all_addresses
            if a.address == address
        ]
        if not any(self._is_up(node, a.interface) for _, a in lines):
            return None
        return any(accepts for accepts, _ in lines)


def _worths(seat: Seat, kind: str, name: str, good: bool) -> list[int | None]:
    """What a thing that is good or not is worth to an instance, for each way in which it tracks it."""
    found: list[int | None] = []
    for one in merged(*both(seat.config, seat.group, kind), name):
        reverse = one.reverse
        if kind == PROCESSES:
            own = [t.reverse for t in seat.config.track_processes if t.name == name]
            reverse = own[0] if own else reverse
        if one.weight:
            found.append(points(one.weight, reverse, good))
        else:
            found.append(None if good == reverse else 0)
    return found


def _file_worths(seat: Seat, file: FileConfig, value: int) -> list[int | None]:
    return [share_of(one, value) for one in merged(*both(seat.config, seat.group, FILES), file.name)]
