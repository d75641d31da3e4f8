"""The keywords of blocks that instances refer to: ``track_file``, ``vrrp_track_process``, ``garp_group`` …

What a file holds, how many processes run and whether a BFD session is up comes from the driver.
"""

from __future__ import annotations

from vrrplab.config.blocks import Keyword, Words, word_at
from vrrplab.config.drafts import FileDraft, TrackableDraft
from vrrplab.config.numbers import INT_MAX, INT_MIN
from vrrplab.config.options import micros, reverse_word, signed, unsigned
from vrrplab.units import SECOND_US


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
            f"Weight ({words[1]}) for track_file {file.name} must be between [-254..254] inclusive. "
            "Ignoring...",
        )
        weight = 1
    file.weight = weight
    reverse_word(draft, words, f"track_file {file.name}", file)


def _file_init(draft: FileDraft, words: Words) -> None:
    """``init_file [VALUE] [overwrite]``: 0 unless a value is given."""
    file = draft.file
    if file is None:
        return
    file.init_value = 0
    for index, word in enumerate(words[1:], 1):
        if word == "overwrite":
            file.overwrite = True
        elif word[:1].isdigit() or word[:1] == "-":
            value = signed(draft, words, INT_MIN, INT_MAX, index=index, lenient=False)
            if value is None:
                draft.diagnostics.report("track-file", f"Track file {file.name} init value {word} is invalid")
            elif not -254 <= value <= 254:
                draft.diagnostics.report(
                    "range",
                    f"Track file {file.name} init value {value} is outside sensible range [-254, 254]",
                )
            file.init_value = value or 0
        else:
            draft.diagnostics.report("track-file", f"Unknown track file init option {word}")


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
        draft.diagnostics.report(
            "track-process", f"track process '{process.name}' process name not specified"
        )
        draft.processes.drop_last()
    elif not process.process_value.findable:
        draft.diagnostics.note(
            "track-process",
            f"track process '{process.name}' never finds {process.target}: it is compared with the kernel's"
            " name of a process, which has no path and 15 letters at most",
            "add full_command, or write that name",
            process.source,
        )


def _process_name(draft: FileDraft, words: Words) -> None:
    process = draft.process
    if process.target:
        draft.diagnostics.report(
            "duplicate",
            f"Process already set for track process {process.name} - ignoring {word_at(words, 1)}",
        )
    else:
        process.target = word_at(words, 1)
        process.parameters = list(words[2:])
        if process.parameters:
            process.param_match, process.full_command = process.param_match or "exact", True


def _process_weight(draft: FileDraft, words: Words) -> None:
    process, diagnostics = draft.process, draft.diagnostics
    if len(words) < 2:
        diagnostics.report(
            "track-process", f"No weight specified for track process {process.name} - ignoring"
        )
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
            f"Weight ({words[1]}) for vrrp_track_process {process.name} must be between [-254..254] "
            "inclusive. Ignoring...",
        )
        return
    reverse_word(draft, words, f"vrrp_track_process {process.name}", process)
    process.weight = weight


def _process_match(draft: FileDraft, words: Words) -> None:
    """``param_match [initial|partial]``: how the parameters of a process are compared."""
    if words[1:] and words[1] not in ("initial", "partial"):
        draft.diagnostics.report("track-process", f"Invalid param_match type {words[1]} - ignoring")
        return
    draft.process.param_match, draft.process.full_command = " ".join(words[1:2]) or "exact", True


def _process_full(draft: FileDraft, words: Words) -> None:
    draft.process.full_command = True


def _process_quorum(draft: FileDraft, words: Words) -> None:
    process = draft.process
    quorum = unsigned(draft, words, 1, 65535)
    if quorum is None:
        log = f"Quorum ({words[1]}) for vrrp_track_process {process.name} must be between [1..65535]"
        draft.diagnostics.report("range", f"{log} inclusive. Ignoring...")
    elif quorum > process.quorum_max:
        draft.diagnostics.report("range", "Quorum is greater than quorum_max - ignoring")
    else:
        process.quorum = quorum


def _process_quorum_max(draft: FileDraft, words: Words) -> None:
    """``quorum_max 0``: no such process may run."""
    process = draft.process
    most = unsigned(draft, words, 0, 65535)
    if most is None:
        log = f"quorum_max ({words[1]}) for vrrp_track_process {process.name} must be between [0..65535]"
        draft.diagnostics.report("range", f"{log} inclusive. Ignoring...")
    elif (most or process.quorum > 1) and most < process.quorum:
        draft.diagnostics.report("range", "quorum_max is less than quorum - ignoring")
    else:
        process.quorum_max = most
        process.quorum = min(process.quorum, most)


def _process_delay(draft: FileDraft, words: Words) -> None:
    """``delay``, ``terminate_delay``, ``fork_delay``.

    The last is a delay of forked children, for the moment in which they still bear their parent's name; a
    process that was started by its command counts at once (2.2.7, measured).
    """
    delay_us = micros(draft, words, 1, 3600 * SECOND_US)
    if delay_us is None:
        draft.diagnostics.report(
            "range",
            f"{words[0]} ({words[1]}) for vrrp_track_process {draft.process.name} must be between"
            " [0.000001..3600] inclusive. Ignoring...",
        )
    elif words[0] != "fork_delay":
        draft.process.terminate_delay_us = delay_us


def _not_used(draft: FileDraft, words: Words) -> None:
    """A detail of the session: whether it is up comes from outside."""


PROCESS_KEYWORDS: dict[str, Keyword] = {
    "process": Keyword(_process_name),
    "weight": Keyword(_process_weight),
    "param_match": Keyword(_process_match),
    "full_command": Keyword(_process_full),
    "quorum": Keyword(_process_quorum),
    "quorum_max": Keyword(_process_quorum_max),
    **dict.fromkeys(("delay", "terminate_delay", "fork_delay"), Keyword(_process_delay)),
}


def begin_bfd(draft: FileDraft, words: Words) -> None:
    draft.other_work = True
    draft.bfds.append(TrackableDraft(word_at(words, 1), 0, draft.diagnostics.source))


def _bfd_weight(draft: FileDraft, words: Words) -> None:
    weight = signed(draft, words, -253, 253)
    if weight is not None and draft.bfds:
        draft.bfds.last.weight = weight
        draft.bfds.last.reverse = words[2:3] == ["reverse"]


BFD_KEYWORDS: dict[str, Keyword] = {
    "weight": Keyword(_bfd_weight),
    **dict.fromkeys(
        (
            *(
                "source_ip",
                "neighbor_ip",
                "neighbour_ip",
                "min_rx",
                "min_tx",
                "idle_tx",
                "multiplier",
                "passive",
            ),
            *("ttl", "hoplimit", "max_hops", "vrrp", "checker"),
        ),
        Keyword(_not_used),
    ),
}


def begin_garp_group(draft: FileDraft, words: Words) -> None:
    draft.garp_group = [None, None]
    draft.garp_group_interfaces = []
    draft.garp_group_number = 0


def end_garp_group(draft: FileDraft) -> None:
    garp_us, gna_us = draft.garp_group
    if garp_us is None and gna_us is None:
        draft.diagnostics.report(
            "garp-group", f"garp group {draft.garp_group_number} does not have any delay set - removing"
        )
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
