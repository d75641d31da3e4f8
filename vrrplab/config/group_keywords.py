"""The keywords of ``vrrp_sync_group``."""

from __future__ import annotations

from vrrplab.config.blocks import Keyword, Words
from vrrplab.config.drafts import FileDraft, GroupDraft
from vrrplab.config.options import notify
from vrrplab.config.tracking import tracking_keywords


def begin_group(draft: FileDraft, words: Words) -> None:
    diagnostics = draft.diagnostics
    if len(words) != 2:
        diagnostics.report(
            "block-name",
            "vrrp_sync_group must have a name - skipping",
            "vrrp_sync_group needs exactly one name; the block is skipped",
            "write vrrp_sync_group NAME {",
        )
        draft.blocks.skip_block()
    elif draft.groups.named(words[1]):
        diagnostics.report("duplicate", f"vrrp sync group {words[1]} already defined")
        draft.blocks.skip_block()
    else:
        draft.groups.append(GroupDraft(words[1], diagnostics.source))
        draft.begin(draft.group)


def end_group(draft: FileDraft) -> None:
    group = draft.group
    if not draft.diagnostics.old and group.members is None:
        draft.diagnostics.report(
            "sync-group",
            f"Sync group {group.name} has no members - removing",
            f"the sync group {group.name} has no members and is dropped",
        )
        draft.groups.drop_last()


def _members(draft: FileDraft, words: Words) -> None:
    group, diagnostics = draft.group, draft.diagnostics
    if group.members is not None:
        diagnostics.report("duplicate", f"Group list already specified for sync group {group.name}")
        draft.blocks.skip_block()
        return
    members: list[str] = []
    draft.blocks.values(words, members.extend)
    if members:
        group.members = members
    else:
        diagnostics.report(
            "sync-group",
            f"Warning - sync group {group.name} has empty group block",
            f"the sync group {group.name} has no members",
        )


def _group_notify(draft: FileDraft, words: Words) -> None:
    notify(draft, f"vrrp group {draft.group.name}:", draft.group.notify, words)


def _tracking_weight(draft: FileDraft, words: Words) -> None:
    draft.group.tracking_weight = True
    if words[0] == "global_tracking":
        draft.diagnostics.report(
            "deprecated",
            f"({draft.group.name}) global_tracking is deprecated. Use track_interface/script/file on the "
            "sync group",
        )


GROUP_KEYWORDS: dict[str, Keyword] = {
    "group": Keyword(_members),
    **tracking_keywords(lambda draft: draft.group),
    "global_tracking": Keyword(_tracking_weight),
    "sync_group_tracking_weight": Keyword(_tracking_weight),
    **dict.fromkeys(
        ("notify_backup", "notify_master", "notify_fault", "notify_stop", "notify"), Keyword(_group_notify)
    ),
}
