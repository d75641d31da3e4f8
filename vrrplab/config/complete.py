"""From drafts to values: defaults, corrections and checks that keepalived makes once the file is read.

The order is the daemon's, because its log lines come in this order: scripts, minimal instances, sync
groups, each instance, VRID conflicts, tracking of sync groups, unused scripts. What would keep the
daemon from running raises ConfigError.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterator

from vrrplab.config.drafts import FileDraft, GroupDraft, InstanceDraft
from vrrplab.config.instance_rules import complete_instance
from vrrplab.config.model import OWNER_PRIORITY, NodeConfig, TrackedObject
from vrrplab.config.values import node_value


def complete(draft: FileDraft, file: str) -> NodeConfig:
    """Everything the file means. Raises ConfigError where keepalived would stop."""
    diagnostics = draft.diagnostics
    diagnostics.reading = False
    _script_security(draft)
    for instance in draft.instances:
        _check_minimum(draft, instance)
    groups = [group for group in draft.groups if _build_group(draft, group)]
    for instance in draft.instances:
        complete_instance(draft, instance)
    diagnostics.instance, diagnostics.late = "", True
    _check_vrids(draft)
    for group in groups:
        _group_tracking(draft, group)
    for group in groups:
        _agree_on_state(group)
    used = {name for instance in draft.instances for name in instance.tracking.scripts}
    used |= {name for group in groups for name in group.tracking.scripts}
    for script in draft.scripts:
        if script.name not in used:
            diagnostics.log(
                "script-unused",
                f"Warning - script {script.name} is not used",
                f"the script {script.name} is not tracked by any instance",
                "name it in track_script, or remove it",
                script.source,
            )
    return node_value(draft, groups, file)


def _script_security(draft: FileDraft) -> None:
    """Any script at all without enable_script_security: keepalived says so, and runs them."""
    has_scripts = bool(draft.scripts) or draft.globals.fifo_script
    has_scripts |= any(instance.notify.commands for instance in draft.instances)
    has_scripts |= any(group.notify.commands for group in draft.groups)
    if draft.instances and has_scripts and not draft.globals.script_security:
        draft.diagnostics.log(
            "script-security",
            "SECURITY VIOLATION - scripts are being executed but script_security not enabled.",
            "scripts run without enable_script_security",
            "add enable_script_security and script_user to global_defs",
            next((script.source for script in draft.scripts), draft.instances.first.source),
        )


def _refuse_misspelt(draft: FileDraft, instance: InstanceDraft, option: str, log: str) -> None:
    """Refuse an instance without an option at the word that was meant to be it, if there is one."""
    begin = instance.source
    later = [i.source.line for i in draft.instances if i.source.file == begin.file]
    end = min((line for line in later if line > begin.line), default=sys.maxsize)
    for warning in draft.diagnostics.warnings:
        place = warning.source
        if warning.kind != "unknown-keyword" or place.file != begin.file:
            continue
        if begin.line < place.line < end and warning.hint.startswith(f"did you mean '{option}'?"):
            message = f"{instance.name} has no {option}: {warning.message}"
            draft.diagnostics.fatal(message, f"did you mean '{option}'?", place, log)


def _check_minimum(draft: FileDraft, instance: InstanceDraft) -> None:
    diagnostics = draft.diagnostics
    if not instance.vrid:
        place = instance.lines.get("virtual_router_id")
        if place:
            wrong = next(
                (w.message for w in diagnostics.warnings if w.kind == "vrid" and w.source == place), ""
            )
            diagnostics.fatal(
                f"{instance.name}: {wrong or 'virtual_router_id is not valid'}",
                "write a number from 1 to 255",
                place,
                f"({instance.name}) the virtual router id must be set",
            )
        log = f"({instance.name}) the virtual router id must be set"
        _refuse_misspelt(draft, instance, "virtual_router_id", log)
        diagnostics.fatal(
            f"{instance.name} has no virtual_router_id",
            "add virtual_router_id with a number from 1 to 255",
            instance.source,
            log,
        )
    if not instance.interface:
        _refuse_misspelt(draft, instance, "interface", f"({instance.name}) Unknown interface!")
        diagnostics.fatal(
            f"{instance.name} has no usable interface",
            "add interface NAME, with the network card that faces the other routers",
            instance.lines.get("interface", instance.source),
            f"({instance.name}) Unknown interface!",
        )


def _build_group(draft: FileDraft, group: GroupDraft) -> bool:
    """Find the members of a sync group; False when nothing is left of it."""
    diagnostics = draft.diagnostics
    if not group.members:
        diagnostics.log(
            "sync-group",
            f"Sync group {group.name} has no virtual router(s). removing",
            f"the sync group {group.name} has no members and is dropped",
            "name its instances in group { … }",
            group.source,
        )
        return False
    for name in group.members:
        instance = draft.instances.named(name)
        if instance is None:
            diagnostics.log(
                "sync-group",
                f"Virtual router {name} specified in sync group {group.name} doesn't exist - ignoring",
                f"the sync group {group.name} names '{name}', which is no vrrp_instance",
                source=group.source,
            )
        elif instance.group:
            diagnostics.log(
                "sync-group",
                f"Virtual router {name} cannot exist in more than one sync group; ignoring {group.name}",
                f"{name} is in the sync group {instance.group.name} already",
                source=group.source,
            )
        else:
            _join(draft, group, instance)
    if not group.instances:
        diagnostics.log(
            "sync-group",
            f"Sync group {group.name}, no matching virtual router found in group declaration - removing",
            f"the sync group {group.name} has no members and is dropped",
            source=group.source,
        )
        return False
    if len(group.instances) == 1:
        diagnostics.log(
            "sync-group",
            f"Sync group {group.name} has only 1 virtual router(s) - this probably isn't what you want",
            f"the sync group {group.name} has only one member",
            "a sync group makes sense with two or more",
            group.source,
        )
    return True


def _join(draft: FileDraft, group: GroupDraft, instance: InstanceDraft) -> None:
    group.instances.append(instance)
    instance.group = group
    if group.state == "MASTER" and instance.state == "BACKUP":
        draft.diagnostics.log(
            "sync-group",
            f"Sync group {group.name} has some member(s) as address owner and some not as address owner. "
            "This won't work.",
            f"the sync group {group.name} mixes address owners (255) with others",
            "give all members the same role",
            group.source,
        )
    if group.state != "BACKUP":
        owner = instance.state == "MASTER" and instance.priority == OWNER_PRIORITY
        group.state = "MASTER" if owner else "BACKUP"


def _check_vrids(draft: FileDraft) -> None:
    """Two instances of one VRID, family and kind of transmission on one interface cannot live together."""
    users: dict[tuple[Hashable, ...], int] = {}
    clashes: list[tuple[int, int]] = []
    instances = list(draft.instances)
    for number, instance in enumerate(instances):
        for place in _places_on_the_wire(instance):
            first = users.setdefault(place, number)
            if first != number:
                clashes.append((first, number))
    if clashes:
        one, other = min(clashes)  # the daemon compares each with all that follow it, and stops at once
        first_one, second = instances[one], instances[other]
        clash = (
            f"{first_one.name} and {second.name} both use VRID {second.vrid} with IPv{second.family} on "
            f"interface {second.interface}"
        )
        draft.diagnostics.fatal(
            clash,
            "give each virtual router of a network a virtual_router_id of its own",
            second.lines.get("virtual_router_id", second.source),
            clash,
        )


def _places_on_the_wire(instance: InstanceDraft) -> Iterator[tuple[Hashable, ...]]:
    """What no other instance may have: of unicast a place for each peer."""
    router = instance.family, instance.vrid, instance.interface
    if not instance.unicast_peers:
        yield *router, instance.multicast_group
    for peer in instance.unicast_peers:
        yield *router, instance.source_address, peer.address


def _group_tracking(draft: FileDraft, group: GroupDraft) -> None:
    """Address owners have no weights, so a group with one among its members has none either."""
    owner = any(instance.priority == OWNER_PRIORITY for instance in group.instances)
    kinds = (
        ("script", group.tracking.scripts, "clearing weight"),
        ("file", group.tracking.files, "setting weight 0"),
        ("process", group.tracking.processes, "setting weight 0"),
        ("bfd", group.tracking.bfds, "setting weight 0"),
        ("interface", group.tracking.interfaces, "clearing weight"),
    )
    for kind, tracked, action in kinds:
        for one in tracked.values():
            if owner and one.weight:
                draft.diagnostics.log(
                    "owner",
                    f"({group.name}) Cannot have weighted track {kind} '{one.name}' with member having "
                    f"priority {OWNER_PRIORITY} - {action}",
                    f"the weight of {one.name} is dropped: {group.name} has a member with priority 255",
                    source=one.source,
                )
                tracked[one.name] = TrackedObject(one.name, 0, one.reverse, one.source)
    watching: dict[str, list[InstanceDraft]] = {}
    for instance in group.instances:
        names = dict.fromkeys(instance.tracking.interfaces)
        if not instance.dont_track_primary:
            names[instance.interface] = None
        for name in names:
            watching.setdefault(name, []).append(instance)
    for one in group.tracking.interfaces.values():
        for instance in watching.get(one.name, ()):
            draft.diagnostics.log(
                "duplicate",
                f"({instance.name}) track_interface {one.name} is configured on VRRP instance and "
                "sync group. Remove vrrp instance or sync group config",
                f"{one.name} is tracked by {instance.name} and by its sync group",
                source=one.source,
            )
    for kind, tracked, own_list in (
        ("script", group.tracking.scripts, "scripts"),
        ("file", group.tracking.files, "files"),
        ("process", group.tracking.processes, "processes"),
        ("bfd", group.tracking.bfds, "bfds"),
    ):
        tracking: dict[str, list[InstanceDraft]] = {}
        for instance in group.instances if tracked else ():
            for name in getattr(instance.tracking, own_list):
                tracking.setdefault(name, []).append(instance)
        for one in tracked.values():
            for instance in tracking.get(one.name, ()):
                draft.diagnostics.log(
                    "duplicate",
                    f"({instance.name}) track_{kind} {one.name} is configured on VRRP instance and "
                    "sync group. Remove vrrp instance config",
                    f"{one.name} is tracked by {instance.name} and by its sync group",
                    source=one.source,
                )


def _agree_on_state(group: GroupDraft) -> None:
    """Members start as MASTER only when all of them can."""
    backup = any(one.state == "BACKUP" or one.priority != OWNER_PRIORITY for one in group.instances)
    if backup:
        for instance in group.instances:
            instance.state = "BACKUP"
