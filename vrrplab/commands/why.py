"""``why``: why it did, or did not, fail over: the line, the rule, the packet, the law, and what alters it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_arguments, nodes_of
from vrrplab.errors import VrrplabError

if TYPE_CHECKING:
    from vrrplab.forecast.why import Answer, Why
    from vrrplab.scenario.model import Scenario

_CONFIGS = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")
_BOTH = "proxy-serv01.conf proxy-serv02.conf"
_WIDTH = 80
_LABEL = 9  # columns before a step's text

GUIDES = {
    "": Guide(
        (
            Example(
                f"vrrplab why {_BOTH} --fail 'proxy-serv01 eth0'",
                "a cable is pulled: who takes over, after how long, and why",
                files=_CONFIGS,
            ),
            Example(
                "vrrplab why proxy-*.conf --fail 'proxy-serv01 kill for 20' --json",
                "a daemon is killed, and started again 20 s later, as JSON",
                files=_CONFIGS,
            ),
            Example("vrrplab why article-drill-3-squid", "every action of a scenario, one after the other"),
        ),
    )
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_node_arguments(parser, or_scenario=True)
    parser.add_argument(
        "--fail",
        action="append",
        default=[],
        metavar="FAILURE",
        help="what fails, as often as you like: 'SERVER THING [at S] [for S]' or 'NETWORK cut', as in vrrplab"
        " simulate --help; a scenario has failures of its own",
    )
    parser.add_argument("--no-cures", action="store_true", help="do not look for changes that would cure it")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace) -> int:
    from vrrplab.forecast.why import why
    from vrrplab.scenario.fail_line import FORM, with_failures

    scenario = _scenario(args)
    if not args.fail and not scenario.actions:
        raise VrrplabError(f"nothing fails: say what does, --fail '{FORM}'")
    found = why(with_failures(scenario, args.fail), cures=not args.no_cures)
    if args.json:
        import json

        json.dump(plain(found), sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        print("\n".join(lines(found)))
    return 0


def _scenario(args: argparse.Namespace) -> Scenario:
    """The scenario that was named, or that the nodes' files make."""
    from vrrplab.scenario.mistaken_files import is_scenario

    named = [name for name in args.file if is_scenario(name)]
    if named:
        from vrrplab.scenario.reader import load_scenario

        if len(args.file) > 1 or args.node or args.inventory or args.addresses:
            raise VrrplabError(f"{named[0]} is a scenario: name it alone, or the keepalived.conf files alone")
        return load_scenario(named[0], profile=args.profile)
    from vrrplab.scenario.from_configs import scenario_of_nodes

    args.profile = args.profile or "keepalived-2.2.7"
    return scenario_of_nodes(nodes_of(args), args.profile)


# -- as text -------------------------------------------------------------------------------------------------


def lines(found: Why) -> list[str]:
    """At most 80 columns each."""
    from vrrplab.tell.words import wrap
    from vrrplab.units import format_s

    if not found.answers:
        return _states(found)
    told: list[str] = []
    last_us = -1
    for answer in found.answers:
        if answer.at_us != last_us:
            told += [""] if told else []
            happened = "; ".join(answer.happened)
            told += wrap(f"{format_s(answer.at_us)} s  {happened}", _WIDTH, "    ")
            last_us = answer.at_us
        told += ["", *_told(answer)]
    return told


def _states(found: Why) -> list[str]:
    """Where no file has a virtual address, nothing can move; then what the instances are."""
    from vrrplab.tell.words import wrap
    from vrrplab.units import seconds

    told = ["No file has a virtual address, so none can move. In the end:"]
    for name, server in found.trace.instances:
        reason = found.trace.why(seconds(found.trace.end_us), server, name)
        told += wrap(f"{name} on {server}: {reason}", _WIDTH, "    ")
    return told


def _told(answer: Answer) -> list[str]:
    from vrrplab.tell.words import wrap

    addresses = ", ".join(answer.addresses[:3])
    more = len(answer.addresses) - 3
    addresses += f" and {more} more" if more > 0 else ""
    told = wrap(f"{addresses} (VRID {answer.vrid}, {answer.network}) {answer.headline}", _WIDTH, "  ")
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
    from vrrplab.output.text_columns import wrap

    return wrap(text, _WIDTH, f"  {label:<{_LABEL - 2}}", " " * _LABEL)


# -- as JSON -------------------------------------------------------------------------------------------------


def plain(found: Why) -> dict[str, Any]:
    """What ``--json`` prints; times in seconds."""
    return {"cluster": found.scenario.name, "answers": [_plain(answer) for answer in found.answers]}


def _plain(answer: Answer) -> dict[str, Any]:
    from vrrplab.units import plain_seconds

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
