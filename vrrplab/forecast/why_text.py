"""Why it did, or did not, fail over, as text of 80 columns and as plain values for JSON."""

from __future__ import annotations

from typing import Any

from vrrplab.forecast.why import Answer, Why
from vrrplab.output.text_columns import wrap
from vrrplab.units import format_s, plain_seconds, seconds

_WIDTH = 80
_LABEL = 9  # columns before a step's text

# -- as text -------------------------------------------------------------------------------------------------


def lines(found: Why) -> list[str]:
    """At most 80 columns each."""
    if not found.answers:
        return _states(found)
    told: list[str] = []
    last_us = -1
    for answer in found.answers:
        if answer.at_us != last_us:
            told += [""] if told else []
            happened = "; ".join(answer.happened)
            told += wrap(f"{format_s(answer.at_us)} s  {happened}", _WIDTH, more="    ")
            last_us = answer.at_us
        told += ["", *_told(answer)]
    return told


def _states(found: Why) -> list[str]:
    """Where no file has a virtual address, nothing can move; then what the instances are."""
    told = ["No file has a virtual address, so none can move. In the end:"]
    for name, server in found.trace.instances:
        reason = found.trace.why(seconds(found.trace.end_us), server, name)
        told += wrap(f"{name} on {server}: {reason}", _WIDTH, more="    ")
    return told


def _told(answer: Answer) -> list[str]:
    addresses = ", ".join(answer.addresses[:3])
    more = len(answer.addresses) - 3
    addresses += f" and {more} more" if more > 0 else ""
    told = wrap(f"{addresses} (VRID {answer.vrid}, {answer.network}) {answer.headline}", _WIDTH, more="  ")
    for step in answer.steps:
        places = " ".join(str(place.source) for place in step.places if place.source.line)
        head = f"{step.id}: " if step.id else ""
        told += _labelled(step.kind, f"{places} {head}{step.text}".strip())
    for cure in answer.cures:
        label = "cure" if answer.outcome.is_bad else "faster"
        told += _labelled(label, str(cure))
    if answer.advice:
        told += _labelled("cure", answer.advice)
    return told


def _labelled(label: str, text: str) -> list[str]:
    return wrap(text, _WIDTH, f"  {label:<{_LABEL - 2}}", " " * _LABEL)


# -- as JSON -------------------------------------------------------------------------------------------------


def plain(found: Why) -> dict[str, Any]:
    """What ``--json`` prints; times in seconds."""
    return {"cluster": found.scenario.name, "answers": [_plain(answer) for answer in found.answers]}


def _plain(answer: Answer) -> dict[str, Any]:
    return {
        "at_s": plain_seconds(answer.at_us),
        "happened": list(answer.happened),
        "addresses": list(answer.addresses),
        "vrid": answer.vrid,
        "network": answer.network,
        "before": list(answer.before),
        "after": list(answer.after),
        "outcome": answer.outcome.value,
        "text": answer.headline,
        "moved_s": None if answer.moved_us is None else plain_seconds(answer.moved_us),
        "steps": [
            {
                "kind": step.kind,
                **({"id": step.id} if step.id else {}),
                "text": step.text,
                "places": [
                    {"node": p.node, "file": p.source.file, "line": p.source.line} for p in step.places
                ],
            }
            for step in answer.steps
        ],
        "cures": [
            {
                "changes": [
                    {
                        "node": edit.server,
                        "file": edit.source.file,
                        "line": edit.source.line,
                        "before": edit.before,
                        "after": edit.after,
                    }
                    for edit in cure.edits
                ],
                "leads_to": cure.leads_to,
                "not_enough": cure.too_little,
            }
            for cure in answer.cures
        ],
        "advice": answer.advice,
    }
