"""The ``track_…`` blocks of an instance or a sync group: interfaces, scripts, files, processes, BFD sessions.

A line is ``NAME [weight N [reverse|noreverse]]``. Without a weight an interface counts 0 (its loss means
FAULT), anything else what its own block says. That block must stand above the place where it is tracked.
"""

from __future__ import annotations

from collections.abc import Callable

from vrrplab.config.blocks import Keyword, Words
from vrrplab.config.drafts import FileDraft, GroupDraft, InstanceDraft, Named, ScriptDraft, TrackableDraft
from vrrplab.config.model import TrackedObject
from vrrplab.config.options import signed

_KINDS = {
    "interface": "interfaces",
    "script": "scripts",
    "file": "files",
    "process": "processes",
    "bfd": "bfds",
}
"""What can be tracked, and its place in a TrackingDraft (of a FileDraft: where it is defined)."""
_EXPLAINED = ("interface", "script")  # whose mistakes are told in our own words too; 254 is cut to 253

# How the daemon calls a line when it does not know its option, and the option behind its weight.
_OPTION_OF = {"interface": "track_interface {}", "bfd": "track bfd {}"}
_WEIGHT_OF = {
    "interface": "track_interace",
    "script": "track_script",
    "process": "track_process",
}


def tracking_keywords(
    block: Callable[[FileDraft], InstanceDraft | GroupDraft],
) -> dict[str, Keyword]:
    """The ``track_…`` keywords of ``block``."""

    def keyword(kind: str) -> Keyword:
        def handler(draft: FileDraft, words: Words) -> None:
            owner = block(draft)
            into = getattr(owner.tracking, _KINDS[kind])
            draft.blocks.values(words, lambda entry: _take(draft, owner.name, kind, into, entry))

        return Keyword(handler)

    return {f"track_{kind}": keyword(kind) for kind in _KINDS}


def _take(draft: FileDraft, owner: str, kind: str, into: dict[str, TrackedObject], words: Words) -> None:
    """One line; whether an interface exists is not known here."""
    name = words[0]

    def report(topic: str, log: str, message: str = "", hint: str = "") -> None:
        own_words = (message, hint) if kind in _EXPLAINED else ()
        draft.diagnostics.report(topic, f"({owner}) {log}", *own_words)

    weight, reverse = 0, False
    if kind == "interface":
        draft.names_interface(name)
    else:
        target = _defined(draft, owner, kind, name)
        if target is None:
            return
        weight, reverse = target.weight, target.reverse
    if name in into:
        report("duplicate", f"duplicate track_{kind} {name} - ignoring", f"{name} is tracked already")
        return
    if len(words) >= 2:
        not_tracked = f"{'' if kind == 'interface' else 'the script '}{name} is not tracked at all"
        if words[1] != "weight":
            line = _OPTION_OF.get(kind, f"track {kind}").format(name)
            cure = f"write {name} weight N"
            report(
                "track-option",
                f"unknown {line} option {words[1]} - ignoring",
                f"'{words[1]}' means nothing here; {not_tracked}",
                f"{cure}, or each interface on a line of its own" if kind == "interface" else cure,
            )
            return
        if len(words) == 2:
            line = "track_interface" if kind == "interface" else f"track {kind}"
            report(
                "track-option",
                f"weight without value specified for {line} {name} - ignoring",
                f"'weight' without a number; {not_tracked}",
            )
            return
        limit = 253 if kind == "bfd" else 254
        value = signed(draft, words, -limit, limit, index=2)
        if value is None:
            log, used = (
                f"weight for track {kind} {name} must be in [-{limit}..{limit}] inclusive. Ignoring...",
                "",
            )
            if kind == "interface":
                log = f"weight {words[2]} for {name} must be between [-253..253] inclusive. Ignoring..."
                used = f"0 is used, so that the loss of {name} means FAULT"
            elif kind == "script":
                log = f"track script {name}: weight must be between [-253..253] inclusive, ignoring..."
                used = f"{weight} is used"
            report("range", log, f"'{words[2]}' is no weight; {used}", "write a number from -253 to 253")
        else:
            weight = _without_254(draft, owner, name, value) if kind in _EXPLAINED else value
        if len(words) >= 4:
            if words[3] == "reverse" or (words[3] == "noreverse" and kind != "interface"):
                reverse = words[3] == "reverse"
            else:
                line = _WEIGHT_OF.get(kind, f"track {kind}")
                report("track-option", f"unknown {line} {name} weight option {words[3]} - ignoring")
                if kind in ("file", "bfd"):
                    return
    into[name] = TrackedObject(name, weight, reverse, draft.diagnostics.source)


def _defined(draft: FileDraft, owner: str, kind: str, name: str) -> ScriptDraft | TrackableDraft | None:
    known: Named[ScriptDraft] | Named[TrackableDraft] = getattr(draft, _KINDS[kind])
    target = known.named(name)
    if target is None:
        is_script = kind == "script"
        draft.diagnostics.report(
            "track-unknown",
            f"({owner}) track {kind} {name} not found, ignoring...",
            f"{owner} tracks the {kind} '{name}', which is not defined above it"
            + (": the check has no effect" if is_script else ""),
            f"move 'vrrp_script {name} {{ … }}' above the instance" if is_script else "",
        )
    return target


def _without_254(draft: FileDraft, owner: str, name: str, weight: int) -> int:
    if abs(weight) != 254:
        return weight
    draft.diagnostics.report(
        "range",
        f"({owner}) weight for {name} cannot be +/-254. Setting to +/-253",
        f"the weight of {name} is cut to {'-' if weight < 0 else ''}253",
    )
    return -253 if weight < 0 else 253
