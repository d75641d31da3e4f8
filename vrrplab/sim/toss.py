"""Where reality is a toss of a coin: timers of two routers that end at the same moment.

A real daemon's timer is late by 0.7 to 2 ms, never twice by the same (measured at takeovers), so which of two
that end within ``RACE_US`` is first is open. Here a seed draws one; the others wait until they could have
heard it. That the draw decided something is seen at the end of that wait: whoever would have fired was
stopped by what it heard. Only then is it told, as ``undecided``: nothing pretends certainty.

The two cases that come up: BACKUPs of equal priority that lost the same MASTER, and MASTERs that reject each
other, of which each one heard puts off the other's next advert (1 to 9 of 10 adverts come from one of them).
A third is a lower advert that comes as ``preempt_delay`` ends, a fourth the end of the kernel's check of an
IPv6 address (``host``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from vrrplab.config.model import InstanceConfig, NodeConfig
from vrrplab.machine.daemon import Daemon
from vrrplab.machine.instance import Instance
from vrrplab.machine.intervals import MOST_ADVERTS_RACE, RACE_US
from vrrplab.machine.profiles import Profile
from vrrplab.machine.states import Backup, Master
from vrrplab.scenario.parts import Server
from vrrplab.sim.host import Host
from vrrplab.sim.rng import Chance
from vrrplab.sim.scheduler import ACTION, TIMER, Scheduler
from vrrplab.trace.events import TraceEvent, UndecidedEvent
from vrrplab.units import Micros

FEW, FEW_COUNT = 3, 6 / 7  # adverts in a preempt_delay, and how often the one at its end counts (measured)
MORE_COUNT = 10 / 36  # of more than these, up to ``MOST_ADVERTS_RACE``
FOR_MASTER = "their master-down timers end at the same moment, and the first to advertise is MASTER"
FOR_ADVERT = "they reject each other's adverts, and each one heard puts off the next of the other"
FOR_OWNER = "owners of the same addresses start at the same moment, and each is MASTER at once"
FOR_SOURCE = (
    "the kernel looks for duplicates of {address} for 1 to 2 s,"
    " and who cannot bind it yet is in FAULT for good"
)
CHECKED, FREE = "still checked", "free"
FOR_DELAY = "an advert comes as preempt_delay ends: it counts, or the master-down timer runs on"


class Router(Protocol):
    """What is known of a keepalived box here (``router.Router``)."""

    server: Server
    host: Host
    node: NodeConfig
    profile: Profile
    daemon: Daemon | None

    def meeting_place(self, config: InstanceConfig) -> str:
        """The networks in which the routers of an instance's VRID are; "": its interface is in none."""

    def twin(self, config: InstanceConfig, place: str) -> Instance | None:
        """Its instance of the same virtual router there, if it runs one and is awake."""


class Toss:
    """One for all routers of a world. ``meeting_place``: the networks in which those of a VRID are."""

    __slots__ = ("_chance", "_held", "_put_off", "_routers", "_scheduler", "_write", "meeting_place")

    def __init__(
        self,
        scheduler: Scheduler,
        chance: Chance,
        write: Callable[[TraceEvent], None],
        meeting_place: Callable[[Server, InstanceConfig], str],
    ) -> None:
        self.meeting_place = meeting_place
        self._scheduler = scheduler
        self._chance = chance
        self._write = write
        self._routers: list[Router] = []
        self._held: dict[Router, Micros] = {}
        self._put_off: dict[Instance, int] = {}  # a MASTER whose timer a rejected advert has set anew

    def introduce(self, router: Router) -> None:
        """Another router of this world; their order decides no lot."""
        self._routers.append(router)

    def turn_to_start(self, router: Router) -> Micros:
        """When it begins: as the scenario says, or after an owner of the same addresses that was drawn.

        Measured: of two owners the one that hears the other last goes on as MASTER, so whoever begins first
        yields.
        """
        at_us = router.server.start_at_us
        owned = _owned(router)
        rivals = [
            r for r in self._routers if abs(r.server.start_at_us - at_us) <= RACE_US and owned & _owned(r)
        ]
        if len(rivals) < 2:
            return at_us
        last_us = max(r.server.start_at_us for r in rivals)
        if rivals[0] not in self._held:
            first = self._one_of(rivals)
            names = sorted(r.host.name for r in rivals)
            self._held |= {r: last_us + RACE_US * (r is not first) for r in rivals}
            one = next(i.name for i in first.node.instances if i.address_owner)
            self._scheduler.at(last_us, ACTION, self._tell, one, names, first.host.name, FOR_OWNER)
        return self._held[router]

    def tell_sources(self, router: Router) -> None:
        """It has just bound the unicast sources of its instances, or could not: is a lot behind that?"""
        if router.profile.binds_unicast_source:
            for one in router.node.instances:
                still = router.host.drawn_tentative(one.unicast_source)
                if still is not None:
                    why = FOR_SOURCE.format(address=one.unicast_source)
                    self._tell(one.name, [CHECKED, FREE], CHECKED if still else FREE, why)

    def rejects(self, instance: Instance) -> None:
        """A MASTER has rejected an advert: its own next one is put off, if its profile has it so."""
        self._put_off[instance] = instance.armed

    def holds(self, router: Router, now: Micros) -> bool:
        """Does it wait for another one that was drawn to be first?"""
        return self._held.get(router, 0) > now

    def turn_to_wake(self, router: Router, now: Micros) -> Micros:
        """When a router does what is due now: at once, or later if another one was drawn to be first."""
        held = self._held.get(router, 0)
        if now < held:
            return held
        if now == held or router.daemon is None:
            return now
        races: list[dict[Router, Instance]] = []
        only_backups = not self._put_off  # what MASTERs race for begins with an advert that was put off
        for instance in router.daemon.instances:
            if only_backups and isinstance(instance.role.state, Master):
                continue
            deadline = instance.role.next_deadline()
            if deadline is not None and deadline <= now and (rivals := self._rivals(router, instance, now)):
                races.append({router: instance} | rivals)
        if not races:
            return now
        self._draw(races)
        return max(now, self._held.get(router, 0))

    def _rivals(self, router: Router, instance: Instance, now: Micros) -> dict[Router, Instance]:
        """Instances of the same virtual router elsewhere whose timer ends now as well."""
        found: dict[Router, Instance] = {}
        kind = type(instance.state)
        if kind is not Backup and (kind is not Master or not self._put_off):
            return found
        place = router.meeting_place(instance.config)
        for other in self._routers:
            if other is router:
                continue
            rival = other.twin(instance.config, place)
            if rival is None or type(rival.state) is not kind:
                continue
            deadline = rival.role.next_deadline()
            if deadline is None or abs(deadline - now) > RACE_US or self._held.get(other, 0) >= now:
                continue
            # FRR is put off by nothing and on time: beside it keepalived sends 0 to 2 of 8 adverts (measured)
            puts_off = instance.profile.rejected_advert_rearms and rival.profile.rejected_advert_rearms
            if kind is Master:
                puts_off = (
                    puts_off and not _is_deaf(router, instance, other) and not _is_deaf(other, rival, router)
                )
            if kind is Backup or (puts_off and (self._is_put_off(instance) or self._is_put_off(rival))):
                found[other] = rival
        return found

    def _is_put_off(self, instance: Instance) -> bool:
        return self._put_off.get(instance) == instance.armed

    def _draw(self, races: list[dict[Router, Instance]]) -> None:
        """One is drawn, and is first with all its instances: what is late is the process."""
        first = self._one_of(list(races[0]))
        races = [candidates for candidates in races if first in candidates]
        last_us = max(i.role.next_deadline() or 0 for candidates in races for i in candidates.values())
        until_us = max(last_us, self._scheduler.now) + RACE_US
        for candidates in races:
            names = sorted(router.host.name for router in candidates)
            for router, instance in candidates.items():
                if router is not first:
                    self._held[router] = until_us
                    why = FOR_MASTER if type(instance.state) is Backup else FOR_ADVERT
                    args = (instance, instance.armed, names, first.host.name, why)
                    self._scheduler.at(until_us, TIMER, self._tell_if_it_mattered, *args)

    def _tell_if_it_mattered(
        self, instance: Instance, armed: int, names: list[str], drawn: str, why: str
    ) -> None:
        if instance.armed != armed:  # it heard the first one, before its own turn came
            self._tell(instance.config.name, names, drawn, why)

    def turn_to_read(self, router: Router, instance: Instance, source: str, priority: int) -> Micros:
        """When a BACKUP reads an advert: now, or, drawn by lot, on the other side of ``preempt_delay``'s end.

        Each advert leaves some 0.2 ms later than due, and the delay begins 0.8 ms after the first: an advert
        that should come at its end comes the later the more there were. Measured: with a delay of 3 adverts
        the last one still counted 6 times in 7, with 4 to 8 ten times in 36, with 20 once in 8, on a busy
        machine; here one that follows more than ten is always too late.
        """
        now, state = self._scheduler.now, instance.state
        end_us = state.preempt_from_us if isinstance(state, Backup) else None
        if end_us is None or abs(end_us - now) > RACE_US or priority >= instance.effective_priority:
            return now
        adverts = instance.config.preempt_delay_us // instance.intervals.master_adver_interval_us
        if adverts > MOST_ADVERTS_RACE:
            return now
        ours = router.host.name
        sender = next((r.host.name for r in self._routers if r is not router and r.host.has(source)), source)
        names = sorted([ours, sender])
        ratio = FEW_COUNT if adverts <= FEW else MORE_COUNT
        counts = self._chance.draw("preempt_delay", ours, instance.config.name) < ratio
        self._tell(instance.config.name, names, sender if counts else ours, FOR_DELAY)
        return min(now, end_us - 1) if counts else max(now, end_us)

    def _one_of(self, routers: list[Router]) -> Router:
        """By lot; the draw is that of these routers, in whatever order they come."""
        in_order = sorted(routers, key=_name)
        return in_order[int(self._chance.draw("first", *map(_name, in_order)) * len(in_order))]

    def _tell(self, instance: str, names: list[str], drawn: str, why: str) -> None:
        self._write(
            UndecidedEvent(self._scheduler.now, instance=instance, candidates=names, drawn=drawn, reason=why)
        )


def _name(router: Router) -> str:
    return router.host.name


def _is_deaf(router: Router, instance: Instance, to: Router) -> bool:
    """Does nothing of the other router reach this instance?

    A MASTER that hears nothing is put off by nothing and on time: the other one, which it puts off, never
    came first (measured with 2.2.7, 11 adverts).
    """
    if ("in", "vrrp") in router.host.blocked or ("out", "vrrp") in to.host.blocked:
        return True
    nic = router.host.nic_of(instance.config.interface)
    fault = nic.switch.one_way.get((to.host.name, router.host.name)) if nic else None
    return fault is not None and fault.loss >= 1


def _owned(router: Router) -> set[tuple[str, int, int]]:
    """The virtual routers, by place, VRID and family, of which it would be MASTER at once."""
    return {
        (router.meeting_place(i), i.vrid, i.family)
        for i in router.node.instances
        if i.address_owner and i.state == "MASTER"
    }
