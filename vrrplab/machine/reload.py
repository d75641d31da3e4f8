"""A reload: an instance of the new configuration goes on where the same one of before was.

What the daemon compares makes it the same; its name is not part of that. A MASTER stays one and advertises at
once; a BACKUP restarts its timer; what was in INIT or FAULT starts anew. All forget who the MASTER was: the
next advert is looked at as a stranger's (recordings reload_*).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vrrplab.config.model import InstanceConfig
from vrrplab.machine.acceptance import multicast_group
from vrrplab.machine.events import InstanceStarted, InterfaceStatus
from vrrplab.machine.instance import Instance
from vrrplab.machine.states import Backup, Master
from vrrplab.units import Micros

Identity = tuple[object, ...]


def predecessors(
    configs: Iterable[InstanceConfig], before: Iterable[Instance], interfaces: dict[str, InterfaceStatus]
) -> dict[str, Instance]:
    """Who goes on as whom: for each new name the instance of before that is the same one, if there is one."""
    known = {_identity(old.config, interfaces): old for old in before}
    same = {config.name: known.get(_identity(config, interfaces)) for config in configs}
    return {name: old for name, old in same.items() if old is not None}


def _identity(config: InstanceConfig, interfaces: dict[str, InterfaceStatus]) -> Identity:
    """keepalived: VRID, family, interface, unicast or not, and from where or to which group it speaks."""
    common = config.vrid, config.family, config.interface, config.unicast
    if config.unicast:
        status = interfaces.get(config.interface, InterfaceStatus())
        return *common, config.unicast_source or status.primary(config.family)
    return *common, config.use_vmac, multicast_group(config)


def adopt(instance: Instance, old: Instance, shift: int, now: Micros) -> None:
    """Take over from ``old``, whose state ``instance`` was made with. ``shift``: weights that count now."""
    instance.wanted = old.state.name
    instance.notified = old.notified
    instance.role.was_called(old.config.name)
    instance.voice.source, instance.voice.sequence = old.voice.source, old.voice.sequence
    instance.priority.effective = instance.priority.shift(shift)
    if isinstance(old.state, Master):
        instance.announcer.holds_addresses = True
        if instance.addresses.keep(old.addresses):
            instance.announcer.announce(instance.config.garp.repeat, now)
        instance.announcer.resume_refresh(now)
    elif isinstance(old.state, Backup):
        instance.addresses.remove_routes()
        instance.restart_master_down(now, instance.intervals.down_us)


def resume(instance: Instance, begin: InstanceStarted, now: Micros) -> None:
    """The MASTER's first advert with the new configuration, unless that forbids it to stay MASTER.

    A fault, its own or in its sync group, is found as at a start. A sync group begins anew too: unless all
    members may be MASTER none stays it. Both without a farewell (2.2.7, measured).
    """
    is_master, group = isinstance(instance.state, Master), instance.group.state if instance.group else ""
    if begin.faults or group == "FAULT" or (is_master and group == "BACKUP"):
        instance.begin_again(replace(begin, priority_shift=0), now)  # weights count already
    elif is_master:
        instance.advertise(now)
