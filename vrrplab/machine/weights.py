"""What an instance depends on besides its own daemon, and with which weight: of its configuration alone.

An instance tracks what its own blocks name and what its sync group's do, and depends on the interfaces that
it and its addresses live on (keepalived.conf(5): track_interface, track_script, track_file, track_process,
track_bfd). ``dependencies`` keeps how these stand; whoever wants to know what a failure would mean asks here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from vrrplab.config.model import InstanceConfig, NodeConfig, SyncGroupConfig, TrackedObject

Tracked = tuple[TrackedObject, ...]
_Holder = TypeVar("_Holder", InstanceConfig, SyncGroupConfig)

SCRIPTS, FILES, PROCESSES, BFDS = "track_scripts", "track_files", "track_processes", "track_bfds"
INTERFACES = "track_interfaces"
LISTS = {"interface": INTERFACES, "script": SCRIPTS, "file": FILES, "process": PROCESSES, "bfd": BFDS}
"""What can be tracked, and the list of an instance or a sync group that names it."""


def points(weight: int, reverse: bool, good: bool) -> int:
    """What a tracked thing adds to the priority: a positive weight while good, a negative one while bad."""
    counts = good if weight > 0 else not good
    return (-weight if reverse else weight) if counts else 0


def bad_for_ever(node: NodeConfig) -> frozenset[tuple[str, str]]:
    """What is bad while all is well, (kind as in ``LISTS``, name): all that can never be good.

    All is well while every script exits with 0, every process runs, and every interface and session is up,
    whichever way they count: ``reverse`` turns what that is worth (``points``), not what it is. So a script
    that asks "is this server in maintenance?" is taken to say yes, as the machine takes it. Of scripts those
    are bad that fail for lack of a shell, of processes those that nothing can be.
    """
    scripts = {("script", s.name) for s in node.scripts if s.is_program and s.always_exits}
    return frozenset(scripts | {("process", p.name) for p in node.processes if not p.findable})


def least_weight(weight: int, falls_to: int, rival: int) -> int:
    """The weight of the same sign, everywhere alike, with which its holder falls below a rival.

    ``falls_to``: what it falls to with ``weight``; a ``weight`` of 0 gives one that counts on failure. A
    positive one is larger for the rival too, who still has it.
    """
    size = abs(weight) + falls_to - rival + 1
    return size if weight > 0 else -size


def with_weight(holder: _Holder, kind: str, name: str, weight: int) -> _Holder:
    """The same with another weight for what it tracks of a kind (``LISTS``) by that name."""
    tracked: Tracked = getattr(holder, LISTS[kind])
    changes: dict[str, Any] = {
        LISTS[kind]: tuple(replace(t, weight=weight, kept_weight=0) if t.name == name else t for t in tracked)
    }
    return replace(holder, **changes)


def both(config: InstanceConfig, group: SyncGroupConfig | None, kind: str) -> tuple[Tracked, Tracked]:
    """What of a kind an instance tracks itself, and what its sync group does."""
    return getattr(config, kind), getattr(group, kind) if group else ()


def merged(own: Tracked, group: Tracked, name: str) -> list[TrackedObject]:
    """With which weight an instance tracks that thing, if at all.

    Where its sync group tracks it too, the group's weight counts, unless the instance's own entry has none
    (recordings group_and_instance_*; 2.2.7, measured).
    """
    found = [t for t in own if t.name == name]
    of_group = [t for t in group if t.name == name]
    if not of_group or (found and not (found[0].weight or found[0].kept_weight)):
        return found
    return of_group


def process_entries(own: Tracked, group: Tracked, name: str) -> list[TrackedObject]:
    """The same of a process: keepalived takes the group's weight, but not its ``reverse`` (2.2.7)."""
    kept = [t.reverse for t in own if t.name == name]
    return [replace(one, reverse=kept[0]) if kept else one for one in merged(own, group, name)]


def carriers(config: InstanceConfig) -> list[str]:
    """Other interfaces of its addresses, routes and rules: their loss means FAULT, as if tracked.

    Not those of lines with ``no_track``, nor of a route with several ways (2.2.7, measured).
    """
    names = [a.interface for a in config.all_addresses if a.tracked]
    names += [route.interface for route in config.virtual_routes if route.tracked]
    names += [
        name for rule in config.virtual_rules if rule.tracked for name in (rule.incoming, rule.outgoing)
    ]
    return [name for name in names if name and name != config.interface]


def interfaces_of(config: InstanceConfig, group: SyncGroupConfig | None) -> list[str]:
    """What an instance depends on: its own interface, the tracked ones, those of its addresses."""
    tracked = [t.name for t in (*config.track_interfaces, *(group.track_interfaces if group else ()))]
    return list(dict.fromkeys([*_own(config), *tracked, *carriers(config)]))


def interface_weight(
    config: InstanceConfig, group: SyncGroupConfig | None, interface: str
) -> tuple[int | None, bool]:
    """(weight, reverse) with which an instance tracks an interface; weight None: it does not.

    An interface with virtual addresses is tracked without weight, whatever track_interface says of it, and
    ``dont_track_primary`` does not change that (2.2.7, measured).
    """
    if interface in carriers(config):
        return 0, False
    for tracked in merged(config.track_interfaces, group.track_interfaces if group else (), interface):
        if interface not in _own(config):
            # keepalived 2.2.7 says that it ignores the weight in a sync group, and applies it (measured)
            return tracked.weight or tracked.kept_weight, tracked.reverse
    if interface in _own(config) and not config.dont_track_primary:
        return 0, False
    return None, False


def _own(config: InstanceConfig) -> list[str]:
    """The interface it speaks on, and the VMAC interface on that: the loss of either means FAULT, with
    ``vmac_xmit_base`` too (2.2.7, measured over IPv4; over IPv6 the daemon does not come back when the VMAC
    does, which looks like a mistake and is not followed).
    """
    return [config.interface, *([config.use_vmac] if config.use_vmac else [])]
