"""A reload: an instance of the new configuration goes on where the old one of that name was.

A MASTER stays one and advertises at once; a BACKUP restarts its timer; what was in INIT or FAULT starts anew
(recordings reload_*).
"""

from __future__ import annotations

from vrrplab.machine.events import InstanceStarted, TrackedObjectFailed
from vrrplab.machine.instance import Instance
from vrrplab.machine.states import Backup, Master
from vrrplab.units import Micros


def adopt(instance: Instance, old: Instance, shift: int, now: Micros) -> None:
    """Take over from ``old``, whose state ``instance`` was made with. ``shift``: weights that count now."""
    instance.wanted = old.state.name
    instance.notified = old.notified
    instance.voice.source, instance.voice.sequence = old.voice.source, old.voice.sequence
    instance.reception.master_address = old.reception.master_address
    instance.priority.effective = instance.priority.shift(shift)
    if isinstance(old.state, Master):
        instance.announcer.holds_addresses = True
        instance.continues = True
        if instance.addresses.keep(old.addresses):
            instance.announcer.announce(instance.config.garp.repeat, now)
        instance.announcer.resume_refresh(now)
    elif isinstance(old.state, Backup):
        instance.restart_master_down(now, instance.intervals.down_us)


def resume(instance: Instance, begin: InstanceStarted, now: Micros) -> None:
    """What the new configuration finds broken, else the MASTER's first advert with it."""
    for cause, why in begin.faults.items():
        instance.react(TrackedObjectFailed(cause, why), now)
    if instance.continues and isinstance(instance.state, Master):
        instance.advertise(now)
    instance.continues = False
