"""Rules about tracking: an instance's own interface, and weights that cannot count."""

from __future__ import annotations

from vrrplab.config.drafts import FileDraft, InstanceDraft
from vrrplab.config.model import OWNER_PRIORITY, TrackedObject


def own_interface(draft: FileDraft, instance: InstanceDraft) -> None:
    tracked = instance.tracking.interfaces
    for one in [one for one in tracked if one.name == instance.interface]:
        draft.diagnostics.log(
            "own-interface",
            f"({instance.name}) Ignoring track_interface {one.name} since own interface",
            f"{instance.name}: {one.name} is its own interface and tracked anyway",
            "remove it from track_interface",
            one.source,
        )
        tracked.remove(one)
    if instance.vmac_xmit_base and not instance.use_vmac:
        draft.say(instance, "vmac_xmit_base", "vmac", "vmac_xmit_base is only valid with a vmac")
        instance.vmac_xmit_base = False


def drop_weights(draft: FileDraft, instance: InstanceDraft) -> None:
    """Priorities do not move in a sync group, nor for an address owner: weighted tracking is dropped."""
    in_group = instance.group is not None and not instance.group.tracking_weight
    if not in_group and instance.priority != OWNER_PRIORITY:
        return
    reason, tracking = ("SYNC group" if in_group else "address_owner"), instance.tracking
    because = "it is in a sync group" if in_group else "its priority is 255"
    for one in [one for one in tracking.interfaces if one.weight]:
        log = (
            f"({instance.name}) ignoring {one.name} tracked interface "
            f"{'weight due to SYNC group' if in_group else 'due to address owner'}"
        )
        what = "the weight of" if in_group else "the tracked interface"
        _drop(draft, one, log, f"{instance.name}: {what} {one.name} is ignored, because {because}")
        if in_group:
            at = tracking.interfaces.index(one)
            tracking.interfaces[at] = TrackedObject(one.name, 0, one.reverse, one.source, one.weight)
        else:
            tracking.interfaces.remove(one)
    for one in [one for one in tracking.scripts if one.weight]:
        _drop(
            draft,
            one,
            f"({instance.name}) ignoring tracked script {one.name} with weights due to {reason}",
            f"{instance.name}: the script {one.name} with its weight is ignored, because {because}",
        )
        tracking.scripts.remove(one)
    for one in [one for one in tracking.files if one.weight]:
        if one.weight == 1:
            log = f"({instance.name}) ignoring weight from tracked file {one.name} due to {reason}."
            log += " specify weight 0"
            at = tracking.files.index(one)
            tracking.files[at] = TrackedObject(one.name, 0, one.reverse, one.source)
        else:
            log = (
                f"({instance.name}) ignoring tracked file {one.name} with weight {one.weight} due to {reason}"
            )
            tracking.files.remove(one)
        _drop(draft, one, log, "")
    for one in [one for one in tracking.bfds if one.weight]:
        _drop(
            draft,
            one,
            f"({instance.name}) ignoring tracked bfd {one.name} with weight {one.weight} due to {reason}",
            "",
        )
        tracking.bfds.remove(one)


def _drop(draft: FileDraft, one: TrackedObject, log: str, message: str) -> None:
    draft.diagnostics.log(
        "weight-ignored", log, message, "weight 0 makes it a reason for FAULT instead", one.source
    )
