"""One keepalived process: its instances, sync groups and track scripts, still pure.

The two drivers talk only to this: ``handle(event, now) -> actions`` and ``next_deadline()``. It sorts events
to the instances they concern and keeps the order in which the daemon does things at start, reload and stop.
What instances depend on is in ``dependencies``, what is said and tidied around them in ``startup_log``.
"""

from __future__ import annotations

from types import MappingProxyType

from vrrplab.config.model import NodeConfig
from vrrplab.errors import DropReason
from vrrplab.machine.actions import Action, AdvertisementDropped, EndProcess
from vrrplab.machine.agenda import Agenda
from vrrplab.machine.dependencies import Dependencies
from vrrplab.machine.events import (
    AddressAdded,
    AddressRemoved,
    AdvertisementReceived,
    BfdChanged,
    DelayEnded,
    Event,
    FileRead,
    InstanceStarted,
    InterfaceAdded,
    InterfaceDeleted,
    InterfaceStatus,
    InterfaceWentDown,
    InterfaceWentUp,
    ProcessesCounted,
    ReloadFinished,
    ReloadRequested,
    ScriptExited,
    Started,
    StopRequested,
    Thawed,
    TimePassed,
)
from vrrplab.machine.instance import Instance
from vrrplab.machine.process import Process
from vrrplab.machine.profiles import KEEPALIVED_227, Profile
from vrrplab.machine.reload import adopt, predecessors, resume
from vrrplab.machine.startup_log import StartupLog
from vrrplab.machine.states import Fault, Init, Master, State
from vrrplab.machine.syncgroup import SyncGroup
from vrrplab.machine.tracked_values import ProcessTracker
from vrrplab.machine.tracking import ScriptTracker
from vrrplab.units import Micros, earliest, seconds

_TIME_PASSED = TimePassed()


class Daemon:
    __slots__ = (
        "_agenda",
        "_by_vrid",
        "_delay_ends_us",
        "_depends",
        "_ends_at_us",
        "_places",
        "_process",
        "_process_places",
        "_reloading",
        "_script_places",
        "_startup",
        "_waiting",
        "config",
        "groups",
        "instances",
        "profile",
    )

    def __init__(self, config: NodeConfig, profile: Profile = KEEPALIVED_227) -> None:
        self.profile = profile
        self._process = Process(profile)
        self._delay_ends_us: Micros | None = None
        self._ends_at_us: Micros | None = None
        self._reloading = False
        self._waiting: list[Event] = []  # came while it read its configuration
        self._build(config, {})

    def _build(self, config: NodeConfig, states: dict[str, State]) -> None:
        """``states``: where instances, by name, go on after a reload."""
        self.config = config
        process = self._process
        self.instances = [Instance(c, self.profile, process, states.get(c.name)) for c in config.instances]
        by_name = {i.config.name: i for i in self.instances}
        self.groups = [SyncGroup(c, process) for c in config.sync_groups]
        for group in self.groups:
            members = [by_name[name] for name in group.config.members if name in by_name]
            group.members.extend(members)
            for member in members:
                member.group = group
        self._depends = Dependencies(self.instances, config, process)
        self._startup = StartupLog(config, self.instances, process)
        self._schedule()
        self._by_vrid: dict[tuple[str, int, int], Instance] = {}
        for i in self.instances:
            self._by_vrid.setdefault((i.config.interface, i.config.vrid, i.config.family), i)

    def _schedule(self) -> None:
        self._agenda = Agenda()
        add, depends = self._agenda.add, self._depends
        self._places = MappingProxyType({i.config.name: add(i) for i in self.instances})
        self._script_places = MappingProxyType({name: add(t) for name, t in depends.trackers.items()})
        self._process_places = tuple([add(p) for p in depends.processes.values()])

    # -- the driver's side ----------------------------------------------------------------------------------

    def handle(self, event: Event, now: Micros) -> list[Action]:
        """What to do about an event at ``now``, in order."""
        if self._reloading and not isinstance(event, ReloadFinished):
            if not isinstance(event, TimePassed):
                self._waiting.append(event)  # it is busy: signals and packets wait, as with any process
            return []
        self._react(event, now)
        while self._waiting and not self._reloading:
            self._react(self._waiting.pop(0), now)
        return self._process.take()

    def next_deadline(self) -> Micros | None:
        """When to call again with ``TimePassed``, at the latest; too early is harmless."""
        if self._ends_at_us is not None:
            return self._ends_at_us
        if self._reloading:
            return None
        due, sends_at_us = self._agenda.next_deadline(), self._process.next_deadline()
        if sends_at_us is None and self._delay_ends_us is None:
            return due
        return earliest(due, self._delay_ends_us, sends_at_us)

    def first_deadline(self) -> Micros | None:
        """When its first timer ends: not earlier, as ``next_deadline`` may have it."""
        if self._reloading or self._ends_at_us is not None:
            return self.next_deadline()
        return earliest(self._agenda.first_deadline(), self._delay_ends_us, self._process.next_deadline())

    @property
    def trackers(self) -> list[ScriptTracker]:
        """The checks that it runs."""
        return list(self._depends.trackers.values())

    def instance_of(self, interface: str, vrid: int, source: str) -> Instance | None:
        """Whom an advert with this VRID from that address concerns."""
        return self._by_vrid.get((interface, vrid, 6 if ":" in source else 4))

    def judge(self, event: AdvertisementReceived) -> tuple[Instance | None, DropReason | None]:
        """Whom an advert is for, and why it would not be used now, if so. Asking changes nothing."""
        instance = self.instance_of(event.interface, event.advertisement.vrid, event.source)
        if instance is None:
            return None, DropReason.BAD_VRID
        found = instance.reception.law.misdirected(event) or instance.objection(event)
        return instance, found.reason if found and found.fatal else None

    def only_follows(self, event: AdvertisementReceived, now: Micros) -> bool:
        """It has just heard this. Would the same again start the timer of its instance anew and do no more,
        and is there nothing else that it waits for?
        """
        if len(self.instances) != 1 or self._depends.trackers or self._depends.processes or self._reloading:
            return False
        if self._ends_at_us is not None or self._delay_ends_us is not None or self._agenda.entries != 1:
            return False
        instance = self.instances[0]
        waits = self._process.next_deadline() is not None or instance.announcer.next_deadline() is not None
        return not waits and instance.only_follows(event, now)

    def heard_again(self, event: AdvertisementReceived, times: int, last_us: Micros) -> None:
        """What it only follows was heard as often, the last time then: as many calls of ``handle`` in one."""
        self._process.skip(times - 1)
        actions = self.handle(event, last_us)
        assert not actions, actions

    def _react(self, event: Event, now: Micros) -> None:
        if self._ends_at_us is not None:
            self._linger(event, now)
            return
        match event:
            case AdvertisementReceived():
                self._received(event, now)
            case TimePassed():
                self._time_passed(now)
            case ScriptExited():
                self._script_exited(event, now)
            case FileRead(file=name, text=text):
                self._depends.file_read(name, text, now)
                self._look_at_all()
            case ProcessesCounted(process=name, count=count):
                self._depends.processes_counted(name, count, now)
                self._look_at_all()
            case BfdChanged(bfd=name, up=up):
                self._depends.bfd_changed(name, up, now)
                self._look_at_all()
            case InterfaceWentDown(interface=interface):
                self._depends.interface_changed(interface, False, now)
                self._look_at_all()
            case InterfaceWentUp(interface=interface):
                self._depends.interface_changed(interface, True, now)
                self._startup.restore_static(interface)
                self._look_at_all()
            case InterfaceDeleted(interface=interface):
                self._card_deleted(interface, now)
                self._look_at_all()
            case InterfaceAdded(interface=interface):
                self._card_added(interface, now)
                self._look_at_all()
            case AddressRemoved():
                self._depends.address_removed(event, now)
                self._look_at_all()
            case AddressAdded():
                self._depends.address_added(event, now)
                self._look_at_all()
            case Started():
                self._start(event, now)
            case StopRequested():
                self._stop(now)
            case ReloadRequested():
                self._begin_reload()
            case ReloadFinished():
                self._finish_reload(event, now)
            case Thawed(late_us=late_us):
                self._process.log("late", seconds=seconds(late_us))

    def _received(self, event: AdvertisementReceived, now: Micros) -> None:
        instance = self.instance_of(event.interface, event.advertisement.vrid, event.source)
        if instance is None:
            self._turn_away("", event, DropReason.BAD_VRID)
            return
        reception = instance.reception
        if not reception.found_fine(event) and (wrong := reception.law.misdirected(event)):
            reception.heard.rejected(event.source, wrong.reason.value)
            self._turn_away(instance.config.name, event, wrong.reason)
            return
        instance.react(event, now)
        self._look_at_group_of(instance)

    def _turn_away(self, name: str, event: AdvertisementReceived, reason: DropReason) -> None:
        dropped = AdvertisementDropped(name, event.source, event.advertisement.vrid, reason.name)
        self._process.emit(dropped)

    def _script_exited(self, event: ScriptExited, now: Micros) -> None:
        tracker = self._depends.trackers.get(event.script)
        if tracker is None:
            return
        verdict = tracker.exited(event.run, event.status, event.signal)
        self._agenda.look_at(self._script_places[event.script])
        if verdict:
            self._depends.script_changed(event.script, verdict, now)
            self._look_at_all()

    def _card_deleted(self, card: str, now: Micros) -> None:
        """Its VMACs go with it."""
        self._process.log("interface_deleted", interface=card)
        vmacs, others = self._startup.vmacs_on(card)
        self._startup.remove_vmacs(but=others)
        for vmac in vmacs:
            self._depends.interface_changed(vmac.name, False, now)
            self._process.log("interface_deleted", interface=vmac.name)
        self._startup.missing.add(card)
        self._depends.forget_base(card, now)

    def _card_added(self, card: str, now: Micros) -> None:
        """VMACs are made and sockets opened at once, before the card is up or has an address."""
        self._process.log("interface_added", interface=card)
        self._startup.missing.discard(card)
        vmacs, others = self._startup.vmacs_on(card)
        self._startup.make_vmacs(self._depends, but=others)
        for vmac in vmacs:
            self._depends.vmac_made(vmac.name, now)
        users = [i for i in self.instances if i.config.interface == card]
        if any(i.config.family == 6 and not i.config.unicast for i in users):
            self._process.log("multicast_unbound")
        for instance in users:
            if instance.config.unicast:  # only those look whether it is up already (2.2.7, measured)
                self._process.log("still_down", name=instance.config.name, interface=card)
            instance.reopen()

    def _time_passed(self, now: Micros) -> None:
        if self._delay_ends_us is not None and now >= self._delay_ends_us:
            self._delay_ends_us = None
            self._process.log("start_delay_over")
            for instance in self.instances:
                instance.react(DelayEnded(), now)
            self._look_at_all()
        while (thing := self._agenda.due(now)) is not None:
            if isinstance(thing, Instance):
                thing.react(_TIME_PASSED, now)
                self._look_at_group_of(thing)
            elif isinstance(thing, ScriptTracker):
                thing.tick(now)
                self._agenda.look_at(self._script_places[thing.config.name])
            elif isinstance(thing, ProcessTracker):
                self._depends.process_due(thing, now)
                self._look_at_all()
        self._process.tick(now)

    def _look_at_group_of(self, instance: Instance) -> None:
        if instance.group is None:
            self._agenda.look_at(self._places[instance.config.name])
            return
        for member in instance.group.members:
            self._agenda.look_at(self._places[member.config.name])

    def _look_at_all(self) -> None:
        for place in (*self._places.values(), *self._process_places):
            self._agenda.look_at(place)

    # -- start and stop -------------------------------------------------------------------------------------

    def _start(self, event: Started, now: Micros) -> None:
        self._process.rp_filter = event.rp_filter
        self._depends.interfaces = dict(event.interfaces)
        self._find_tracked(event)
        delay_us = self.config.global_defs.startup_delay_us
        if delay_us:
            self._delay_ends_us = now + delay_us
            self._process.log("start_delay", seconds=seconds(delay_us))
        self._startup.missing = _missing(event.interfaces)
        for name in (n for n in self.config.interfaces if n in self._startup.missing):
            self._process.log("interface_awaited", interface=name)
        self._startup.say_configuration(event.missing_scripts, self._depends, vmacs=None)
        self._drop(event.missing_scripts | event.refused_scripts)
        there = set(event.interfaces)
        self._startup.add_static(self.config)
        begins = self._begins()
        self._startup.say_tracked(begins, self._depends)
        self._startup.tidy(there)
        self._startup.say_unbound(begins)
        for group in self.groups:
            group.begin()
            if group.state in ("FAULT", "BACKUP"):
                group.notify()
        for instance in self.instances:
            instance.react(begins[instance.config.name], now)
        self._look_at_all()
        self._start_scripts(now)

    def _find_tracked(self, event: Started | ReloadFinished) -> None:
        self._depends.find(event.tracked)
        self._schedule()

    def _begins(self) -> dict[str, InstanceStarted]:
        delay_ends_us = self._delay_ends_us or 0
        return {i.config.name: self._depends.begin(i, delay_ends_us) for i in self.instances}

    def _drop(self, unusable: frozenset[str]) -> None:
        # keepalived: a check that cannot be started is switched off, the instance runs without it
        for script in unusable:
            self._depends.trackers.pop(script, None)

    def _start_scripts(self, now: Micros) -> None:
        for name, tracker in self._depends.trackers.items():
            tracker.start(now)
            self._agenda.look_at(self._script_places[name])

    def _stop(self, now: Micros) -> None:
        self._process.log("stopping")
        for instance in self.instances:
            instance.react(StopRequested(), now)
        for group in self.groups:
            group.stop()
        self._startup.remove_static(self.config)
        self._ends_at_us = now + self.profile.stop_takes_us

    def _linger(self, event: Event, now: Micros) -> None:
        if isinstance(event, TimePassed) and self._ends_at_us is not None and now >= self._ends_at_us:
            self._startup.restore_rp_filter()
            self._startup.remove_vmacs()
            self._process.emit(EndProcess())

    # -- reload ---------------------------------------------------------------------------------------------

    def _begin_reload(self) -> None:
        self._process.log("reloading_parent")
        self._process.log("reloading")
        for instance in self.instances:
            if isinstance(instance.state, Master):
                # measured: one more advert with the old configuration (recordings reload_*)
                instance.voice.advertise(instance.effective_priority)
        self._reloading = True

    def _finish_reload(self, event: ReloadFinished, now: Micros) -> None:
        self._reloading = False
        self._process.forget_announcements()
        self._startup.remove_static(self.config, but=event.config)
        old_trackers, old_startup, old_instances = self._depends.trackers, self._startup, self.instances
        interfaces = dict(event.interfaces or self._depends.interfaces)
        before = predecessors(event.config.instances, old_instances, interfaces)
        self._build(event.config, {name: old.state for name, old in before.items()})
        self._depends.interfaces = interfaces
        self._find_tracked(event)
        for name, tracker in self._depends.trackers.items():
            if name in old_trackers:
                tracker.adopt(old_trackers[name])
            else:
                tracker.phase = "reload"
        self._startup.missing = _missing(interfaces)
        self._startup.say_configuration(event.missing_scripts, self._depends, old_startup.vmacs)
        self._startup.add_static(self.config)
        self._drop(event.missing_scripts | event.refused_scripts)
        begins = self._begins()
        for old in old_instances:
            if old not in before.values():
                old.react(StopRequested(), now)
        old_startup.remove_vmacs(but=self._startup.vmacs)
        # afterwards: one may bear the name of one that goes
        self._startup.make_vmacs(self._depends, but=old_startup.vmacs)
        self._startup.say_tracked(begins, self._depends)
        fresh = [i for i in self.instances if not self._continues(i, before, begins[i.config.name], now)]
        for group in self.groups:
            group.begin()
        self._process.log("reloaded")
        self._startup.tidy(set(interfaces), reload=True)
        for instance in self.instances:
            if instance in fresh:
                instance.react(begins[instance.config.name], now)
            else:
                resume(instance, begins[instance.config.name], now)
        self._schedule()  # anew: deadlines of before may have passed while it was busy
        self._start_scripts(now)

    def _continues(
        self, instance: Instance, before: dict[str, Instance], begin: InstanceStarted, now: Micros
    ) -> bool:
        """Take over from the instance of before the reload; False if this one has to start anew."""
        old = before.get(instance.config.name)
        if old is None or isinstance(old.state, Init | Fault):
            if not instance.config.address_owner:
                instance.wanted = "BACKUP"  # 2.2.7, measured: only at a start does ``state MASTER`` count
            return False
        adopt(instance, old, begin.priority_shift, now)
        return True


def _missing(interfaces: dict[str, InterfaceStatus]) -> set[str]:
    """Interfaces that are known to be nowhere on the host."""
    return {name for name, status in interfaces.items() if not status.exists}
