"""What a change would do, as text of 80 columns and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vrrplab.forecast.deployment import Deployment, DeployStep, Effect
from vrrplab.forecast.diff import Diff, OutcomeChange, ValueChange
from vrrplab.forecast.predict import Row
from vrrplab.forecast.table import failures_in_words, goes_to, out_in_words
from vrrplab.output.text_columns import wrap
from vrrplab.rules.model import Finding
from vrrplab.units import format_s, plain_seconds

_WIDTH = 80

# -- as text -------------------------------------------------------------------------------------------------


def lines(found: Diff) -> list[str]:
    """At most 80 columns each."""
    if found.is_empty and found.given is None:
        return ["Nothing changes: the same values, findings and outcomes."]
    parts = [
        _part("Values that keepalived runs with", _values(found.values), "none changes"),
        _part("Findings", _findings(found), "none comes, none goes"),
        _part("Failures that end otherwise", _outcomes(found), "none: each ends as before"),
        _deployment(found),
    ]
    return [line for number, part in enumerate(parts) for line in ([""] if number else []) + part]


def _part(title: str, inside: list[str], nothing: str) -> list[str]:
    return [title, *inside] if inside else [f"{title}: {nothing}"]


def _wrapped(text: str, first: str = "  ", more: str = "      ") -> list[str]:
    return wrap(text, _WIDTH, first, more)


def _values(changes: Sequence[ValueChange]) -> list[str]:
    """What several nodes change alike is said once."""
    alike: dict[tuple[str, str, str, str], list[ValueChange]] = {}
    for change in changes:
        alike.setdefault((change.block, change.option, change.before, change.after), []).append(change)
    told: list[str] = []
    for (block, option, before, after), group in alike.items():
        about = " ".join(filter(None, [", ".join(c.node for c in group), block, option]))
        places = " ".join(str(c.source) for c in group if c.source.file)
        sign, value = (
            ("~", f"{before} -> {after}") if before and after else ("+", after) if after else ("-", before)
        )
        told += _wrapped(f"{about}: {value}  {places}", f"  {sign} ")
    return told


def _findings(found: Diff) -> list[str]:
    told: list[str] = []
    for sign, findings in (("+", found.came), ("-", found.gone)):
        for one in findings:
            places = " ".join(str(place.source) for place in one.places)
            told += _wrapped(f"{one.rule} {one.severity} {places}: {one.message}", f"  {sign} ")
    return told


def _outcomes(found: Diff) -> list[str]:
    told: list[str] = []
    for change in found.outcomes:
        told += _wrapped(
            f"{_failing(change)} ({', '.join(change.addresses)})", "  ! " if change.is_worse else "  ~ "
        )
        told += _wrapped(f"{ends(change.before)} -> {ends(change.after)}", "      ")
    for word, addresses in (("new", found.new_addresses), ("gone", found.lost_addresses)):
        if addresses:
            told += _wrapped(f"not compared, as it is {word}: {', '.join(addresses)}")
    return told


def _failing(change: OutcomeChange) -> str:
    return failures_in_words(change.failures)


def ends(row: Row | None) -> str:
    if row is None:
        return "no such failure"
    found = row.best
    if found is None:
        return f"not judged: {row.unjudged}"
    out = " ".join(out_in_words(row, found).split())
    if found.out.worst_us and found.out.best_us is not None and not found.by_cache:
        out = f"out {out} s (best, typical, worst)"
    return f"{goes_to(row)}, {out}"


def _deployment(found: Diff) -> list[str]:
    plan = found.better or found.given
    if plan is None:
        return ["Deployment: no node has anything to reload"]
    why = ""
    if found.better is not None and found.given is not None:
        why = f": better than {', '.join(found.given.order)} ({_sum(found.given)}); {plan.tried} orders tried"
    told = _wrapped(f"Deployment, {', '.join(plan.order)}{why}", "", "    ")
    for number, step in enumerate(plan.steps, 1):
        told += _step(number, step, plan)
    return [*told, *_wrapped(f"In all: {_sum(plan)}.")]


def _step(number: int, step: DeployStep, plan: Deployment) -> list[str]:
    acts = {"reload": "reload", "start": "start keepalived on", "stop": "stop keepalived on"}
    last = number == len(plan.steps)
    told = [_effect(effect, last) for effect in step.effects if effect.is_felt]
    return _wrapped(
        f"{number} {acts[step.act]} {step.node}: {'; '.join(told) or 'nobody notices'}", "  ", "    "
    )


def _effect(effect: Effect, last: bool) -> str:
    before, after = (" AND ".join(having) or "nobody" for having in (effect.before, effect.after))
    if len(effect.after) > 1:
        until = "for good" if last else "until the next step"
        return f"{effect.address} on {after} at once, {until}"
    text = (
        f"{effect.address} {before} -> {after}" if before != after else f"{effect.address} stays on {after}"
    )
    if effect.goes and not effect.after:
        text += ", as no new file has it"
    if effect.out_us:
        text += f", out {format_s(effect.out_us)} s"
    if effect.doubled_us:
        text += f", on two at once for {format_s(effect.doubled_us)} s"
    return text


def _sum(plan: Deployment) -> str:
    out = f"an address is out for up to {format_s(plan.out_us)} s" if plan.out_us else "nobody is out"
    if not plan.doubled_us:
        return out
    shared = [any(len(effect.after) > 1 for effect in step.effects) for step in plan.steps]
    if shared[-1]:
        until = "for good"
    else:
        until = "until the next step" if any(shared) else f"for {format_s(plan.doubled_us)} s"
    return f"{out}, and one is on two nodes at once {until}"


# -- as JSON -------------------------------------------------------------------------------------------------


def plain(found: Diff) -> dict[str, Any]:
    """What ``--json`` prints; times in seconds."""
    return {
        "values": [
            {
                "node": c.node,
                "block": c.block,
                "option": c.option,
                "before": c.before or None,
                "after": c.after or None,
                "file": c.source.file,
                "line": c.source.line,
            }
            for c in found.values
        ],
        "findings": {
            "came": [_plain_finding(one) for one in found.came],
            "gone": [_plain_finding(one) for one in found.gone],
        },
        "outcomes": [
            {
                "failures": [[f"{f.node} {f.words}" for f in failing] for failing in change.failures],
                "addresses": list(change.addresses),
                "before": _plain_row(change.before),
                "after": _plain_row(change.after),
                "worse": change.is_worse,
            }
            for change in found.outcomes
        ],
        "new_addresses": list(found.new_addresses),
        "lost_addresses": list(found.lost_addresses),
        "deployment": _plain_plan(found.given),
        "better": _plain_plan(found.better),
        "worse": found.is_worse,
    }


def _plain_finding(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "severity": one.severity.value,
        "message": one.message,
        "places": [{"node": p.node, "file": p.source.file, "line": p.source.line} for p in one.places],
    }


def _plain_row(row: Row | None) -> dict[str, Any] | None:
    if row is None or row.best is None:
        return None
    found = row.best
    times = (found.out.best_us, found.out.typical_us, found.out.worst_us)
    return {
        "ends": [list(end) for end in found.ends],
        "out_s": [None if t is None else t / 1_000_000 for t in times],
        "text": ends(row),
    }


def _plain_plan(plan: Deployment | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {
        "order": list(plan.order),
        "tried": plan.tried,
        "steps": [
            {
                "node": step.node,
                "act": step.act,
                "at_s": plain_seconds(step.at_us),
                "effects": [
                    {
                        "address": e.address,
                        "before": list(e.before),
                        "after": list(e.after),
                        "out_s": plain_seconds(e.out_us),
                        "doubled_s": plain_seconds(e.doubled_us),
                        "goes": e.goes,
                    }
                    for e in step.effects
                ],
            }
            for step in plan.steps
        ],
    }
