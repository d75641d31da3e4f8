"""``vrrplab config diff``: what a change of the files would change, and what deploying it does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vrrplab.commands.guide import Example, Guide
from vrrplab.errors import VrrplabError

if TYPE_CHECKING:
    from vrrplab.scenario.nodes import Node

HELP = "what a change of the files changes, and what reloading node by node does"
DESCRIPTION = (
    "Compare the keepalived.conf files of one cluster with what they are to become: the values that"
    " keepalived runs with, the outcomes of failures, the findings of config check, and the deployment"
    " itself, simulated."
)
_CONFIGS = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")
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
    from vrrplab.output.progress import Progress

    if not args.new:
        raise VrrplabError("name the new files too, behind --: vrrplab config diff a.conf b.conf -- new/")
    within_us = _within_us(args.within)
    old, new = _nodes(args.old, args.profile), _nodes(args.new, args.profile)
    order = [name.strip() for name in args.order.split(",")] if args.order else []
    with Progress("diff") as progress:
        found = diff(old, new, args.profile, order=order, best=not order, how_far=progress.at)
    if args.json:
        import json

        from vrrplab.forecast.diff_text import plain

        json.dump(plain(found), sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        from vrrplab.forecast.diff_text import lines

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
