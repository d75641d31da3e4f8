"""What keeps one instance from working: faults, each with its cause, and first script results to wait for.

keepalived only; to the RFCs a router that cannot work is shut down. Faults at the same time only add up:
the first leads to FAULT, the last one's end out of it (recordings article_drill*, script_*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrrplab.machine.events import (
    InstanceStarted,
    TrackedObjectFailed,
    TrackedObjectRecovered,
    VirtualAddressRemoved,
)
from vrrplab.machine.states import Master
from vrrplab.units import Micros

if TYPE_CHECKING:
    from vrrplab.machine.instance import Instance


class Faults:
    def __init__(self) -> None:
        self.faults: dict[str, str] = {}  # cause -> why
        self.waits_for: frozenset[str] = frozenset()  # scripts without a result yet

    def begin(self, event: InstanceStarted) -> None:
        self.faults = dict(event.faults)
        self.waits_for = event.waits_for

    def add(self, event: TrackedObjectFailed) -> bool:
        """Count a failure; True if everything was well before."""
        first = not self.faults
        self.waits_for -= {event.cause}
        self.faults[event.cause] = event.why
        return first

    def remove(self, event: TrackedObjectRecovered) -> str:
        """What a recovery means: "over" all troubles are, "waits" for first results, "" nothing changes."""
        waited = bool(self.waits_for)
        self.waits_for -= {event.cause}
        if event.first:
            return "over" if waited and not self.waits_for and not self.faults else ""
        if self.faults.pop(event.cause, None) is None or self.faults:
            return ""
        return "waits" if self.waits_for else "over"


def failed(instance: Instance, event: TrackedObjectFailed, now: Micros) -> None:
    """Something an instance depends on failed."""
    if not instance.faults.add(event):
        return
    instance.wanted = "FAULT"
    if isinstance(instance.state, Master):
        instance.leave_master(now, event.why, farewell=True)
    else:
        instance.leave_fault(now, event.why)
    if instance.group:
        instance.group.member_failed(instance, now)


def recovered(instance: Instance, event: TrackedObjectRecovered, now: Micros) -> None:
    """It works again, or a script gave its first result: the instance comes back when all is well."""
    group = instance.group
    match instance.faults.remove(event):
        case "":
            return
        case "waits":
            instance.wanted = "BACKUP"
            if group:
                group.member_waits(instance)
            return
    at_once = instance.wanted == "MASTER" or instance.profile.owner_returns_at_once
    instance.wanted = "MASTER" if instance.config.address_owner and at_once else "BACKUP"
    instance.intervals.forget()
    if group and not group.member_recovered(instance):
        return
    wanted = instance.wanted
    if group and wanted == "MASTER" and not group.may_become_master(instance, now):
        instance.wanted = "BACKUP"
    instance.leave_fault(now, event.why)
    if instance.delayed_until_us <= now:
        instance.voice.announce_own_address()
    instance.wanted = wanted
    if group:
        group.follow(instance, now)


def address_gone(instance: Instance, event: VirtualAddressRemoved, now: Micros) -> None:
    """A MASTER lost an address: keepalived gives up, says goodbye and is back after its own skew time."""
    why = f"address {event.address} was taken off its interface by somebody else"
    group = instance.group
    others = [m for m in group.members if m is not instance] if group else []
    for member in [instance, *(m for m in others if isinstance(m.state, Master))]:
        member.wanted = "BACKUP"
        member.leave_master(now, why, farewell=True)
        member.state = member.backup(now, member.intervals.skew_us)
        member.reception.heard.self_inflicted()
    if group:
        group.state = "BACKUP"
