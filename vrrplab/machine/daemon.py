"""One keepalived process: its instances, sync groups and track scripts, still pure.

The two drivers talk only to this: ``handle(event, now) -> actions`` and ``next_deadline()``. It sorts events
to the instances they concern (which interface is tracked by whom, which VRID is ours) and keeps the order
in which the daemon does and logs things at start, reload and stop.
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig, NodeConfig, ScriptConfig
from vrrplab.errors import DropReason
from vrrplab.machine.actions import (
    Action,
    AdvertisementDropped,
    CreateVmac,
    EndProcess,
    RemoveAddresses,
    RemoveVmac,
    WriteLog,
)
from vrrplab.machine.agenda import Agenda
from vrrplab.machine.beginnings import adopt, resume
from vrrplab.machine.events import (
    AddressAdded,
    AddressRemoved,
    AdvertisementReceived,
    DelayEnded,
    Event,
    InstanceStarted,
    InterfaceStatus,
    InterfaceWentDown,
    InterfaceWentUp,
    ReloadFinished,
    ReloadRequested,
    ScriptExited,
    Started,
    StopRequested,
    Thawed,
    TimePassed,
    TrackedObjectFailed,
    TrackedObjectRecovered,
    VirtualAddressRemoved,
    WeightChanged,
)
from vrrplab.machine.instance import Instance
from vrrplab.machine.profiles import KEEPALIVED_227, Profile
from vrrplab.machine.states import Fault, Init, Master
from vrrplab.machine.surroundings import Surroundings
from vrrplab.machine.syncgroup import SyncGroup
from vrrplab.machine.tracking import ScriptTracker, Verdict
from vrrplab.machine.wording import say
from vrrplab.units import SECOND_US, Micros, seconds

STOP_TAKES_US = SECOND_US  # keepalived lingers so that its IGMP leave gets out (measured: 1.02 s)


class Daemon:
    def __init__(self, config: NodeConfig, profile: Profile = KEEPALIVED_227) -> None:
        self.config = config
        self.profile = profile
        self._around = Surroundings(profile)
        self._interfaces: dict[str, InterfaceStatus] = {}
        self._delay_ends_us: Micros | None = None
        self._ends_at_us: Micros | None = None
        self._reloading = False
        self._build(config)

    def _build(self, config: NodeConfig) -> None:
        self.config = config
        self._agenda = Agenda()
        around = self._around
        self.instances = [Instance(c, self.profile, around) for c in config.instances]
        by_name = {i.config.name: i for i in self.instances}
        self.groups = [SyncGroup(c, around) for c in config.sync_groups]
        for group in self.groups:
            group.members = [by_name[name] for name in group.config.members if name in by_name]
            for member in group.members:
                member.group = group
        self._trackers = {s.name: ScriptTracker(s, around) for s in config.scripts if self._is_tracked(s)}
        self._shifts: dict[tuple[str, str], int] = {}  # (instance, tracked thing) -> its part of the priority
        self._places = {i.config.name: self._agenda.add(i) for i in self.instances}
        self._script_places = {name: self._agenda.add(t) for name, t in self._trackers.items()}
        self._by_vrid: dict[tuple[str, int, int], Instance] = {}
        for i in self.instances:
            self._by_vrid.setdefault((i.config.interface, i.config.vrid, i.config.family), i)

    # -- the driver's side ----------------------------------------------------------------------------------

    def handle(self, event: Event, now: Micros) -> list[Action]:
        """What to do about an event at ``now``, in order."""
        if self._ends_at_us is not None:
            self._linger(event, now)
        elif self._reloading and not isinstance(event, ReloadFinished):
            pass  # busy reading its configuration
        else:
            self._react(event, now)
        return self._around.take()

    def next_deadline(self) -> Micros | None:
        """When to call again with ``TimePassed``, at the latest; too early is harmless."""
        if self._ends_at_us is not None:
            return self._ends_at_us
        if self._reloading:
            return None
        due = [self._agenda.next_deadline(), self._delay_ends_us, self._around.next_deadline()]
        return min((t for t in due if t is not None), default=None)

    def _emit(self, action: Action) -> None:
        self._around.emit(action)

    def _react(self, event: Event, now: Micros) -> None:
        match event:
            case AdvertisementReceived():
                self._received(event, now)
            case TimePassed():
                self._time_passed(now)
            case ScriptExited(script=script):
                if script in self._trackers:
                    verdict = self._trackers[script].exited(event.run, event.status, event.signal)
                    self._agenda.look_at(self._script_places[script])
                    if verdict:
                        self._apply(script, verdict, now)
            case InterfaceWentDown(interface=interface):
                self._interface_changed(interface, False, now)
            case InterfaceWentUp(interface=interface):
                self._interface_changed(interface, True, now)
            case AddressRemoved():
                self._address_removed(event, now)
            case AddressAdded():
                self._address_added(event, now)
            case Started():
                self._start(event, now)
            case StopRequested():
                self._stop(now)
            case ReloadRequested():
                self._begin_reload(now)
            case ReloadFinished():
                self._finish_reload(event, now)
            case Thawed(late_us=late_us):
                self._log("late", seconds=seconds(late_us))

    def _received(self, event: AdvertisementReceived, now: Micros) -> None:
        advert = event.advertisement
        family = 6 if ":" in event.source else 4
        instance = self._by_vrid.get((event.interface, advert.vrid, family))
        if instance is None:
            self._emit(AdvertisementDropped("", event.source, advert.vrid, DropReason.BAD_VRID.name))
            return
        config = instance.config
        # These never reach the instance: keepalived has a socket each for AH, unicast and multicast.
        expects_ah = config.authentication is not None and config.authentication.kind == "AH"
        group = instance.voice.multicast_group
        came_multicast = event.destination == group or event.destination.startswith("ff")
        wrong = None
        if expects_ah != (event.sequence is not None):
            wrong = DropReason.BAD_AUTH_TYPE
        elif config.unicast == came_multicast:
            wrong = DropReason.UNICAST_MISMATCH
        if wrong:
            self._emit(AdvertisementDropped(config.name, event.source, advert.vrid, wrong.name))
            return
        instance.react(event, now)
        self._look_at_all_of(instance)

    def _time_passed(self, now: Micros) -> None:
        if self._delay_ends_us is not None and now >= self._delay_ends_us:
            self._delay_ends_us = None
            self._log("start_delay_over")
            for instance in self.instances:
                instance.react(DelayEnded(), now)
                self._look_at_all_of(instance)
        while (thing := self._agenda.due(now)) is not None:
            if isinstance(thing, Instance):
                thing.react(TimePassed(), now)
                self._look_at_all_of(thing)
            elif isinstance(thing, ScriptTracker):
                thing.tick(now)
                self._agenda.look_at(self._script_places[thing.config.name])
        self._around.tick(now)

    def _look_at_all_of(self, instance: Instance) -> None:
        members = instance.group.members if instance.group else (instance,)
        for member in members:
            self._agenda.look_at(self._places[member.config.name])

    # -- tracked interfaces, addresses, scripts -------------------------------------------------------------

    def _interface_changed(self, name: str, up: bool, now: Micros) -> None:
        status = self._interfaces.setdefault(name, InterfaceStatus(up=not up))
        if status.up == up:
            return
        status.up = up
        concerned = [i for i in self.instances if name == i.config.interface or _tracked(i.config, name)]
        if not concerned:
            return
        self._log("interface", interface=name, state="up" if up else "down")
        for instance in concerned:
            weight, reverse = _interface_weight(instance.config, name)
            if weight is None:
                continue
            why = f"interface {name} is {'up again' if up else 'down'}"
            if weight:
                self._shift(instance, f"interface {name}", _share(weight, reverse, up), why, now)
            elif up != reverse:
                instance.react(TrackedObjectRecovered(f"interface {name}", why), now)
            else:
                instance.react(TrackedObjectFailed(f"interface {name}", why), now)
            self._look_at_all_of(instance)

    def _address_removed(self, event: AddressRemoved, now: Micros) -> None:
        status = self._interfaces.get(event.interface)
        family = 6 if ":" in event.address else 4
        if status and event.address in status.addresses:
            was_primary = event.address == status.primary(family)
            status.addresses = tuple(a for a in status.addresses if a != event.address)
            if was_primary:
                self._primary_changed(event.interface, family, event.address, now)
            return
        for instance in self.instances:
            if isinstance(instance.state, Master) and _has_address(instance.config, event.address):
                self._log("address_gone", address=event.address, interface=event.interface)
                instance.react(VirtualAddressRemoved(event.address), now)
                self._look_at_all_of(instance)

    def _primary_changed(self, interface: str, family: int, gone: str, now: Micros) -> None:
        new = self._interfaces[interface].primary(family)
        users = [i for i in self.instances if i.config.interface == interface and i.config.family == family]
        if not new and users:
            self._log("deassigned", address=gone, interface=interface)
        for instance in users:
            if instance.config.unicast_source or instance.config.multicast_source:
                continue
            if new:
                instance.voice.source = new
                continue
            instance.react(TrackedObjectFailed("address", f"{interface} has lost its address {gone}"), now)
            instance.voice.source = ""
            self._look_at_all_of(instance)

    def _address_added(self, event: AddressAdded, now: Micros) -> None:
        status = self._interfaces.setdefault(event.interface, InterfaceStatus())
        family = 6 if ":" in event.address else 4
        if any(_has_address(i.config, event.address) for i in self.instances):
            return  # one of the virtual addresses
        had = status.primary(family)
        status.addresses = (*status.addresses, event.address)
        if had or status.primary(family) != event.address:
            return
        users = [i for i in self.instances if i.config.interface == event.interface]
        if users:
            self._log("assigned", address=event.address, interface=event.interface)
        for instance in users:
            if instance.config.family == family and not instance.voice.source:
                instance.voice.source = event.address
                why = f"{event.interface} has an address again ({event.address})"
                instance.react(TrackedObjectRecovered("address", why), now)
                self._look_at_all_of(instance)

    def _apply(self, script: str, verdict: Verdict, now: Micros) -> None:
        """A script changed sides: tell every instance that tracks it, itself or through its group."""
        for instance in self.instances:
            for weight, reverse in _script_weights(instance, script):
                passed = verdict.passed
                if weight:
                    self._shift(
                        instance, f"script {script}", _share(weight, reverse, passed), verdict.why, now
                    )
                elif passed != reverse:
                    if not verdict.reloading:
                        event = TrackedObjectRecovered(f"script {script}", verdict.why, verdict.first)
                        instance.react(event, now)
                else:
                    instance.react(TrackedObjectFailed(f"script {script}", verdict.why), now)
                self._look_at_all_of(instance)

    def _shift(self, instance: Instance, thing: str, share: int, why: str, now: Micros) -> None:
        key = (instance.config.name, thing)
        change = share - self._shifts.get(key, 0)
        self._shifts[key] = share
        if change:
            instance.react(WeightChanged(change, why), now)

    # -- start, reload, stop --------------------------------------------------------------------------------

    def _start(self, event: Started, now: Micros) -> None:
        self._interfaces = event.interfaces
        delay_us = self.config.global_defs.startup_delay_us
        if delay_us:
            self._delay_ends_us = now + delay_us
            self._log("start_delay", seconds=seconds(delay_us))
        self._say_configuration(event.missing_scripts)
        self._drop_missing(event.missing_scripts)
        for instance in self.instances:
            self._make_vmac(instance.config)
        begins = {i.config.name: self._begin(i) for i in self.instances}
        self._say_faults(begins)
        for _ in range(self.profile.removes_addresses_at_start):
            for instance in self.instances:
                self._tidy(instance.config)
        for group in self.groups:
            group.begin()
            if group.state in ("FAULT", "BACKUP"):
                group.notify()
        for instance in self.instances:
            instance.react(begins[instance.config.name], now)
            self._look_at_all_of(instance)
        self._start_scripts(now)

    def _begin(self, instance: Instance) -> InstanceStarted:
        """How things stand for an instance at the start, and what its group has to know of it."""
        config = instance.config
        begin = InstanceStarted(source=self._source_of(config), delayed_until_us=self._delay_ends_us or 0)
        for name in [config.interface] + [t.name for t in config.track_interfaces]:
            weight, reverse = _interface_weight(config, name)
            up = self._interfaces.get(name, InterfaceStatus()).up
            if weight:
                share = self._shifts[(config.name, f"interface {name}")] = _share(weight, reverse, up)
                begin.priority_shift += share
            elif weight == 0 and up == reverse:
                begin.faults[f"interface {name}"] = f"interface {name} is {'up' if up else 'down'}"
        if not begin.source:
            begin.faults["address"] = f"{config.interface} has no IPv{config.family} address"
        waits = set()
        for script, tracker in self._trackers.items():
            for weight, reverse in _script_weights(instance, script):
                if tracker.phase == "done" and weight:
                    share = self._shifts[(config.name, f"script {script}")] = _share(
                        weight, reverse, tracker.is_up
                    )
                    begin.priority_shift += share
                elif tracker.phase == "done" and tracker.is_up == reverse:
                    begin.faults[f"script {script}"] = f"script {script} is failing"
                elif tracker.phase == "init" and not weight:
                    waits.add(f"script {script}")
        begin.waits_for = frozenset(waits)
        if instance.group:
            if begin.faults:
                instance.group.in_fault.add(config.name)
            if begin.waits_for:
                instance.group.waiting.add(config.name)
        return begin

    def _source_of(self, config: InstanceConfig) -> str:
        status = self._interfaces.get(config.interface, InterfaceStatus())
        return config.unicast_source or config.multicast_source or status.primary(config.family)

    def _say_configuration(self, missing: frozenset[str]) -> None:
        said_late = "Warning - script"  # keepalived finds out about unused scripts last
        for warning in self.config.warnings:
            if warning.log and not warning.log.startswith(said_late):
                self._emit(WriteLog(warning.log))
        for script in sorted(missing):
            self._log("script_missing", script=script)
        for interface in dict.fromkeys(i.config.interface for i in self.instances):
            status = self._interfaces.get(interface, InterfaceStatus())
            for family in (4, 6):
                if status.primary(family):
                    self._log("assigned", address=status.primary(family), interface=interface)
        for warning in self.config.warnings:
            if warning.log.startswith(said_late):
                self._emit(WriteLog(warning.log))

    def _say_faults(self, begins: dict[str, InstanceStarted]) -> None:
        for instance in self.instances:
            begin, name = begins[instance.config.name], instance.config.name
            for cause in begin.faults:
                if cause.startswith("interface "):
                    self._log("start_fault_interface", name=name, interface=cause.removeprefix("interface "))
            if "address" in begin.faults:
                self._log("start_fault_address", name=name, family=instance.config.family)
        for instance in self.instances:
            group = instance.group
            if begins[instance.config.name].faults and group and group.state != "FAULT":
                group.state = "FAULT"
                self._log("group_start_fault", group=group.config.name, name=instance.config.name)
        for instance in self.instances:
            if begins[instance.config.name].faults or (instance.group and instance.group.state == "FAULT"):
                self._log("start_fault", name=instance.config.name)

    def _drop_missing(self, missing: frozenset[str]) -> None:
        # keepalived: a check whose file is not there is switched off, the instance runs without it
        for script in missing:
            self._trackers.pop(script, None)

    def _make_vmac(self, config: InstanceConfig) -> None:
        if config.use_vmac:
            self._emit(CreateVmac(config.name, config.use_vmac, config.interface, config.vrid, config.family))
            self._log("vmac_created", name=config.name, interface=config.use_vmac)

    def _tidy(self, config: InstanceConfig) -> None:
        if config.use_vmac:
            return  # its interface has only just been made
        if config.virtual_addresses:
            self._log("removing_vips", name=config.name)
            self._emit(RemoveAddresses(config.name, config.virtual_addresses, quiet=True))
        if config.excluded_addresses:
            self._log("removing_evips", name=config.name)
            self._emit(RemoveAddresses(config.name, config.excluded_addresses, quiet=True))
        if not config.accept:
            self._log("accept_restore", name=config.name)

    def _start_scripts(self, now: Micros) -> None:
        for name, tracker in self._trackers.items():
            tracker.start(now)
            self._agenda.look_at(self._script_places[name])

    def _stop(self, now: Micros) -> None:
        self._log("stopping")
        for instance in self.instances:
            instance.react(StopRequested(), now)
        for group in self.groups:
            group.stop()
        self._ends_at_us = now + STOP_TAKES_US

    def _linger(self, event: Event, now: Micros) -> None:
        if isinstance(event, TimePassed) and self._ends_at_us is not None and now >= self._ends_at_us:
            for instance in self.instances:
                config = instance.config
                if config.use_vmac:
                    self._emit(RemoveVmac(config.name, config.use_vmac))
                    self._log("vmac_removed", name=config.name, interface=config.use_vmac)
            self._emit(EndProcess())

    def _begin_reload(self, now: Micros) -> None:
        self._log("reloading_parent")
        self._log("reloading")
        for instance in self.instances:
            if isinstance(instance.state, Master):
                # measured: one more advert with the old configuration (recordings reload_*)
                instance.voice.advertise(instance.effective_priority)
        self._reloading = True

    def _finish_reload(self, event: ReloadFinished, now: Micros) -> None:
        self._reloading = False
        old_instances = {_identity(i.config): i for i in self.instances}
        old_trackers = self._trackers
        self._interfaces = event.interfaces or self._interfaces
        self._build(event.config)
        for name, tracker in self._trackers.items():
            if name in old_trackers:
                tracker.adopt(old_trackers[name])
            else:
                tracker.phase = "reload"
        self._say_configuration(event.missing_scripts)
        self._drop_missing(event.missing_scripts)
        begins = {i.config.name: self._begin(i) for i in self.instances}
        kept = {_identity(i.config) for i in self.instances}
        for identity, old in old_instances.items():
            if identity not in kept:
                old.react(StopRequested(), now)
        fresh: list[Instance] = []
        for instance in self.instances:
            before = old_instances.get(_identity(instance.config))
            begin = begins[instance.config.name]
            if before is None or begin.faults or isinstance(before.state, Init | Fault):
                if before is not None:
                    instance.state = before.state
                fresh.append(instance)
            else:
                adopt(instance, before, begin.priority_shift, now)
        for group in self.groups:
            group.begin()
            if group.members and all(isinstance(m.state, Master) for m in group.members):
                group.state = "MASTER"
        self._log("reloaded")
        for instance in self.instances:
            if instance in fresh:
                instance.react(begins[instance.config.name], now)
            else:
                resume(instance, now)
            self._look_at_all_of(instance)
        self._start_scripts(now)

    # -- helpers --------------------------------------------------------------------------------------------

    def _is_tracked(self, script: ScriptConfig) -> bool:
        return any(_script_weights(instance, script.name) for instance in self.instances)

    def _log(self, key: str, **values: object) -> None:
        line = say(self.profile.wording, key, **values)
        if line:
            self._emit(WriteLog(line))


def _identity(config: InstanceConfig) -> tuple[str, str, int, int]:
    return config.name, config.interface, config.vrid, config.family


def _tracked(config: InstanceConfig, interface: str) -> bool:
    return any(t.name == interface for t in config.track_interfaces)


def _interface_weight(config: InstanceConfig, interface: str) -> tuple[int | None, bool]:
    """(weight, reverse) with which an instance tracks an interface; weight None: it does not."""
    for tracked in config.track_interfaces:
        if tracked.name == interface and interface != config.interface:
            return tracked.weight, tracked.reverse
    if interface == config.interface and not config.dont_track_primary:
        return 0, False
    return None, False


def _script_weights(instance: Instance, script: str) -> list[tuple[int, bool]]:
    tracked = [t for t in instance.config.track_scripts if t.name == script]
    if instance.group:
        tracked += [t for t in instance.group.config.track_scripts if t.name == script]
    return [(t.weight, t.reverse) for t in tracked]


def _share(weight: int, reverse: bool, good: bool) -> int:
    """What a tracked thing adds to the priority: a positive weight while good, a negative one while bad."""
    counts = good if weight > 0 else not good
    return (-weight if reverse else weight) if counts else 0


def _has_address(config: InstanceConfig, address: str) -> bool:
    return any(a.address == address for a in config.virtual_addresses + config.excluded_addresses)
