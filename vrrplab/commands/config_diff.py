"""``vrrplab config diff``: what a change of the files would change, and what deploying it does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vrrplab.commands.guide import Example, Guide
from vrrplab.errors import VrrplabError

if TYPE_CHECKING:
    from vrrplab.forecast.deployment import Deployment, DeployStep, Effect
    from vrrplab.forecast.diff import Diff, OutcomeChange, ValueChange
    from vrrplab.forecast.predict import Row
    from vrrplab.rules.model import Finding
    from vrrplab.scenario.nodes import Node

HELP = "what a change of the files changes, and what reloading node by node does"
DESCRIPTION = (
    "Compare the keepalived.conf files of one cluster with what they are to become: the values that"
    " keepalived runs with, the outcomes of failures, the findings of config check, and the deployment"
    " itself, simulated."
)
_CONFIGS = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")
_WIDTH = 80
GUIDE = Guide(
    (
        Example(
            "vrrplab config diff proxy-*.conf -- proxy-serv01.conf",
            "what a cluster would be without its second node; behind --: the new files",
            files=_CONFIGS,
            exit_code=1,
        ),
        Example(
            "vrrplab config diff --within 5s proxy-serv01.conf -- proxy-*.conf",
            "and with one more; 1 if deploying it takes an address away for longer",
            files=_CONFIGS,
            exit_code=1,
        ),
        Example(
            "vrrplab config diff --order proxy-serv02 --json proxy-*.conf -- proxy-serv01.conf",
            "as JSON; --order says in which order the nodes reload (or stop, or start)",
            files=_CONFIGS,
            exit_code=1,
        ),
    ),
    {1: "an error comes, a failure ends worse, or it takes longer than --within"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "old",
        metavar="OLD",
        nargs="+",
        help="the files as they are, one a node, or a folder with them; behind -- as they are to be; a node"
        " is called as its file, on both sides",
    )
    parser.add_argument(
        "--order",
        metavar="NODE,NODE",
        help="in which the nodes reload, and no other is tried; otherwise as they are given, or better",
    )
    parser.add_argument(
        "--within",
        metavar="S",
        help="exit 1 when an address is out, or doubled, for longer in the deployment",
    )
    parser.add_argument(
        "--profile",
        default="keepalived-2.2.7",
        help="whose behaviour the daemons have (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    # argparse knows no two lists of files with -- between them: what stands behind it is taken off before.
    parse = parser.parse_known_args

    def parsed(args: Sequence[str] | None = None, namespace: Any = None) -> tuple[Any, list[str]]:
        words = list(args or ())
        at = words.index("--") if "--" in words else len(words)
        behind = words[at + 1 :]
        options = [word for word in behind if word.startswith("--")]
        found, rest = parse([*words[:at], *options], namespace)
        found.new = [word for word in behind if word not in options]
        return found, rest

    parser.parse_known_args = parsed  # type: ignore[method-assign, assignment]


def run(args: argparse.Namespace) -> int:
    from vrrplab.forecast.diff import diff

    if not args.new:
        raise VrrplabError("name the new files too, behind --: vrrplab config diff a.conf b.conf -- new/")
    within_us = _within_us(args.within)
    old, new = _nodes(args.old, args.profile), _nodes(args.new, args.profile)
    order = [name.strip() for name in args.order.split(",")] if args.order else []
    found = diff(old, new, args.profile, order=order, best=not order)
    if args.json:
        import json

        json.dump(plain(found), sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        print("\n".join(lines(found)))
    plan = found.better or found.given
    is_slow = plan is not None and within_us is not None and max(plan.out_us, plan.doubled_us) > within_us
    return int(found.is_worse or is_slow)


def _nodes(paths: Sequence[str], profile: str) -> tuple[Node, ...]:
    from vrrplab.scenario.node_files import node_files
    from vrrplab.scenario.nodes import nodes_from

    return nodes_from(node_files(paths), profile=profile)


def _within_us(text: str | None) -> int | None:
    from vrrplab.units import micros

    if text is None:
        return None
    try:
        value = float(text.removesuffix("s"))
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise VrrplabError(f"--within {text}: give seconds, e.g. --within 3s")
    return micros(value)


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
    from vrrplab.output.text_columns import wrap

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
    from vrrplab.forecast.table import failures_in_words

    return failures_in_words(change.failures)


def ends(row: Row | None) -> str:
    from vrrplab.forecast.table import goes_to, out_in_words

    if row is None:
        return "no such failure"
    found = row.best
    if found is None:
        return f"not judged: {row.unjudged}"
    out = " ".join(out_in_words(row, found).split())
    if found.out.worst_us and found.out.best_us is not None:
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
    from vrrplab.units import format_s

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
    from vrrplab.units import format_s

    out = f"an address is out for up to {format_s(plan.out_us)} s" if plan.out_us else "nobody is out"
    if not plan.doubled_us:
        return out
    return f"{out}, and on two nodes between two steps, for as long as that takes"


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
    from vrrplab.units import plain_seconds

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
