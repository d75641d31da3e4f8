"""``track_interface`` and ``track_script`` lines of an instance or a sync group.

``NAME [weight N [reverse]]``. Without a weight an interface counts 0 (its loss means FAULT), a script
what its ``vrrp_script`` says. A script must be defined above the place where it is tracked.
"""

from __future__ import annotations

from vrrplab.config.blocks import Words
from vrrplab.config.drafts import FileDraft, TrackingDraft
from vrrplab.config.model import TrackedObject
from vrrplab.config.options import signed


def take_interface(draft: FileDraft, owner: str, tracking: TrackingDraft, words: Words) -> None:
    """A line of ``track_interface``; whether the interface exists is not known here."""
    name = words[0]
    diagnostics = draft.diagnostics
    draft.names_interface(name)
    if any(one.name == name for one in tracking.interfaces):
        diagnostics.report(
            "duplicate",
            f"({owner}) duplicate track_interface {name} - ignoring",
            f"{name} is tracked already",
        )
        return
    weight, reverse = 0, False
    if len(words) >= 2:
        if words[1] != "weight":
            diagnostics.report(
                "track-option",
                f"({owner}) unknown track_interface {name} option {words[1]} - ignoring",
                f"'{words[1]}' means nothing here; {name} is not tracked at all",
                f"write {name} weight N, or each interface on a line of its own",
            )
            return
        if len(words) == 2:
            diagnostics.report(
                "track-option",
                f"({owner}) weight without value specified for track_interface {name} - ignoring",
                f"'weight' without a number; {name} is not tracked at all",
            )
            return
        value = signed(draft, words, -254, 254, index=2)
        if value is None:
            diagnostics.report(
                "range",
                f"({owner}) weight {words[2]} for {name} must be between [-253..253] inclusive. Ignoring...",
                f"'{words[2]}' is no weight; 0 is used, so that the loss of {name} means FAULT",
                "write a number from -253 to 253",
            )
        else:
            weight = _without_254(draft, owner, name, value)
        if len(words) >= 4:
            if words[3] == "reverse":
                reverse = True
            else:
                diagnostics.report(
                    "track-option",
                    f"({owner}) unknown track_interace {name} weight option {words[3]} - ignoring",
                )
    tracking.interfaces.append(TrackedObject(name, weight, reverse, diagnostics.source))


def take_script(draft: FileDraft, owner: str, tracking: TrackingDraft, words: Words) -> None:
    """A line of ``track_script``."""
    name = words[0]
    diagnostics = draft.diagnostics
    script = next((one for one in draft.scripts if one.name == name), None)
    if script is None:
        diagnostics.report(
            "track-unknown",
            f"({owner}) track script {name} not found, ignoring...",
            f"{owner} tracks the script '{name}', which is not defined above it: the check has no effect",
            f"move 'vrrp_script {name} {{ … }}' above the instance",
        )
        return
    if any(one.name == name for one in tracking.scripts):
        diagnostics.report(
            "duplicate", f"({owner}) duplicate track_script {name} - ignoring", f"{name} is tracked already"
        )
        return
    weight, reverse = script.weight, script.reverse
    if len(words) >= 2:
        if words[1] != "weight":
            diagnostics.report(
                "track-option",
                f"({owner}) unknown track script option {words[1]} - ignoring",
                f"'{words[1]}' means nothing here; the script {name} is not tracked at all",
                f"write {name} weight N",
            )
            return
        if len(words) == 2:
            diagnostics.report(
                "track-option",
                f"({owner}) weight without value specified for track script {name} - ignoring",
                f"'weight' without a number; the script {name} is not tracked at all",
            )
            return
        value = signed(draft, words, -254, 254, index=2)
        if value is None:
            diagnostics.report(
                "range",
                f"({owner}) track script {name}: weight must be between [-253..253] inclusive, ignoring...",
                f"'{words[2]}' is no weight; {weight} is used",
                "write a number from -253 to 253",
            )
        else:
            weight = _without_254(draft, owner, name, value)
        if len(words) >= 4:
            if words[3] in ("reverse", "noreverse"):
                reverse = words[3] == "reverse"
            else:
                diagnostics.report(
                    "track-option",
                    f"({owner}) unknown track_script {name} weight option {words[3]} - ignoring",
                )
    tracking.scripts.append(TrackedObject(name, weight, reverse, diagnostics.source))


def _without_254(draft: FileDraft, owner: str, name: str, weight: int) -> int:
    if abs(weight) != 254:
        return weight
    draft.diagnostics.report(
        "range",
        f"({owner}) weight for {name} cannot be +/-254. Setting to +/-253",
        f"the weight of {name} is cut to {'-' if weight < 0 else ''}253",
    )
    return -253 if weight < 0 else 253
