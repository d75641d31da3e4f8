"""What the instances of one process depend on: interfaces, addresses, scripts, files, processes, sessions.

It keeps what is known of them and tells every instance that is concerned: a fault, a recovery, or a change
of priority where the tracked thing has a weight (keepalived.conf(5): track_interface, track_script,
track_file, track_process, track_bfd).
"""

from __future__ import annotations

from dataclasses import replace

from vrrplab.config.model import FAULT_WORTH, NodeConfig, SyncGroupConfig, TrackedObject
from vrrplab.machine.events import (
    AddressAdded,
    AddressRemoved,
    InstanceStarted,
    InterfaceStatus,
    TrackedObjectFailed,
    TrackedObjectRecovered,
    TrackedValues,
    VirtualAddressRemoved,
    WeightChanged,
)
from vrrplab.machine.instance import Instance
from vrrplab.machine.process import Process
from vrrplab.machine.states import Master
from vrrplab.machine.tracked_values import BfdTracker, FileTracker, ProcessTracker, share_of
from vrrplab.machine.tracking import ScriptTracker, ScriptVerdict
from vrrplab.machine.weights import (
    BFDS,
    FILES,
    PROCESSES,
    SCRIPTS,
    Tracked,
    both,
    interface_weight,
    interfaces_of,
    merged,
    points,
    process_entries,
)
from vrrplab.units import Micros

ADDRESS = "address"
SOURCE, VMAC = "source address", "VMAC"  # faults from the start that only a new start ends


class Dependencies:
    __slots__ = (
        "_bfds",
        "_config",
        "_files",
        "_instances",
        "_process",
        "_profile",
        "_shifts",
        "interfaces",
        "processes",
        "trackers",
    )

    def __init__(self, instances: list[Instance], config: NodeConfig, process: Process) -> None:
        self._instances = instances
        self._profile = process.profile
        self.interfaces: dict[str, InterfaceStatus] = {}
        tracked = {t.name for i in instances for part in _both(i, SCRIPTS) for t in part}
        self.trackers = {s.name: ScriptTracker(s, process) for s in config.scripts if s.name in tracked}
        self._config = config
        self._process = process
        self._files: dict[str, FileTracker] = {}
        self.processes: dict[str, ProcessTracker] = {}
        self._bfds: dict[str, BfdTracker] = {}
        self._shifts: dict[tuple[str, str], int] = {}  # (instance, tracked thing) -> its part of the priority

    def find(self, values: TrackedValues) -> None:
        """How files, processes and sessions stand, before the instances begin."""
        config, process = self._config, self._process
        if config.files:
            files = values.files
            self._files = {f.name: FileTracker(f, process, files.get(f.name)) for f in config.files}
        if config.processes:
            counts = values.processes
            self.processes = {
                p.name: ProcessTracker(p, process, counts.get(p.name)) for p in config.processes
            }
        if config.bfds:
            self._bfds = {b.name: BfdTracker(b, b.name not in values.bfds_down) for b in config.bfds}

    # -- how things stand -------------------------------------------------------------------------

    def status(self, interface: str) -> InterfaceStatus:
        """What is known of an interface; one never mentioned counts as up, without addresses."""
        return self.interfaces.get(interface, InterfaceStatus())

    def _watched(self, instance: Instance) -> list[str]:
        """What an instance depends on; with a macvlan the card that it is on (2.2.7, measured)."""
        names, base = _interfaces(instance), self.status(instance.config.interface).base
        return [*names, base] if base and base not in names else names

    def _weight(self, instance: Instance, name: str) -> tuple[int | None, bool]:
        is_base = name not in _interfaces(instance)
        return _interface_weight(instance, instance.config.interface if is_base else name)

    def begin(self, instance: Instance, delayed_until_us: Micros) -> InstanceStarted:
        """How things stand for an instance at its start; its sync group is told too."""
        config = instance.config
        source = config.unicast_source or config.multicast_source
        source = source or self.status(config.interface).primary(config.family)
        if config.use_vmac:  # made a moment ago, unless the driver knew it already
            self.interfaces.setdefault(config.use_vmac, InterfaceStatus(self.status(config.interface).up))
        begin = InstanceStarted(source=source, delayed_until_us=delayed_until_us)
        for name in self._watched(instance):
            weight, reverse = self._weight(instance, name)
            up = self.status(name).up
            if weight:
                share = self._note(instance, f"interface {name}", points(weight, reverse, up))
                _count(begin, share, f"interface {name} is {'up' if up else 'down'}")
            elif weight == 0 and up == reverse:
                begin.faults[f"interface {name}"] = f"interface {name} is {'up' if up else 'down'}"
        if config.config_fault:
            begin.faults["configuration"] = config.config_fault
        if not begin.source:
            begin.faults[ADDRESS] = f"{config.interface} has no IPv{config.family} address"
            if config.use_vmac and config.family == 6 and not self._profile.late_address_for_vmac:
                begin.faults[VMAC] = f"there was no IPv6 address when {config.use_vmac} was made"
        bound = config.unicast_source if self._profile.binds_unicast_source else ""
        if bound and not any(bound in status.addresses for status in self.interfaces.values()):
            begin.faults[SOURCE] = f"no interface has its source address {bound}"
        elif bound and any(bound in status.tentative for status in self.interfaces.values()):
            begin.faults[SOURCE] = f"its source address {bound} is still checked for duplicates"
        waits = []
        for script, tracker in self.trackers.items():
            cause = f"script {script}"
            for one in merged(*_both(instance, SCRIPTS), script):
                weight, reverse = one.weight, one.reverse
                if tracker.phase == "done" and weight:
                    # keepalived: a reload counts it as if there were no ``reverse`` (reload_reverse)
                    share = points(weight, False, tracker.is_up)
                    _count(begin, share, f"{cause} is {'well' if tracker.is_up else 'failing'}")
                    self._note(instance, cause, points(weight, reverse, tracker.is_up))
                elif tracker.phase == "done" and tracker.is_up == reverse:
                    begin.faults[cause] = f"script {script} is failing"
                elif tracker.phase == "init" and not weight:
                    # keepalived counts every entry without weight, and a first result once: the same script
                    # in a group and its member keeps it waiting (recording group_and_instance_script_plain)
                    entries = [t for part in _both(instance, SCRIPTS) for t in part if t.name == script]
                    waits += [cause] * sum(not t.weight for t in entries)
        for cause, file, one in self._files_of(instance):
            worth = share_of(one, file.value)
            _count(begin, self._note(instance, cause, worth or 0), file.why(one))
            if worth is None:
                begin.faults[cause] = file.why(one)
        for cause, thing, one in self._judged_of(instance):
            if one.weight:
                share = points(one.weight, one.reverse, thing.good)
                _count(begin, self._note(instance, cause, share), thing.why())
            elif thing.good == one.reverse:
                begin.faults[cause] = thing.why()
        begin.waits_for = tuple(waits)
        if instance.group:
            if begin.faults:
                instance.group.in_fault.add(config.name)
            if begin.waits_for:
                instance.group.waiting.add(config.name)
        return begin

    def _files_of(self, instance: Instance) -> list[tuple[str, FileTracker, TrackedObject]]:
        """The files that an instance tracks, each with its cause and its weight there."""
        return [
            (f"track_file {name}", file, one)
            for name, file in self._files.items()
            for one in merged(*_both(instance, FILES), name)
        ]

    def _judged_of(self, instance: Instance) -> list[tuple[str, ProcessTracker | BfdTracker, TrackedObject]]:
        """The same of processes and sessions, which are good or not."""
        found: list[tuple[str, ProcessTracker | BfdTracker, TrackedObject]] = []
        for name, process in self.processes.items():
            for one in process_entries(*_both(instance, PROCESSES), name):
                found.append((f"track_process {name}", process, one))
        for name, session in self._bfds.items():
            found += [(f"track_bfd {name}", session, one) for one in merged(*_both(instance, BFDS), name)]
        return found

    def say_broken(self) -> None:
        """What files and processes keep from starting, in the daemon's order: of each file all instances."""
        for name, file in self._files.items():
            for instance in self._instances:
                for one in merged(*_both(instance, FILES), name):
                    status, who = one.worth(file.value), instance.config.name
                    if status <= FAULT_WORTH:
                        self._process.log("start_fault_file", name=who, file=name, status=status)
        for name, process in self.processes.items():
            for instance in self._instances:
                for cause, _, one in self._judged_of(instance):
                    if cause == f"track_process {name}" and not one.weight and process.good == one.reverse:
                        self._process.log("start_fault_process", name=instance.config.name, process=name)

    def _note(self, instance: Instance, thing: str, share: int) -> int:
        self._shifts[(instance.config.name, thing)] = share
        return share

    # -- interfaces and scripts -------------------------------------------------------------------

    def interface_changed(self, name: str, up: bool, now: Micros) -> None:
        status = self.interfaces.setdefault(name, InterfaceStatus(up=not up))
        if status.up == up:
            return
        self.interfaces[name] = replace(status, up=up)
        concerned = [i for i in self._instances if name in self._watched(i)]
        if not concerned:
            return
        self._process.log("interface", interface=name, state="up" if up else "down")
        for instance in concerned:
            weight, reverse = self._weight(instance, name)
            if weight is None:
                continue
            why = f"interface {name} is {'up again' if up else 'down'}"
            if weight:
                self._shift(instance, f"interface {name}", points(weight, reverse, up), why, now)
            elif up != reverse:
                instance.react(TrackedObjectRecovered(f"interface {name}", why), now)
            else:
                instance.react(TrackedObjectFailed(f"interface {name}", why), now)

    def forget_base(self, card: str, now: Micros) -> None:
        """A macvlan is gone: one of that name that comes is not known to be one (2.2.7, measured)."""
        status = self.interfaces.setdefault(card, InterfaceStatus(up=False))
        base, self.interfaces[card] = status.base, replace(status, base="")
        for instance in self._users(card) if base else ():
            if base not in _interfaces(instance):
                instance.react(TrackedObjectRecovered(f"interface {base}", f"{card} is gone"), now)

    def vmac_made(self, name: str, now: Micros) -> None:
        """On a card that was added a moment ago: it has no address yet (as in ``begin``)."""
        self.interface_changed(name, True, now)
        for instance in self._instances:
            config = instance.config
            if config.use_vmac == name and config.family == 6 and not self._profile.late_address_for_vmac:
                why = f"there was no IPv6 address when {name} was made"
                instance.react(TrackedObjectFailed(VMAC, why), now)

    def script_changed(self, script: str, verdict: ScriptVerdict, now: Micros) -> None:
        """A script changed sides: tell every instance that tracks it, itself or through its group."""
        cause, passed, why = f"script {script}", verdict.passed, verdict.why
        for instance in self._instances:
            for one in merged(*_both(instance, SCRIPTS), script):
                if one.weight:
                    self._shift(instance, cause, points(one.weight, one.reverse, passed), why, now)
                elif passed == one.reverse:
                    instance.react(TrackedObjectFailed(cause, why, verdict.first), now)
                elif not verdict.reloading:
                    instance.react(TrackedObjectRecovered(cause, why, verdict.first), now)

    # -- files, processes, BFD sessions ------------------------------------------------------------

    def file_read(self, name: str, text: str | None, now: Micros) -> None:
        file = self._files.get(name)
        if file is None:
            return
        before = file.value
        file.read(text)
        for instance in self._instances if file.value != before else ():
            for cause, changed, one in self._files_of(instance):
                if changed is file:
                    self._revalued(instance, cause, file, one, before, now)

    def _revalued(
        self,
        instance: Instance,
        cause: str,
        file: FileTracker,
        tracked: TrackedObject,
        before: int,
        now: Micros,
    ) -> None:
        old, new, why = share_of(tracked, before), share_of(tracked, file.value), file.why(tracked)
        names = {"name": instance.config.name, "file": file.config.name}
        if old == new:
            return
        if new is None:
            self._process.log("file_fault", **names)
            self._note(instance, cause, 0)
            instance.react(TrackedObjectFailed(cause, why, shift=-(old or 0)), now)
        elif old is None:
            self._process.log("file_well", **names)
            self._note(instance, cause, new)
            instance.react(TrackedObjectRecovered(cause, why, shift=new), now)
        else:
            self._shift(instance, cause, new, why, now)

    def processes_counted(self, name: str, count: int, now: Micros) -> None:
        process = self.processes.get(name)
        for good in process.counted(count, now) if process else ():
            self._quorum_changed(name, good, now)

    def process_due(self, process: ProcessTracker, now: Micros) -> None:
        """The time for which missing processes were forgiven is over."""
        for good in process.decide():
            self._quorum_changed(process.config.name, good, now)

    def _quorum_changed(self, name: str, good: bool, now: Micros) -> None:
        self._process.log("quorum", what="gained" if good else "lost", process=name)
        for instance in self._instances:
            for cause, thing, one in self._judged_of(instance):
                if thing is self.processes[name]:
                    self._judge(instance, cause, one, good, thing.why(), now)

    def bfd_changed(self, name: str, up: bool, now: Micros) -> None:
        session = self._bfds.get(name)
        if session is None or session.good == up:
            return
        session.good = up
        for instance in self._instances:
            for cause, thing, one in self._judged_of(instance):
                if thing is session:
                    state = "UP" if up else "DOWN"
                    self._process.log("bfd", name=instance.config.name, bfd=name, state=state)
                    self._judge(instance, cause, one, up, thing.why(), now)

    def _judge(
        self, instance: Instance, cause: str, tracked: TrackedObject, good: bool, why: str, now: Micros
    ) -> None:
        if tracked.weight:
            self._shift(instance, cause, points(tracked.weight, tracked.reverse, good), why, now)
        elif good != tracked.reverse:
            instance.react(TrackedObjectRecovered(cause, why), now)
        else:
            instance.react(TrackedObjectFailed(cause, why), now)

    def _shift(self, instance: Instance, thing: str, share: int, why: str, now: Micros) -> None:
        change = share - self._shifts.get((instance.config.name, thing), 0)
        self._note(instance, thing, share)
        if change:
            instance.react(WeightChanged(change, why), now)

    # -- addresses --------------------------------------------------------------------------------

    def address_removed(self, event: AddressRemoved, now: Micros) -> None:
        status = self.interfaces.get(event.interface)
        family = 6 if ":" in event.address else 4
        if status and event.address in status.addresses:
            was_primary = event.address == status.primary(family)
            left = tuple(a for a in status.addresses if a != event.address)
            self.interfaces[event.interface] = replace(status, addresses=left)
            if was_primary:
                self._primary_gone(event.interface, family, event.address, now)
            return
        for instance in self._instances if self._profile.watches_addresses else ():
            if isinstance(instance.state, Master) and _has_address(instance, event.address):
                self._process.log("address_gone", address=event.address, interface=event.interface)
                instance.react(VirtualAddressRemoved(event.address), now)

    def _primary_gone(self, interface: str, family: int, gone: str, now: Micros) -> None:
        new = self.interfaces[interface].primary(family)
        users = [i for i in self._users(interface) if i.config.family == family]
        if not new and self._watches(interface):
            self._process.log("deassigned", address=gone, interface=interface)
        for instance in users:
            if instance.config.unicast_source or instance.config.multicast_source:
                continue
            if new:
                instance.voice.source = new
                continue
            if not self._profile.watches_addresses:
                continue
            instance.react(TrackedObjectFailed(ADDRESS, f"{interface} has lost its address {gone}"), now)
            instance.voice.source = ""

    def address_added(self, event: AddressAdded, now: Micros) -> None:
        status = self.interfaces.setdefault(event.interface, InterfaceStatus())
        family = 6 if ":" in event.address else 4
        if any(_has_address(i, event.address) for i in self._instances):
            return  # one of the virtual addresses
        had = status.primary(family)
        status = replace(status, addresses=(*status.addresses, event.address))
        self.interfaces[event.interface] = status
        if had or status.primary(family) != event.address:
            return
        users = self._users(event.interface)
        if self._watches(event.interface):
            self._process.log("assigned", address=event.address, interface=event.interface)
        for instance in users:
            if instance.config.family == family and not instance.voice.source:
                instance.voice.source = event.address
                why = f"{event.interface} has an address again ({event.address})"
                instance.react(TrackedObjectRecovered(ADDRESS, why), now)

    def _watches(self, interface: str) -> bool:
        return any(interface in self._watched(i) for i in self._instances)

    def _users(self, interface: str) -> list[Instance]:
        return [i for i in self._instances if i.config.interface == interface]


def _group(instance: Instance) -> SyncGroupConfig | None:
    return instance.group.config if instance.group else None


def _both(instance: Instance, kind: str) -> tuple[Tracked, Tracked]:
    return both(instance.config, _group(instance), kind)


def _interfaces(instance: Instance) -> list[str]:
    return interfaces_of(instance.config, _group(instance))


def _interface_weight(instance: Instance, interface: str) -> tuple[int | None, bool]:
    return interface_weight(instance.config, _group(instance), interface)


def _count(begin: InstanceStarted, share: int, why: str) -> None:
    """A part of the priority from the start."""
    begin.priority_shift += share
    if share:
        begin.weights.append(why)


def _has_address(instance: Instance, address: str) -> bool:
    return any(a.address == address for a in instance.config.all_addresses)
