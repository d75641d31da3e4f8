"""Rules about tracking: an instance's own interface, and weights that cannot count."""

from __future__ import annotations

from vrrplab.config.drafts import FileDraft, InstanceDraft
from vrrplab.config.model import OWNER_PRIORITY, TakenOff, TrackedObject


def own_interface(draft: FileDraft, instance: InstanceDraft) -> None:
    one = instance.tracking.interfaces.pop(instance.interface, None)
    if one is not None:
        draft.diagnostics.log(
            "own-interface",
            f"({instance.name}) Ignoring track_interface {one.name} since own interface",
            f"{instance.name}: {one.name} is its own interface and tracked anyway",
            "remove it from track_interface",
            one.source,
        )
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
    for one in _weighted(tracking.interfaces):
        log = (
            f"({instance.name}) ignoring {one.name} tracked interface "
            f"{'weight due to SYNC group' if in_group else 'due to address owner'}"
        )
        what = "the weight of" if in_group else "the tracked interface"
        text = f"{what} {one.name} is ignored, because {because}"
        _drop(draft, one, log, TakenOff(instance.name, "interface", one.name, text))
        if in_group:
            unweighted = TrackedObject(one.name, 0, one.reverse, one.source, one.weight)
            tracking.interfaces[one.name] = unweighted
        else:
            del tracking.interfaces[one.name]
    for one in _weighted(tracking.scripts):
        log = f"({instance.name}) ignoring tracked script {one.name} with weights due to {reason}"
        text = f"the script {one.name} with its weight is ignored, because {because}"
        _drop(draft, one, log, TakenOff(instance.name, "script", one.name, text))
        del tracking.scripts[one.name]
    for one in _weighted(tracking.files):
        if one.weight == 1:
            log = f"({instance.name}) ignoring weight from tracked file {one.name} due to {reason}."
            log += " specify weight 0"
            tracking.files[one.name] = TrackedObject(one.name, 0, one.reverse, one.source)
        else:
            log = (
                f"({instance.name}) ignoring tracked file {one.name} with weight {one.weight} due to {reason}"
            )
            del tracking.files[one.name]
        _drop(draft, one, log)
    for one in _weighted(tracking.bfds):
        _drop(
            draft,
            one,
            f"({instance.name}) ignoring tracked bfd {one.name} with weight {one.weight} due to {reason}",
        )
        del tracking.bfds[one.name]


def _weighted(tracked: dict[str, TrackedObject]) -> list[TrackedObject]:
    return [one for one in tracked.values() if one.weight]


def _drop(draft: FileDraft, one: TrackedObject, log: str, what: TakenOff | None = None) -> None:
    message = f"{what.instance}: {what.text}" if what else ""
    hint = "weight 0 makes it a reason for FAULT instead"
    draft.diagnostics.log("weight-ignored", log, message, hint, one.source, what)
