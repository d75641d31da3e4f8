"""The keywords of ``vrrp_script``, ``vrrp_sync_group``, ``track_file``, ``vrrp_track_process`` and the like."""

from __future__ import annotations

from vrrplab.config.blocks import Keyword, Words, word_at
from vrrplab.config.drafts import FileDraft, GroupDraft, ScriptDraft, TrackableDraft
from vrrplab.config.instance_keywords import LONGEST_DELAY_S
from vrrplab.config.numbers import INT_MAX, Reading, read_micros
from vrrplab.config.options import (
    command_words,
    default_user,
    micros,
    notify,
    signed,
    tracked,
    unsigned,
    user_exists,
)
from vrrplab.config.tracking import take_interface, take_script
from vrrplab.units import SECOND_US

# -- vrrp_script


def begin_script(draft: FileDraft, words: Words) -> None:
    draft.scripts.append(ScriptDraft(word_at(words, 1), draft.diagnostics.source))


def end_script(draft: FileDraft) -> None:
    script, diagnostics = draft.script, draft.diagnostics
    if not script.command:
        diagnostics.report(
            "script",
            f"No script set for vrrp_script {script.name} - removing",
            f"vrrp_script {script.name} has no script line and is dropped",
            'write script "/path/to/check"',
        )
        script.remove = True
    elif not script.remove and not script.user_set and not default_user(draft):
        diagnostics.report(
            "script-user",
            f"Unable to set default user for vrrp script {script.name} - removing",
            f"vrrp_script {script.name} is dropped: no user to run it as",
            "add script_user to global_defs",
        )
        script.remove = True
    if script.remove:
        draft.scripts.remove(script)


def _script(draft: FileDraft, words: Words) -> None:
    command, rest = command_words(draft, draft.blocks.raw_line)
    if command is None:
        draft.diagnostics.fatal(
            f"the quotes of the script line of {draft.script.name} do not match",
            "keepalived crashes on this; close every quote",
        )
    draft.script.command = command
    if rest:
        draft.diagnostics.note(
            "script",
            f"vrrp_script {draft.script.name}: only '{words[1]}' is run, what follows it is dropped",
            'put the whole command into quotes: script "command arguments"',
        )


def _interval(draft: FileDraft, words: Words) -> None:
    script, diagnostics = draft.script, draft.diagnostics
    smallest = "1" if diagnostics.old else "0.001"
    value_us = _seconds(draft, words)
    if value_us is None:
        diagnostics.report(
            "range",
            f"({script.name}): vrrp script interval '{words[1]}' must be between {smallest} and {LONGEST_DELAY_S} - "
            "ignoring",
            f"interval '{words[1]}' is not valid; 1 second is used",
            "write seconds",
        )
        return
    if value_us == 0:
        diagnostics.report(
            "range",
            f"({script.name}): vrrp script interval must be greater than 0, setting to 1",
            "interval 0 is not valid; 1 second is used",
        )
    script.interval_us = value_us or SECOND_US


def _timeout(draft: FileDraft, words: Words) -> None:
    script, diagnostics = draft.script, draft.diagnostics
    value_us = _seconds(draft, words)
    if value_us is None:
        diagnostics.report(
            "range",
            f"({script.name}): vrrp script timeout '{words[1]}' invalid - ignoring",
            f"timeout '{words[1]}' is not valid; the interval is used",
            "write seconds",
        )
        return
    if value_us == 0:
        diagnostics.report(
            "range",
            f"({script.name}): vrrp script timeout must be greater than 0, setting to 1",
            "timeout 0 is not valid; 1 second is used",
        )
    script.timeout_us = value_us or SECOND_US


def _seconds(draft: FileDraft, words: Words) -> int | None:
    """Whole seconds in 2.2.7 (``.2`` is no number there), three decimals in 2.4.3."""
    if draft.diagnostics.old:
        value_s = unsigned(draft, words, 0, LONGEST_DELAY_S)
        return None if value_s is None else value_s * SECOND_US
    text = word_at(words, 1)
    reading: Reading = read_micros(text, 0, LONGEST_DELAY_S * SECOND_US, decimals=3)
    for complaint in reading.complaints:
        draft.diagnostics.report("number", complaint)
    return reading.value if reading.accepted else None


def _script_weight(draft: FileDraft, words: Words) -> None:
    script, diagnostics = draft.script, draft.diagnostics
    from vrrplab.config.numbers import read_int

    reading = read_int(word_at(words, 1), -253, 253, lenient=True)
    for complaint in reading.complaints:
        diagnostics.report("number", complaint)
    if not reading.accepted:
        diagnostics.report(
            "range",
            f"vrrp_script {script.name} weight {words[1]} must be in [-253, 253]",
            f"weight '{words[1]}' is not valid, and is used all the same",
            "write a number from -253 to 253",
        )
    script.weight = (reading.value + 2**31) % 2**32 - 2**31
    _reverse(draft, words, f"vrrp_script {script.name}", script)


def _reverse(draft: FileDraft, words: Words, owner: str, target: ScriptDraft | TrackableDraft) -> None:
    if len(words) >= 3:
        if words[2] == "reverse":
            target.reverse = True
        else:
            draft.diagnostics.report("track-option", f"{owner} unknown weight option {words[2]}")


def _count(option: str) -> Keyword:
    def handler(draft: FileDraft, words: Words) -> None:
        count = unsigned(draft, words, 1, INT_MAX)
        if count is None:
            draft.diagnostics.report(
                "range",
                f"({draft.script.name}): vrrp script {option} value '{words[1]}' invalid, defaulting to 1",
                f"{option} '{words[1]}' is not valid; 1 is used",
                "write a number from 1 up",
            )
        setattr(draft.script, option, count or 1)

    return Keyword(handler)


def _script_user(draft: FileDraft, words: Words) -> None:
    script = draft.script
    if user_exists(draft, word_at(words, 1)):
        script.remove, script.user_set, script.user = False, True, words[1]
    else:
        draft.diagnostics.report(
            "script-user", f"Unable to set uid/gid for script {' '.join(script.command)}"
        )
        script.remove = True


def _init_fail(draft: FileDraft, words: Words) -> None:
    draft.script.init_fail = True


SCRIPT_KEYWORDS: dict[str, Keyword] = {
    "script": Keyword(_script),
    "interval": Keyword(_interval),
    "timeout": Keyword(_timeout),
    "weight": Keyword(_script_weight),
    "rise": _count("rise"),
    "fall": _count("fall"),
    "user": Keyword(_script_user),
    "init_fail": Keyword(_init_fail),
}

# -- vrrp_sync_group


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
    elif any(one.name == words[1] for one in draft.groups):
        diagnostics.report("duplicate", f"vrrp sync group {words[1]} already defined")
        draft.blocks.skip_block()
    else:
        draft.groups.append(GroupDraft(words[1], diagnostics.source))


def end_group(draft: FileDraft) -> None:
    group = draft.group
    if not draft.diagnostics.old and group.members is None:
        draft.diagnostics.report(
            "sync-group", f"Sync group {group.name} has no members - removing",
            f"the sync group {group.name} has no members and is dropped",
        )
        draft.groups.remove(group)


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


def _group_interfaces(draft: FileDraft, words: Words) -> None:
    group = draft.group
    draft.blocks.values(words, lambda entry: take_interface(draft, group.name, group.tracking, entry))


def _group_scripts(draft: FileDraft, words: Words) -> None:
    group = draft.group
    draft.blocks.values(words, lambda entry: take_script(draft, group.name, group.tracking, entry))


def _group_files(draft: FileDraft, words: Words) -> None:
    group = draft.group
    draft.blocks.values(
        words, lambda entry: tracked(draft, group.name, "file", draft.files, group.tracking.files, entry)
    )


def _group_processes(draft: FileDraft, words: Words) -> None:
    group = draft.group
    draft.blocks.values(
        words,
        lambda entry: tracked(draft, group.name, "process", draft.processes, group.tracking.processes, entry),
    )


def _group_bfds(draft: FileDraft, words: Words) -> None:
    group = draft.group
    draft.blocks.values(
        words, lambda entry: tracked(draft, group.name, "bfd", draft.bfds, group.tracking.bfds, entry, 253)
    )


def _group_notify(draft: FileDraft, words: Words) -> None:
    notify(draft, f"vrrp group {draft.group.name}:", draft.group.notify, words)


def _tracking_weight(draft: FileDraft, words: Words) -> None:
    draft.group.tracking_weight = True
    if words[0] == "global_tracking":
        draft.diagnostics.report(
            "deprecated",
            f"({draft.group.name}) global_tracking is deprecated. Use track_interface/script/file on the sync group",
        )


GROUP_KEYWORDS: dict[str, Keyword] = {
    "group": Keyword(_members),
    "track_interface": Keyword(_group_interfaces),
    "track_script": Keyword(_group_scripts),
    "track_file": Keyword(_group_files),
    "track_process": Keyword(_group_processes),
    "track_bfd": Keyword(_group_bfds),
    "global_tracking": Keyword(_tracking_weight),
    "sync_group_tracking_weight": Keyword(_tracking_weight),
    **dict.fromkeys(
        ("notify_backup", "notify_master", "notify_fault", "notify_stop", "notify"), Keyword(_group_notify)
    ),
}

# -- track_file, vrrp_track_process, bfd_instance: known so far that they can be tracked


def begin_file(draft: FileDraft, words: Words) -> None:
    if words[0] == "vrrp_track_file":
        draft.diagnostics.log(
            "deprecated", '"vrrp_track_file" is deprecated, please use "track_file"', hint="write track_file"
        )
    draft.file = TrackableDraft(word_at(words, 1), 1, draft.diagnostics.source)


def end_file(draft: FileDraft) -> None:
    if draft.file is None:
        return
    if draft.file.target:
        draft.files.append(draft.file)
        draft.file = None
    else:
        draft.diagnostics.report("track-file", f"No file set for track_file {draft.file.name} - ignoring")


def _file_path(draft: FileDraft, words: Words) -> None:
    if len(words) < 2:
        draft.diagnostics.report("track-file", "track file file name missing")
    elif draft.file is not None and draft.file.target:
        draft.diagnostics.report(
            "duplicate", f"File already set for track file {draft.file.name} - ignoring {words[1]}"
        )
    elif draft.file is not None:
        draft.file.target = words[1]


def _file_weight(draft: FileDraft, words: Words) -> None:
    file = draft.file
    if file is None:
        return
    if len(words) < 2:
        draft.diagnostics.report("track-file", f"No weight specified for track file {file.name} - ignoring")
        return
    if file.weight != 1:
        draft.diagnostics.report(
            "duplicate", f"Weight already set for track file {file.name} - ignoring {words[1]}"
        )
        return
    weight = signed(draft, words, -254, 254)
    if weight is None:
        draft.diagnostics.report(
            "range",
            f"Weight ({words[1]}) for track_file {file.name} must be between [-254..254] inclusive. Ignoring...",
        )
        weight = 1
    file.weight = weight
    _reverse(draft, words, f"track_file {file.name}", file)


def _file_init(draft: FileDraft, words: Words) -> None:
    """``init_file [VALUE] [overwrite]``: what the file holds does not matter here."""


FILE_KEYWORDS: dict[str, Keyword] = {
    "file": Keyword(_file_path),
    "weight": Keyword(_file_weight),
    "init_file": Keyword(_file_init),
}


def begin_process(draft: FileDraft, words: Words) -> None:
    draft.processes.append(TrackableDraft(word_at(words, 1), 0, draft.diagnostics.source))


def end_process(draft: FileDraft) -> None:
    process = draft.process
    if not process.target:
        draft.diagnostics.report("track-process", f"track process '{process.name}' process name not specified")
        draft.processes.remove(process)


def _process_name(draft: FileDraft, words: Words) -> None:
    process = draft.process
    if process.target:
        draft.diagnostics.report(
            "duplicate",
            f"Process already set for track process {process.name} - ignoring {word_at(words, 1)}",
        )
    else:
        process.target = word_at(words, 1)


def _process_weight(draft: FileDraft, words: Words) -> None:
    process, diagnostics = draft.process, draft.diagnostics
    if len(words) < 2:
        diagnostics.report("track-process", f"No weight specified for track process {process.name} - ignoring")
        return
    if process.weight:
        diagnostics.report(
            "duplicate", f"Weight already set for track process {process.name} - ignoring {words[1]}"
        )
        return
    weight = signed(draft, words, -254, 254)
    if weight is None:
        diagnostics.report(
            "range",
            f"Weight ({words[1]}) for vrrp_track_process {process.name} must be between [-254..254] inclusive. "
            "Ignoring...",
        )
        return
    _reverse(draft, words, f"vrrp_track_process {process.name}", process)
    process.weight = weight


def _not_used(draft: FileDraft, words: Words) -> None:
    """A detail of something that is not modelled anyway."""


PROCESS_KEYWORDS: dict[str, Keyword] = {
    "process": Keyword(_process_name),
    "weight": Keyword(_process_weight),
    **dict.fromkeys(
        ("param_match", "quorum", "quorum_max", "delay", "terminate_delay", "fork_delay", "full_command"),
        Keyword(_not_used),
    ),
}


def begin_bfd(draft: FileDraft, words: Words) -> None:
    draft.other_work = True
    draft.bfds.append(TrackableDraft(word_at(words, 1), 0, draft.diagnostics.source))


def _bfd_weight(draft: FileDraft, words: Words) -> None:
    weight = signed(draft, words, -253, 253)
    if weight is not None and draft.bfds:
        draft.bfds[-1].weight = weight
        draft.bfds[-1].reverse = words[2:3] == ["reverse"]


BFD_KEYWORDS: dict[str, Keyword] = {
    "weight": Keyword(_bfd_weight),
    **dict.fromkeys(
        (
            *("source_ip", "neighbor_ip", "neighbour_ip", "min_rx", "min_tx", "idle_tx", "multiplier", "passive"),
            *("ttl", "hoplimit", "max_hops", "vrrp", "checker"),
        ),
        Keyword(_not_used),
    ),
}

# -- garp_group


def begin_garp_group(draft: FileDraft, words: Words) -> None:
    draft.garp_group = [None, None]
    draft.garp_group_interfaces = []
    draft.garp_group_number = 0


def end_garp_group(draft: FileDraft) -> None:
    garp_us, gna_us = draft.garp_group
    if garp_us is None and gna_us is None:
        draft.diagnostics.report("garp-group", f"garp group {draft.garp_group_number} does not have any delay set - removing")
        return
    draft.garp_aggregations += draft.garp_group_number > 0
    for name in draft.garp_group_interfaces:
        draft.interface_garp.setdefault(name, (garp_us, gna_us))


def _garp_group_interval(index: int) -> Keyword:
    def handler(draft: FileDraft, words: Words) -> None:
        value_us = micros(draft, words, 0, INT_MAX)
        if value_us is None:
            draft.diagnostics.report("range", f"garp_group {words[0]} '{words[1]}' invalid")
            return
        draft.garp_group[index] = value_us
        if value_us >= SECOND_US:
            draft.diagnostics.log("large", f"The {words[0]} is very large - {words[1]} seconds")

    return Keyword(handler)


def _garp_group_interface(draft: FileDraft, words: Words) -> None:
    draft.names_interface(word_at(words, 1))
    draft.garp_group_interfaces.append(words[1])


def _garp_group_interfaces(draft: FileDraft, words: Words) -> None:
    names: list[str] = []
    draft.blocks.values(words, names.extend)
    if not names:
        draft.diagnostics.report("garp-group", "Warning - empty garp_group interfaces block")
    draft.garp_group_number = draft.garp_aggregations + 1
    for name in names:
        draft.names_interface(name)
    draft.garp_group_interfaces += names


GARP_GROUP_KEYWORDS: dict[str, Keyword] = {
    "garp_interval": _garp_group_interval(0),
    "gna_interval": _garp_group_interval(1),
    "interface": Keyword(_garp_group_interface),
    "interfaces": Keyword(_garp_group_interfaces),
}
