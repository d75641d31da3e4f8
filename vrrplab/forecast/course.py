"""How a cluster's routers get on after something happened, reckoned from their timers, without a network.

No packet, no cable, no address table: a MASTER that is heard and not outbid keeps a BACKUP down for good,
and one that falls silent lets it go at (its last advert + the BACKUP's interval). So what is left is a
handful of moments: checks that count, timers that end, the first advert that somebody hears of a new MASTER.
The times are the machine's formulas (``machine.intervals``), who hears whom is its law (``hearing``), and
what a thing's failure means for an instance its table (``machine.weights``).

Where timers of two nodes end at one moment nothing decides who is first. ``choices`` then says whom to take,
and ``open_choices`` how many there were each time, so that a caller can go through all of them. What no timer
tells is in ``doubts``: there the course goes one of several ways.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address, ip_interface

from vrrplab.config.model import NodeConfig
from vrrplab.forecast.failures import SCRIPT, Failure
from vrrplab.forecast.listeners import (
    AH_COUNTS,
    CLASHES,
    OWNER_DELAYED,
    OWNER_RETURNS,
    RESTLESS,
    TWO_OWNERS,
    Listeners,
)
from vrrplab.forecast.seat import Seat, file_worths, is_signed, lines_of, worths
from vrrplab.machine.intervals import MOST_ADVERTS_RACE, RACE_US, noticed_us, profile_skew_us
from vrrplab.machine.policy import answer_worse_and_announce, no_answer
from vrrplab.machine.priority import OWNER
from vrrplab.machine.profiles import profile_named
from vrrplab.machine.weights import (
    BFDS,
    FILES,
    PROCESSES,
    SCRIPTS,
    bad_for_ever,
    both,
    interface_weight,
    interfaces_of,
    merged,
    points,
)
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.parts import Interface, Server
from vrrplab.units import Micros
from vrrplab.wire.addresses import is_link_local, link_local, pack_address

_MOST_BEHIND = 20  # adverts with AH that do not count: more than a takeover leaves a MASTER behind another
_MOST_STEPS = 600  # nothing that settles takes more


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
        self.failed_us: Micros = 0  # when something was done to it, for who looks back
        self.looked_us: Micros = 0  # and from when on it matters to clients who had an address before
        self.rested_us: Micros = 0  # when something happened last
        self.seats: list[Seat] = []
        self.down: set[tuple[str, str]] = set()  # node, interface
        self.dark: set[str] = set()  # nodes without power
        self.blocked: set[tuple[str, str]] = set()  # node, "in" | "out"
        self.frozen: set[str] = set()
        self.spans: dict[str, list[Span]] = {}
        self.choices: Sequence[int] = ()
        self.open_choices: list[int] = []
        self.doubts: dict[int, str] = {}  # places of seats of which no timer tells what becomes, and why
        self._groups: dict[tuple[str, str], str] = {}  # node, group -> its state
        self._met: dict[tuple[int, int], tuple[int, int]] = {}
        self._deferred: dict[tuple[int, int], Micros] = {}  # next advert that is weighed in a start delay
        self._due: list[tuple[Micros, int, Callable[[], None]]] = []
        self._number = self._turns = 0
        self._clashed = False
        self._behind: Counter[tuple[int, int]] = Counter()
        self._first: tuple[str, Micros] = ("", -1)  # the node that was taken at a toss, and when
        for server in scenario.servers.values():
            self._seat_all(server)
        # by node and address: the places of the seats that have it, whether each answers, and on which card
        self._having: dict[tuple[str, str], tuple[list[int], list[tuple[bool, str]]]] = {}
        self._net = Listeners(self.seats, {s.place: self._addresses_of(s) for s in self.seats})
        for seat in self.seats:
            for address in seat.config.all_addresses:
                self.spans.setdefault(address.address, [Span(0, ())])
                one = self._having.setdefault((seat.node, address.address), ([], []))
                one[0].append(seat.place)
                one[1].append((_answers(seat), address.interface))

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
                    lines_us=lines_of(config, profile) * profile.line_us,
                )
            )

    def _addresses_of(self, seat: Seat) -> frozenset[str]:
        return frozenset([*(a.partition("/")[0] for a in self._card(seat).addresses), seat.source])

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
        other._clashed, other._behind = False, Counter()
        other.open_choices, other._due, other._first = [], [], ("", -1)
        other._groups, other._met = dict(self._groups), dict(self._met)
        other._deferred, other.doubts = {}, dict(self.doubts)
        other._net = self._net.copied(other.seats)
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
        seats = self._net.on(name)
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
            case "bfd":
                self._judged(name, BFDS, thing, False)
                self._note_holders()
            case "file":
                self._revalued(name, thing, failure.value)
            case "returns":
                self.dark.discard(name)
                self.at(self.now, lambda: self._start_node(name))

    def noticed_us(self, failure: Failure, since_run_us: Micros = 0) -> Micros:
        """How long after a failure it counts: the ``fall``-th run of a check has ended, a delay is over."""
        later_us = noticed_us(self._node(failure.node), failure.kind, failure.thing, since_run_us)
        run_us = self.scenario.servers[failure.node].script_run_us
        return later_us + (run_us if failure.kind == SCRIPT else 0)

    def _node(self, name: str) -> NodeConfig:
        return self.scenario.servers[name].node

    # -- starting and stopping -----------------------------------------------------------------------------

    def _start_node(self, name: str) -> None:
        node, server = self._node(name), self.scenario.servers[name]
        usable = {s.name: s for s in node.scripts if s.is_program}
        delay_us = node.global_defs.startup_delay_us
        seats, bad = self._net.on(name), bad_for_ever(node)
        for seat in seats:
            self._begin(seat, node, usable, bad)
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
                good = ("script", script) not in bad
                self.at(first_us, partial(self._judged, name, SCRIPTS, script, good))

    def _begin(self, seat: Seat, node: NodeConfig, scripts: Iterable[str], bad: Set[tuple[str, str]]) -> None:
        config = seat.config
        seat.total, seat.owner, seat.wanted = config.base_priority, config.address_owner, config.state
        seat.shares, seat.faults, seat.waits, seat.held = {}, set(), set(), {}
        seat.learned_us = config.advert_interval_us
        seat.preempt_from_us, seat.expires_us = None, None
        seat.number, seat.follows = 0, None
        for name in interfaces_of(config, seat.group):
            self._apply(
                seat, f"interface {name}", self._interface_worth(seat, name, self._is_up(seat.node, name))
            )
        for process in node.processes:
            good = ("process", process.name) not in bad
            for worth in worths(seat, PROCESSES, process.name, good):
                self._apply(seat, f"{PROCESSES} {process.name}", worth)
        for file in node.files:
            for worth in file_worths(seat, file, file.init_value or 0):
                self._apply(seat, f"{FILES} {file.name}", worth)
        for session in node.bfds:
            for worth in worths(seat, BFDS, session.name, True):
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
        if any(o.state == "MASTER" and o.speaks for o in self._net.near[seat.place]):
            self.doubts[seat.place] = OWNER_DELAYED
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
        self._arm(seat, max(self.now, seat.delayed_until_us) + wait_us)

    def _arm(self, seat: Seat, at_us: Micros, heard: tuple[Micros, int] | None = None) -> None:
        """Set its timer; ``heard``: when an advert did so, and whose turn of several at that moment."""
        self._turns += 1
        seat.expires_us, seat.armed = at_us, heard or (self.now, self._turns)

    def _become_master(self, seat: Seat) -> None:
        self._go_master(seat)
        if seat.group and seat.state == "MASTER":
            self._group_to_master(seat)

    def _go_master(self, seat: Seat) -> None:
        seat.wanted = "MASTER"
        if seat.group and not self._may(seat):
            return
        self._stop_following(seat)
        seat.number += 1
        self._set(seat, "MASTER")
        self._turns += 1
        seat.turn = self._turns
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
            for other in self._net.hearers(seat):
                self._goodbye(other, seat)
        if to == "FAULT":
            self._set(seat, "FAULT")
        elif to == "BACKUP":
            seat.state = "BACKUP"
            self._enter_backup(seat, seat.down_us)

    def _goodbye(self, seat: Seat, sender: Seat) -> None:
        if seat.state == "BACKUP":
            if not seat.held:
                self._arm(seat, max(self.now, seat.delayed_until_us) + seat.skew_us)
        elif seat.state == "MASTER":
            self._speak_now(seat)

    def _speak_now(self, seat: Seat) -> None:
        self._turns += 1
        seat.turn = self._turns
        seat.first_us = self.now
        seat.next_us = self.now + seat.config.advert_interval_us

    def _release(self, master: Seat) -> None:
        """Whom it kept down waits from its last advert on."""
        last_us = master.last_advert(self.now)
        for seat in self._net.near[master.place]:
            if seat.follows == master.place:
                self._stop_following(seat)
            if seat.held.pop(master.place, None) is not None and not seat.held:
                expires_us = max(self.now, last_us + seat.down_us, seat.delayed_until_us)
                self._arm(seat, expires_us, (last_us, master.turn))

    def _stop_following(self, seat: Seat) -> None:
        if seat.follows is not None:
            seat.number, seat.follows = self.seats[seat.follows].number_at(self.now), None

    # -- groups --------------------------------------------------------------------------------------------

    def _group_state(self, seat: Seat) -> str:
        return self._groups.get((seat.node, seat.group.name), "BACKUP") if seat.group else ""

    def _may(self, seat: Seat) -> bool:
        if self._group_state(seat) == "MASTER":
            return True
        if any(m.wanted != "MASTER" for m in self._net.mates(seat)):
            if seat.state == "BACKUP":
                self._arm(seat, max(self.now, seat.delayed_until_us) + seat.down_us)
            return False
        return True

    def _group_to_master(self, leader: Seat) -> None:
        assert leader.group is not None
        if self._group_state(leader) == "MASTER" or not self._may(leader):
            return
        for mate in self._net.mates(leader):
            if mate.state != "MASTER":
                self._go_master(mate)
        self._groups[leader.node, leader.group.name] = "MASTER"

    def _group_to(self, state: str, leader: Seat) -> None:
        assert leader.group is not None
        if self._group_state(leader) == state:
            return
        for mate in self._net.mates(leader):
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
        for seat in self._net.on(node):
            if name in interfaces_of(seat.config, seat.group):
                before = seat.shares.get(f"interface {name}", 0)
                self._change(seat, f"interface {name}", before, self._interface_worth(seat, name, up))
        self._note_holders()

    def _judged(self, node: str, kind: str, name: str, good: bool) -> None:
        """A script's result counts, a process has its quorum or not."""
        for seat in self._net.on(node):
            if seat.state == "STOP":
                continue
            cause = f"{kind} {name}"
            for worth in worths(seat, kind, name, good):
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
        for seat in self._net.on(node):
            for worth in file_worths(seat, file, value):
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
        left_us = None if seat.expires_us is None else self._expiry(seat)
        seat.total += change
        if seat.priority == before:
            return
        if seat.state == "MASTER":
            self._release(seat)  # its hearers judge its next advert anew
        elif seat.state == "BACKUP":
            if left_us is not None:
                self._arm(seat, max(self.now, left_us + seat.down_us - was_us))
            else:
                self._judge_anew(seat)
        self._bump(seat)

    def _judge_anew(self, seat: Seat) -> None:
        """A BACKUP that is kept down, and now may not be any more: it waits from the last advert on."""
        heard = max((self.seats[p].last_advert(self.now), self.seats[p].turn) for p in seat.held)
        seat.held.clear()
        self._arm(seat, max(self.now, heard[0] + seat.down_us, seat.delayed_until_us), heard)

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
            alone = not any(m.faults for m in self._net.mates(seat))
            if alone:
                self._group_to("FAULT", seat)

    def _recover(self, seat: Seat, cause: str) -> None:
        first = cause not in seat.faults  # the first result of a script, and no recovery
        seat.faults.discard(cause)
        if seat.faults or (first and seat.waits):
            return
        if seat.waits:
            seat.wanted = "BACKUP"
            if seat.group:
                self._groups[seat.node, seat.group.name] = "INIT"
            return
        at_once = seat.wanted == "MASTER" or seat.profile.owner_returns_at_once
        seat.wanted = "MASTER" if seat.config.address_owner and at_once else "BACKUP"
        seat.learned_us = seat.config.advert_interval_us
        if seat.group and any(m.faults or m.waits for m in self._net.mates(seat)):
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
        for seat in self._net.on(node):
            self._look_at_link(seat)

    def _look_at_link(self, seat: Seat) -> None:
        up = self._is_up(seat.node, seat.config.interface) and seat.node not in self.dark
        speaks = up and (seat.node, "out") not in self.blocked
        hears = up and (seat.node, "in") not in self.blocked
        if (speaks, hears) == (seat.speaks, seat.hears):
            return
        if seat.speaks and not speaks and seat.state == "MASTER":
            self._release(seat)
        if seat.hears and not hears:
            self._stop_following(seat)
            if seat.state == "BACKUP" and seat.held:
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
            self.now = self.rested_us = max(self.now, when_us)
            what()
        self.doubts = dict.fromkeys(range(len(self.seats)), RESTLESS) | self.doubts
        self.now = until_us
        self._due.clear()

    def _next(self) -> tuple[Micros | None, Callable[[], None] | None]:
        """What comes next: at one moment what was planned, then adverts that are heard, then timers."""
        best: tuple[Micros, int, tuple[Micros, int]] | None = None
        what: Callable[[], None] | None = None
        if self._due:
            best = (self._due[0][0], 0, (0, 0))
            what = self._do_planned
        for master in self.seats:
            if master.state != "MASTER" or not master.speaks:
                continue
            advert_us: Micros | None = None
            for other in self._net.near[master.place]:
                if other.state not in ("BACKUP", "MASTER") or not other.hears:
                    continue
                pair = (master.place, other.place)
                if self._met.get(pair) == (master.stamp, other.stamp):
                    continue
                if advert_us is None:
                    advert_us = master.next_advert(self.now)
                when_us = max(advert_us, self._deferred.get(pair, 0))
                rejected_in_delay = pair in self._net.rejects and when_us < other.delayed_until_us
                if pair not in self._net.hears and not rejected_in_delay:
                    continue
                key = (when_us, 1, (0, master.turn))
                if best is None or key < best:
                    best, what = key, partial(self._meet, master, other)
        for seat in self.seats:
            if seat.state == "BACKUP" and seat.expires_us is not None and not self.waits_in_vain(seat):
                key = (self._expiry(seat), 2, seat.armed)
                if best is None or key < best:
                    best, what = key, partial(self._expire, seat)
        return (None, None) if best is None else (best[0], what)

    def waits_in_vain(self, seat: Seat) -> bool:
        """Does its timer end again and again, as its sync group does not let it be MASTER?"""
        if seat.state != "BACKUP" or seat.expires_us is None:
            return False
        if seat.wanted != "MASTER" or seat.group is None or self._group_state(seat) == "MASTER":
            return False
        return any(m.wanted != "MASTER" for m in self._net.mates(seat))

    def _expiry(self, seat: Seat) -> Micros:
        """When the timer of a BACKUP ends that runs; one that ended in vain until now has begun anew."""
        assert seat.expires_us is not None
        if seat.expires_us < self.now:
            seat.expires_us += -((seat.expires_us - self.now) // seat.down_us) * seat.down_us
        return seat.expires_us

    def _do_planned(self) -> None:
        self._due.pop(0)[2]()

    def _expire(self, seat: Seat) -> None:
        rivals = [o for o in self._net.near[seat.place] if self._is_due(o)]
        if rivals:
            candidates = [seat, *rivals]
            seat = self._toss(candidates)
            late = {o.node for o in candidates if o is not seat} if seat.config.unicast else set()
            late |= {one.node for one in self._due_in_groups(seat) if not self._is_tossed(one, seat.node)}
        else:
            late = {one.node for one in self._due_in_groups(seat)}
        self._become_master(seat)
        # The first one's adverts are on their way as the timers of others end: it asks for their MAC
        # addresses first, or its group and theirs have each another instance that begins.
        if late and seat.group and seat.state == "MASTER" and self._choose(2):
            self._clash(seat.node, late)

    def _due_in_groups(self, seat: Seat) -> Iterator[Seat]:
        """Whose timers end now on other nodes, of sync groups that meet this one's with other members."""
        for mate in self._net.mates(seat):
            for other in self._net.near[mate.place]:
                yield from (one for one in (other, *self._net.mates(other)) if self._is_due(one))

    def _is_tossed(self, seat: Seat, node: str) -> bool:
        """Does a timer of the same virtual router end on that node too, so that one of the two waits?"""
        return any(other.node == node and self._is_due(other) for other in self._net.near[seat.place])

    def _is_due(self, seat: Seat) -> bool:
        """Does its timer end now, or as good as now, and not in vain?"""
        if seat.state != "BACKUP" or seat.expires_us is None or self.waits_in_vain(seat):
            return False
        return self._expiry(seat) - self.now <= RACE_US

    def _clash(self, first: str, others: Iterable[str]) -> None:
        """Sync groups of several nodes become MASTER before they hear of each other.

        Each may have a member that makes the other's give way: then nobody is MASTER, and their timers end at
        one moment again.
        """
        if self._clashed:
            self.doubts |= dict.fromkeys((s.place for s in self._net.on(first)), CLASHES)
            return
        self._clashed = True
        for node in others:
            due = [s for s in self._net.on(node) if s.state == "BACKUP" and s.expires_us is not None]
            for seat in sorted(due, key=lambda s: (self._expiry(s), s.armed)):
                if seat.state == "BACKUP" and self._expiry(seat) <= self.now + RACE_US + 1:
                    self._become_master(seat)
        began = [s for node in (first, *others) for s in self._net.on(node) if s.state == "MASTER"]
        pairs = [(m, o) for m in began for o in self._net.near[m.place] if self._net.reaches(m, o)]
        for master, other in pairs:
            if other.state == "BACKUP":
                self._meet(master, other)
        for master, other in pairs:
            if other.state == "MASTER" and other in began and self._is_new_to(master, other):
                self._meet_master(master, other)

    def _toss(self, candidates: list[Seat]) -> Seat:
        """Who is first; the others wait until they could have heard it."""
        favoured = [
            s for s in candidates if s.node == self._first[0] and self.now - self._first[1] <= RACE_US
        ]
        if favoured:
            chosen = favoured[0]
        else:
            chosen = candidates[self._choose(len(candidates))]
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
        if not self._is_new_to(master, other):
            return
        self._met[master.place, other.place] = (master.stamp, other.stamp)
        if other.state == "MASTER":
            self._meet_master(master, other)
            return
        theirs, delay_us = master.priority, other.config.preempt_delay_us
        yields = not other.config.preempt or theirs >= other.priority
        if yields:
            other.preempt_from_us = None
        elif delay_us and any(self.seats[place].priority >= other.priority for place in other.held):
            yields = True  # the better one's next advert stops the delay
        elif delay_us:
            if other.preempt_from_us is None:
                other.preempt_from_us = self.now + delay_us
                self.at(other.preempt_from_us, partial(self._delay_over, other))
            yields = other.preempt_from_us > self.now
        if yields:
            self._hold(master, other)

    def _is_new_to(self, master: Seat, other: Seat) -> bool:
        """Does an advert count, as far as AH's numbers go? If not, the next one may."""
        if not is_signed(master.config) or self._counts(master, other):
            return True
        self._deferred[master.place, other.place] = master.next_advert(self.now + 1)
        return False

    def _counts(self, master: Seat, other: Seat) -> bool:
        """With AH: is the advert's number higher than all that ``other`` sent and heard?

        A MASTER that hears one that is not puts off its own next advert, as after any packet.
        """
        if other.follows == master.place:
            return True
        theirs = master.number_at(self.now)
        if other.state == "MASTER":
            ours = other.number_at(self.now - 1)  # what is heard comes before what is due
        elif other.follows is not None:
            ours = self.seats[other.follows].number_at(self.now - 1)
        else:
            ours = other.number
        if theirs > ours:
            if other.state == "BACKUP":
                other.follows = master.place
            return True
        if other.state == "BACKUP":
            self.doubts[other.place] = AH_COUNTS  # it heard another one, or this one before it began anew
            return True
        self._behind[master.place, other.place] += 1
        if self._net.are_heard_by_a_third(master, other):
            self.doubts[other.place] = AH_COUNTS
        if self._behind[master.place, other.place] > _MOST_BEHIND:
            self.doubts[other.place] = AH_COUNTS  # as long as it takes depends on how long it ran before
            return True
        if other.state == "MASTER":
            if other.profile.rejected_advert_rearms and not other.config.lower_prio_no_advert:
                self._put_off(other, ours, master)
            elif ours > theirs and master.config.advert_interval_us >= other.config.advert_interval_us:
                self._met[master.place, other.place] = (master.stamp, other.stamp)  # it never catches up
        return False

    def _put_off(self, other: Seat, number: int, master: Seat) -> None:
        """A MASTER's next advert; where it is due with that which would put it off again, chance decides."""
        due_us, theirs_us = self.now + other.config.advert_interval_us, master.next_advert(self.now + 1)
        hears_both = (other.place, master.place) in self._net.hears and other.speaks and master.hears
        if hears_both and abs(due_us - theirs_us) <= RACE_US:
            due_us = theirs_us + (1 if self._choose(2) else -1)
        other.first_us, other.next_us, other.number = other.last_advert(self.now - 1), due_us, number

    def _meet_in_delay(self, master: Seat, other: Seat) -> None:
        """While its start is delayed: what is left of its timer begins at the delay's end, each time anew."""
        master_at = master.next_advert(self.now + 1)
        self._deferred[master.place, other.place] = master_at
        if other.state != "BACKUP" or other.profile.delay_covers_owners:
            return
        heeds = (master.place, other.place) in self._net.hears
        if heeds and (not other.config.preempt or master.priority >= other.priority):
            self._met[master.place, other.place] = (master.stamp, other.stamp)
            self._hold(master, other)
        elif other.expires_us is not None:
            self._arm(other, other.delayed_until_us + max(0, self._expiry(other) - self.now))

    def _hold(self, master: Seat, other: Seat) -> None:
        other.wanted = "BACKUP"
        if other.config.version == 3 and other.profile.learns_interval:
            other.learned_us = master.config.advert_interval_us
        other.held[master.place] = True
        other.expires_us = None

    def _delay_over(self, seat: Seat) -> None:
        """A lower advert that comes as ``preempt_delay`` ends counts, or does not (``sim.toss``)."""
        if seat.state != "BACKUP" or seat.preempt_from_us is None or not seat.held:
            return
        heard = max((self._counted(seat, self.seats[p]), self.seats[p].turn) for p in seat.held)
        seat.held.clear()
        self._arm(seat, max(self.now, heard[0] + seat.down_us, seat.delayed_until_us), heard)
        self._bump(seat)

    def _counted(self, seat: Seat, master: Seat) -> Micros:
        """The last advert of a MASTER before a delay's end, now, that kept a BACKUP down."""
        last_us, next_us = master.last_advert(self.now), master.next_advert(self.now + 1)
        races = [t for t in (last_us, next_us) if abs(t - self.now) <= RACE_US]
        if not races or not (master.speaks and seat.hears):
            return last_us
        adverts = seat.config.preempt_delay_us // seat.learned_us
        if adverts <= MOST_ADVERTS_RACE and self._choose(2) == 0:
            return races[0]
        return races[0] - master.config.advert_interval_us

    def _choose(self, ways: int) -> int:
        """What nothing decides, as this course has it."""
        number = len(self.open_choices)
        self.open_choices.append(ways)
        return self.choices[number] if number < len(self.choices) else 0

    def _meet_master(self, master: Seat, other: Seat) -> None:
        ours, theirs = other.priority, master.priority
        higher = pack_address(master.source) > pack_address(other.source)
        answered = (other.place, master.place) in self._net.hears and master.hears and other.speaks
        if ours == theirs == OWNER:
            if other.config.higher_prio_send_advert and higher and answered:
                self._meet_master(other, master)  # its answer is an owner's advert, too: both give way
            if other.profile.two_owners != "hearer-yields":
                self.doubts[other.place] = TWO_OWNERS
            elif other.config.unicast and self.failed_us:
                self.doubts[other.place] = OWNER_RETURNS
            other.owner, other.total = False, OWNER - 1
            ours = OWNER - 1
        if theirs > ours or (theirs == ours and higher):
            if (
                other.config.higher_prio_send_advert
                and other.speaks
                and not answered
                and other.config.use_vmac
            ):
                self._announce(other)  # one more advert, from the virtual MAC: switches look for it there
            other.wanted = "BACKUP"
            if other.config.version == 3 and other.profile.learns_interval:
                other.learned_us = master.config.advert_interval_us
            self._leave(other, "BACKUP", farewell=False)
            if is_signed(other.config):
                other.follows = master.place
            if other.group:
                self._group_to("BACKUP", other)
            return
        if is_signed(other.config):
            other.numbered(master.number_at(self.now), self.now)
        if other.profile.answer is answer_worse_and_announce:
            for seat in (other, *self._net.mates(other)):
                self._announce(seat)
        if other.profile.answer is not no_answer and not other.config.lower_prio_no_advert:
            other.number += 2  # with AH: from one more than theirs on
            self._speak_now(other)
            if (other.place, master.place) in self._net.hears and other.speaks and master.hears:
                self._met.pop((other.place, master.place), None)

    def spoke(self, master: Seat, ago_us: Micros) -> None:
        """Everything is at rest, and a MASTER's last advert was then."""
        master.number = master.number_at(self.now)
        master.first_us = self.now - ago_us
        master.next_us = master.first_us + master.config.advert_interval_us

    # -- who has what --------------------------------------------------------------------------------------

    def _note_holders(self) -> None:
        for address, spans in self.spans.items():
            kept = [n for n in spans[-1].holders if self._holds(n, address)]
            new = [n for n in self.scenario.servers if n not in kept and self._holds(n, address)]
            holders = (*kept, *new)
            if holders != spans[-1].holders:
                self._note(address, holders)

    def _note(self, address: str, holders: tuple[str, ...]) -> None:
        self.spans[address].append(Span(self.now, holders))

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
        places, _ = self._having.get((node, address), ((), ()))
        return any(self.seats[place].state == "MASTER" for place in places)

    def has_addresses(self, seat: Seat) -> bool:
        """Does it have addresses, or has its daemon left some behind?"""
        left = seat.node in self.frozen and any(
            seat.node in self.spans[a.address][-1].holders for a in seat.config.all_addresses
        )
        return left or seat.state == "MASTER"

    def may_answer_from(self, seat: Seat, address: str) -> bool:
        """Does the seat's node have the address, and might it answer its clients from the seat's VMAC?

        A packet leaves by the interface with an address of the clients' network: the card, if it has one,
        else the oldest VMAC of those that do, and there the node asks for the clients' MAC addresses.
        """
        networks = [ip_interface(a).network for a in self._card(seat).addresses]
        wanted = ip_address(address)
        if not self._holds(seat.node, address) or any(wanted in network for network in networks):
            return False
        return any(wanted in ip_interface(a.with_prefix).network for a in seat.config.all_addresses)

    def look_for_chance(self) -> None:
        """At rest: where packets decide from now on, and no timer, is a doubt."""
        self.doubts |= self._net.left_to_chance()

    @property
    def doubtful(self) -> dict[int, str]:
        """The places of which timers do not tell, and why."""
        return self._net.spread(self.doubts)

    @property
    def doubtful_addresses(self) -> dict[str, str]:
        """The same of addresses."""
        found = self.doubtful.items()
        return {a.address: why for place, why in found for a in self.seats[place].config.all_addresses}

    def serves(self, node: str, address: str) -> bool | None:
        """Does a node that has the address answer clients? None: they do not even reach it."""
        _, lines = self._having.get((node, address), ((), ()))
        if not any(self._is_up(node, interface) for _, interface in lines):
            return None
        return any(answers for answers, _ in lines)


def _answers(seat: Seat) -> bool:
    """Would its addresses answer clients where it is MASTER?"""
    return seat.config.accept and (seat.profile.accept_mode or seat.config.address_owner)
