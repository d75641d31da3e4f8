"""What the instances of one process depend on: interfaces, addresses and scripts.

It keeps what is known of them and tells every instance that is concerned: a fault, a recovery, or a change
of priority where the tracked thing has a weight (keepalived.conf(5): track_interface, track_script).
"""

from __future__ import annotations

from vrrplab.config.model import InstanceConfig, ScriptConfig, TrackedObject
from vrrplab.machine.events import (
    AddressAdded,
    AddressRemoved,
    InstanceStarted,
    InterfaceStatus,
    TrackedObjectFailed,
    TrackedObjectRecovered,
    VirtualAddressRemoved,
    WeightChanged,
)
from vrrplab.machine.instance import Instance
from vrrplab.machine.process import Process
from vrrplab.machine.states import Master
from vrrplab.machine.tracking import ScriptTracker, ScriptVerdict
from vrrplab.units import Micros

Tracked = tuple[TrackedObject, ...]

ADDRESS = "address"
SOURCE, VMAC = "source address", "VMAC"  # faults from the start that only a new start ends


class Dependencies:
    def __init__(
        self, instances: list[Instance], scripts: tuple[ScriptConfig, ...], process: Process
    ) -> None:
        self._instances = instances
        self._log = process.log
        self._profile = process.profile
        self.interfaces: dict[str, InterfaceStatus] = {}
        tracked = {t.name for i in instances for part in _scripts(i) for t in part}
        self.trackers = {s.name: ScriptTracker(s, process) for s in scripts if s.name in tracked}
        self._shifts: dict[tuple[str, str], int] = {}  # (instance, tracked thing) -> its part of the priority

    # -- how things stand -------------------------------------------------------------------------

    def status(self, interface: str) -> InterfaceStatus:
        """What is known of an interface; one never mentioned counts as up, without addresses."""
        return self.interfaces.get(interface, InterfaceStatus())

    def begin(self, instance: Instance, delayed_until_us: Micros) -> InstanceStarted:
        """How things stand for an instance at its start; its sync group is told too."""
        config = instance.config
        source = config.unicast_source or config.multicast_source
        source = source or self.status(config.interface).primary(config.family)
        if config.use_vmac:  # made a moment ago, unless the driver knew it already
            self.interfaces.setdefault(config.use_vmac, InterfaceStatus(self.status(config.interface).up))
        begin = InstanceStarted(source=source, delayed_until_us=delayed_until_us)
        for name in _interfaces(instance):
            weight, reverse = _interface_weight(instance, name)
            up = self.status(name).up
            if weight:
                begin.priority_shift += self._note(instance, f"interface {name}", _share(weight, reverse, up))
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
        waits = []
        for script, tracker in self.trackers.items():
            cause = f"script {script}"
            for one in _merged(*_scripts(instance), script):
                weight, reverse = one.weight, one.reverse
                if tracker.phase == "done" and weight:
                    # keepalived: a reload counts it as if there were no ``reverse`` (reload_reverse)
                    begin.priority_shift += _share(weight, False, tracker.is_up)
                    self._note(instance, cause, _share(weight, reverse, tracker.is_up))
                elif tracker.phase == "done" and tracker.is_up == reverse:
                    begin.faults[cause] = f"script {script} is failing"
                elif tracker.phase == "init" and not weight:
                    # keepalived counts every entry without weight, and a first result once: the same script
                    # in a group and its member keeps it waiting (recording group_and_instance_script_plain)
                    entries = [t for part in _scripts(instance) for t in part if t.name == script]
                    waits += [cause] * sum(not t.weight for t in entries)
        begin.waits_for = tuple(waits)
        if instance.group:
            if begin.faults:
                instance.group.in_fault.add(config.name)
            if begin.waits_for:
                instance.group.waiting.add(config.name)
        return begin

    def _note(self, instance: Instance, thing: str, share: int) -> int:
        self._shifts[(instance.config.name, thing)] = share
        return share

    # -- interfaces and scripts -------------------------------------------------------------------

    def interface_changed(self, name: str, up: bool, now: Micros) -> None:
        status = self.interfaces.setdefault(name, InterfaceStatus(up=not up))
        if status.up == up:
            return
        status.up = up
        concerned = [i for i in self._instances if name in _interfaces(i)]
        if not concerned:
            return
        self._log("interface", interface=name, state="up" if up else "down")
        for instance in concerned:
            weight, reverse = _interface_weight(instance, name)
            if weight is None:
                continue
            why = f"interface {name} is {'up again' if up else 'down'}"
            if weight:
                self._shift(instance, f"interface {name}", _share(weight, reverse, up), why, now)
            elif up != reverse:
                instance.react(TrackedObjectRecovered(f"interface {name}", why), now)
            else:
                instance.react(TrackedObjectFailed(f"interface {name}", why), now)

    def script_changed(self, script: str, verdict: ScriptVerdict, now: Micros) -> None:
        """A script changed sides: tell every instance that tracks it, itself or through its group."""
        cause, passed, why = f"script {script}", verdict.passed, verdict.why
        for instance in self._instances:
            for one in _merged(*_scripts(instance), script):
                if one.weight:
                    self._shift(instance, cause, _share(one.weight, one.reverse, passed), why, now)
                elif passed == one.reverse:
                    instance.react(TrackedObjectFailed(cause, why, verdict.first), now)
                elif not verdict.reloading:
                    instance.react(TrackedObjectRecovered(cause, why, verdict.first), now)

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
            status.addresses = tuple(a for a in status.addresses if a != event.address)
            if was_primary:
                self._primary_gone(event.interface, family, event.address, now)
            return
        for instance in self._instances:
            if isinstance(instance.state, Master) and _has_address(instance, event.address):
                self._log("address_gone", address=event.address, interface=event.interface)
                instance.react(VirtualAddressRemoved(event.address), now)

    def _primary_gone(self, interface: str, family: int, gone: str, now: Micros) -> None:
        new = self.interfaces[interface].primary(family)
        users = [i for i in self._users(interface) if i.config.family == family]
        if not new and users:
            self._log("deassigned", address=gone, interface=interface)
        for instance in users:
            if instance.config.unicast_source or instance.config.multicast_source:
                continue
            if new:
                instance.voice.source = new
                continue
            instance.react(TrackedObjectFailed(ADDRESS, f"{interface} has lost its address {gone}"), now)
            instance.voice.source = ""

    def address_added(self, event: AddressAdded, now: Micros) -> None:
        status = self.interfaces.setdefault(event.interface, InterfaceStatus())
        family = 6 if ":" in event.address else 4
        if any(_has_address(i, event.address) for i in self._instances):
            return  # one of the virtual addresses
        had = status.primary(family)
        status.addresses = (*status.addresses, event.address)
        if had or status.primary(family) != event.address:
            return
        users = self._users(event.interface)
        if users:
            self._log("assigned", address=event.address, interface=event.interface)
        for instance in users:
            if instance.config.family == family and not instance.voice.source:
                instance.voice.source = event.address
                why = f"{event.interface} has an address again ({event.address})"
                instance.react(TrackedObjectRecovered(ADDRESS, why), now)

    def _users(self, interface: str) -> list[Instance]:
        return [i for i in self._instances if i.config.interface == interface]


def _carriers(config: InstanceConfig) -> list[str]:
    """Other interfaces that carry virtual addresses (``dev``): their loss means FAULT, as if tracked."""
    return [a.interface for a in config.all_addresses if a.tracked and a.interface != config.interface]


def _group_interfaces(instance: Instance) -> Tracked:
    """What its sync group tracks: every member does too."""
    return instance.group.config.track_interfaces if instance.group else ()


def _merged(own: Tracked, group: Tracked, name: str) -> list[TrackedObject]:
    """With which weight an instance tracks that thing, if at all.

    Where its sync group tracks it too, the group's weight counts, unless the instance's own entry has none
    (recordings group_and_instance_*; 2.2.7, measured).
    """
    found = [t for t in own if t.name == name]
    of_group = [t for t in group if t.name == name]
    if not of_group or (found and not (found[0].weight or found[0].kept_weight)):
        return found
    return of_group


def _interfaces(instance: Instance) -> list[str]:
    """What an instance depends on: its own interface, the tracked ones, those of its addresses."""
    config = instance.config
    tracked = [t.name for t in (*config.track_interfaces, *_group_interfaces(instance))]
    names = [*_own(config), *tracked, *_carriers(config)]
    return list(dict.fromkeys(names))


def _own(config: InstanceConfig) -> list[str]:
    """The interface it speaks on, and the VMAC interface on that: the loss of either means FAULT, with
    ``vmac_xmit_base`` too (2.2.7, measured over IPv4; over IPv6 the daemon does not come back when the VMAC
    does, which looks like a mistake and is not followed).
    """
    return [config.interface, *([config.use_vmac] if config.use_vmac else [])]


def _interface_weight(instance: Instance, interface: str) -> tuple[int | None, bool]:
    """(weight, reverse) with which an instance tracks an interface; weight None: it does not.

    An interface with virtual addresses is tracked without weight, whatever track_interface says of it, and
    ``dont_track_primary`` does not change that (2.2.7, measured).
    """
    config = instance.config
    if interface in _carriers(config):
        return 0, False
    for tracked in _merged(config.track_interfaces, _group_interfaces(instance), interface):
        if interface not in _own(config):
            # keepalived 2.2.7 says that it ignores the weight in a sync group, and applies it (measured)
            return tracked.weight or tracked.kept_weight, tracked.reverse
    if interface in _own(config) and not config.dont_track_primary:
        return 0, False
    return None, False


def _scripts(instance: Instance) -> tuple[Tracked, Tracked]:
    """Its own track_script and its sync group's."""
    return instance.config.track_scripts, instance.group.config.track_scripts if instance.group else ()


def _share(weight: int, reverse: bool, good: bool) -> int:
    """What a tracked thing adds to the priority: a positive weight while good, a negative one while bad."""
    counts = good if weight > 0 else not good
    return (-weight if reverse else weight) if counts else 0


def _has_address(instance: Instance, address: str) -> bool:
    return any(a.address == address for a in instance.config.all_addresses)
