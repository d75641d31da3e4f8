"""How an instance begins: at the start of the process (RFC 9568 section 6.4.1), or after a reload.

keepalived adds to the RFC: something broken means FAULT, a track script's first result is waited for,
``vrrp_startup_delay``, and a sync group that must agree (recordings startup_*, script_*, reload_*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrplab.machine import reasons
from vrrplab.machine.events import InstanceStarted, TrackedObjectFailed
from vrrplab.machine.states import Backup, Fault, Master
from vrrplab.units import Micros

if TYPE_CHECKING:
    from vrrplab.machine.instance import Instance


def start(instance: Instance, event: InstanceStarted, now: Micros) -> None:
    """The first thing an instance hears."""
    instance.voice.source = event.source
    instance.faults.begin(event)
    instance.delayed_until_us = event.delayed_until_us
    instance.priority.effective = instance.priority.shift(event.priority_shift)
    if instance.config.authentication and not instance.profile.authenticates:
        instance.warn("its authentication is not used: RFC 3768 and later know none")
    group = instance.group
    if event.faults:
        instance.wanted = "FAULT"
        instance.enter(Fault(), reasons.starts_broken(event.faults))
        instance.notify()
    elif group and group.state == "FAULT":
        instance.enter(Fault(), f"sync group {group.config.name} is in FAULT")
        instance.notify()
    elif event.waits_for or (group and group.waiting):
        pass
    elif starts_as_master(instance):
        instance.await_mastery(now)
    else:
        would_be_master = group and group.state == "BACKUP" and instance.wanted == "MASTER"
        intervals = instance.intervals
        interval_us = intervals.one_advert_us if would_be_master else intervals.down_us
        instance.voice.log("backup_init")
        instance.listen(now, interval_us, reasons.starts_as_backup(instance, interval_us))


def starts_as_master(instance: Instance) -> bool:
    """RFC 9568 §6.4.1: an address owner does not listen first (keepalived: with ``state MASTER``)."""
    wants = instance.wanted == "MASTER" or not instance.profile.owner_needs_state_master
    group_agrees = instance.group is None or instance.group.state == "MASTER"
    return instance.config.address_owner and wants and group_agrees


def adopt(instance: Instance, old: Instance, shift: int, now: Micros) -> None:
    """Reload: go on where the old instance of that name was, with the new configuration.

    A MASTER stays one and advertises at once; a BACKUP restarts its timer (recordings reload_*).
    """
    instance.voice.source, instance.voice.sequence = old.voice.source, old.voice.sequence
    instance.state, instance.wanted = old.state, old.state.name
    instance.reception.master_address = old.reception.master_address
    instance.notified = old.notified
    instance.priority.effective = instance.priority.shift(shift)
    if isinstance(old.state, Master):
        instance.announcer.holds_addresses = True
        instance.continues = True
        if instance.addresses.keep(old.addresses):
            instance.announcer.announce(instance.config.garp.repeat, now)
        instance.announcer.resume_refresh(now)
    elif isinstance(old.state, Backup):
        instance.state = instance.backup(now, instance.intervals.down_us)


def resume(instance: Instance, begin: InstanceStarted, now: Micros) -> None:
    """After a reload: what the new configuration finds broken, else the MASTER's first advert with it."""
    for cause, why in begin.faults.items():
        instance.react(TrackedObjectFailed(cause, why), now)
    if instance.continues and isinstance(instance.state, Master):
        instance.advertise(now)
    instance.continues = False
