"""Who is MASTER while all is well, and who takes over when one thing fails: by effective priorities alone.

A ``Contender`` is a member of a virtual router with how it stands. Rules about priorities ask here. Their
times are one figure each, in the middle of what may be; ``forecast.course`` has all that may be.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from vrrplab.machine.intervals import down_interval_us, noticed_us, profile_skew_us
from vrrplab.machine.profiles import Profile, profile_named
from vrrplab.rules.cluster import Cluster, Member, VirtualRouter
from vrrplab.rules.effective import NOTHING, Standing, Standings, Thing, Watched
from vrrplab.units import SECOND_US, Micros

Down = Mapping[str, Set[Thing]]
"""Node's name -> what is down there."""


@dataclass(frozen=True, slots=True)
class Contender:
    member: Member
    standing: Standing

    @property
    def name(self) -> str:
        return self.member.node.name

    @property
    def priority(self) -> int:
        return self.standing.priority

    @property
    def works(self) -> bool:
        return not self.standing.fault

    @property
    def preempts(self) -> bool:
        return self.member.instance.preempt


@dataclass(frozen=True, slots=True)
class AfterFailure:
    """``thing`` failed on the node of ``before``: how everybody stands then, ``first`` as it was."""

    profile: Profile
    watched: Watched
    before: Contender
    after: Contender
    others: tuple[Contender, ...]

    @property
    def higher(self) -> list[Contender]:
        """Who has a higher priority than the MASTER then; it may still not be allowed to preempt."""
        return [seat for seat in self.others if seat.works and seat.priority > self.after.priority]

    @property
    def heirs(self) -> list[Contender]:
        """Who may take over, the highest first; of a MASTER in FAULT everybody who works may."""
        if not self.after.works:
            able = [seat for seat in self.others if seat.works]
        else:
            able = [seat for seat in self.higher if seat.preempts]
        return sorted(able, key=lambda seat: -seat.priority)


class Outlook:
    """How the members of one virtual router stand: while all is well, and when something fails."""

    def __init__(self, team: VirtualRouter, known: Mapping[str, Standings], profile: Profile) -> None:
        self.team = team
        self.profile = profile
        self._known = known  # node's name -> how its instances stand
        self.seats = self._seats({})

    def of(self, members: tuple[Member, ...]) -> Outlook:
        """The same with other configurations of the same nodes."""
        team = VirtualRouter(self.team.network, self.team.vrid, self.team.family, members)
        return Outlook(team, {m.node.name: Standings(m.node.config) for m in members}, self.profile)

    def _seats(self, down: Down) -> tuple[Contender, ...]:
        return tuple(
            Contender(m, self._known[m.node.name].of(m.instance, self._down_on(m.node.name, down)))
            for m in self.team.members
        )

    def _down_on(self, name: str, down: Down) -> Set[Thing]:
        return self._known[name].rest | down.get(name, NOTHING)

    @property
    def first(self) -> list[Contender]:
        """Who has the highest priority of those that work; several: it is a tie; none: nobody works."""
        able = [seat for seat in self.seats if seat.works]
        best = max((seat.priority for seat in able), default=0)
        return [seat for seat in able if seat.priority == best]

    def failures(self, seat: Contender) -> list[AfterFailure]:
        """Each single thing that it watches fails, but what can never be well, and its own interface."""
        return [
            self.after(seat, one)
            for one in self._known[seat.name].watched(seat.member.instance)
            if one.thing not in self._known[seat.name].rest
        ]

    def after(self, seat: Contender, *failed: Watched) -> AfterFailure:
        """How everybody stands when these things of its node are down."""
        down = {seat.name: frozenset(one.thing for one in failed)}
        seats = self._seats(down)
        place = self.seats.index(seat)
        return AfterFailure(self.profile, failed[0], seat, seats[place], seats[:place] + seats[place + 1 :])


def outlooks(cluster: Cluster, routers: list[VirtualRouter]) -> list[Outlook]:
    """One for each of these virtual routers."""
    known, profile = standings(cluster), profile_named(cluster.profile)
    return [Outlook(router, known, profile) for router in routers]


def standings(cluster: Cluster) -> Mapping[str, Standings]:
    """How the instances of each node stand, by its name; worked out once for a cluster."""
    return cluster.remembered(
        "standings", lambda: {node.name: Standings(node.config) for node in cluster.nodes}
    )


def priority_of(cluster: Cluster, member: Member) -> int:
    """What a member advertises while all is well."""
    known = standings(cluster)[member.node.name]
    return known.of(member.instance, known.rest).priority


def usual_takeover_us(case: AfterFailure) -> Micros:
    """From the failure to the next MASTER, in the middle of what may be; there must be an heir.

    A check is due half an interval later, and counts after ``fall`` bad results; FAULT is announced with
    priority 0, and a BACKUP waits for its skew time; a lower priority has it wait until three intervals
    without a higher advert are over, of which half of one has passed.
    """
    heir = case.heirs[0]
    interval_us = _interval_us(heir, case.before)
    if not case.after.works:
        version = heir.member.instance.version
        return detection_us(case) + profile_skew_us(case.profile, version, heir.priority, interval_us)
    silence_us = _silence_us(case.profile, heir, case.before)
    return detection_us(case) + silence_us + heir.member.instance.preempt_delay_us


def _interval_us(heir: Contender, master: Contender) -> Micros:
    """Between two adverts, as the heir reckons: in version 3 the MASTER's, in version 2 its own."""
    instance = heir.member.instance
    return (master.member.instance if instance.version == 3 else instance).advert_interval_us


def _silence_us(profile: Profile, heir: Contender, master: Contender) -> Micros:
    """Until an heir no longer waits for a MASTER that fell silent in the middle between two adverts."""
    interval_us = _interval_us(heir, master)
    return down_interval_us(profile, heir.member.instance, heir.priority, interval_us) - interval_us // 2


def detection_us(case: AfterFailure) -> Micros:
    """From the failure to the moment at which it counts; 0 for what the daemon hears of at once."""
    config, thing = case.before.member.node.config, case.watched.thing
    ago_us = config.script(thing.name).interval_us // 2 if thing.kind == "script" else 0
    return noticed_us(config, thing.kind, thing.name, ago_us)


def silent_takeover_us(outlook: Outlook) -> Micros:
    """From a power cut of the first node to the next MASTER, in the middle of what may be; 0: nobody is."""
    first = outlook.first
    others = [seat for seat in outlook.seats if seat.works and first and seat is not first[0]]
    if not others:
        return 0
    return _silence_us(outlook.profile, max(others, key=lambda seat: seat.priority), first[0])


SLOW_US = 10 * SECOND_US
