"""The ``scenario`` event a trace begins with: who takes part, and what each instance was configured to do.

The same for simulator, live router and recordings; what the event's fields mean is said in ``trace``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vrrplab.config.model import InstanceConfig, NodeConfig, SyncGroupConfig, TakenOff
from vrrplab.machine.profiles import PROFILES
from vrrplab.trace.events import cast_fields
from vrrplab.units import plain_seconds


def scenario_fields(
    name: str, description: str, origin: str, profile: str, nodes: Iterable[NodeConfig], **more: Any
) -> dict[str, Any]:
    """The event's fields. ``nodes``: all configurations, for their addresses; else as ``cast_fields``."""
    addresses = virtual_addresses(nodes)
    each = {server: told.get("profile") or profile for server, told in more["servers"].items()}
    if (said := _profiles(profile, each)) != profile:
        more["profiles"] = said
    return cast_fields(name, description, origin, profile=profile, virtual_addresses=addresses, **more)


def _profiles(common: str, each: dict[str, str]) -> str:
    """Whose behaviour it is, in words: the scenario's profile, and servers that have another one."""
    used = set(each.values()) or {common}
    if len(used) == 1:
        return used.pop()
    others = ", ".join(f"{name}: {own}" for name, own in each.items() if own != common)
    return f"{common} ({others})" if common in used else others


def server_fields(
    config: str,
    node: NodeConfig,
    interfaces: dict[str, Any],
    services: dict[str, Any] | None = None,
    profile: str = "",
) -> dict[str, Any]:
    """One server: the name of its configuration and what it runs; ``profile``: if it has one of its own."""
    return {
        "config": config,
        **({"profile": profile} if profile else {}),
        **({"daemon": PROFILES[profile].daemon} if profile and PROFILES[profile].is_frr else {}),
        "interfaces": interfaces,
        "services": services or {},
        **node_fields(node),
        **({"tracked": tracked} if (tracked := tracked_fields(node)) else {}),
    }


def node_fields(node: NodeConfig) -> dict[str, Any]:
    """What a configuration runs, and in words the weights that the daemon takes off while it reads it."""
    groups = {g.name: {"members": list(g.members), **_tracked(g)} for g in node.sync_groups}
    dropped = [w for w in node.warnings if w.kind == "weight-ignored"]
    ignored = [w.message or w.log for w in dropped]
    taken_off = [w.taken_off for w in dropped if w.taken_off]
    return {
        "instances": {i.name: instance_fields(i) | _ignores(i.name, taken_off) for i in node.instances},
        **({"sync_groups": groups} if groups else {}),
        **({"ignored": ignored} if ignored else {}),
    }


def _ignores(instance: str, taken_off: list[TakenOff]) -> dict[str, Any]:
    own = [{"kind": t.kind, "name": t.name, "text": t.text} for t in taken_off if t.instance == instance]
    return {"ignores": own} if own else {}


def _tracked(one: InstanceConfig | SyncGroupConfig) -> dict[str, Any]:
    found = [
        {"kind": kind, "name": t.name, "weight": t.weight or t.kept_weight}
        for kind, tracked in (("interface", one.track_interfaces), ("script", one.track_scripts))
        for t in tracked
    ]
    return {"tracks": found} if found else {}


def tracked_fields(node: NodeConfig) -> dict[str, Any]:
    """What is tracked besides interfaces and scripts, and what would change it, for a player's menus."""
    places: list[InstanceConfig | SyncGroupConfig] = [*node.instances, *node.sync_groups]
    files = {one.name: one for place in places for one in place.track_files}
    processes = {one.name for place in places for one in place.track_processes}
    found = {
        "files": {name: one.fault_value for name, one in files.items()},
        "processes": {p.name: p.quorum for p in node.processes if p.name in processes},
        "bfds": sorted({one.name for place in places for one in place.track_bfds}),
    }
    return {kind: things for kind, things in found.items() if things}


def instance_fields(instance: InstanceConfig) -> dict[str, Any]:
    """The instance's options that views and readers of a trace ask for; ``advert_int_s`` in seconds.

    Behind the virtual addresses are those that not every instance has.
    """
    excluded = [a.with_prefix for a in instance.excluded_addresses]
    peers = [p.address for p in instance.unicast_peers]
    return {
        "vrid": instance.vrid,
        "interface": instance.interface,
        "priority": instance.base_priority,
        "state": instance.state,
        "version": instance.version,
        "advert_int_s": plain_seconds(instance.advert_interval_us),
        "preempt": instance.preempt,
        "virtual_addresses": [a.with_prefix for a in instance.virtual_addresses],
        **({"excluded_addresses": excluded} if excluded else {}),
        **({"unicast_peers": peers} if peers else {}),
        **({} if instance.accept else {"refuses_by": "vrrp_strict" if instance.strict else "no_accept"}),
        **_tracked(instance),
    }


def virtual_addresses(nodes: Iterable[NodeConfig]) -> list[str]:
    """All virtual addresses of all configurations, in order of appearance, no prefix."""
    found = (a.address for node in nodes for i in node.instances for a in i.all_addresses)
    return list(dict.fromkeys(found))
