"""``why``: why it did, or did not, fail over: the line, the rule, the packet, the law, and what alters it."""

from __future__ import annotations

import argparse
import sys

from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_arguments, scenario_of
from vrrplab.errors import VrrplabError

_CONFIGS = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")
_BOTH = "proxy-serv01.conf proxy-serv02.conf"

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
    from vrrplab.output.progress import Progress
    from vrrplab.scenario.fail_line import FORM, with_failures

    scenario = scenario_of(args, args.file)
    if not args.fail and not scenario.actions:
        raise VrrplabError(f"nothing fails: say what does with --fail: {FORM}")
    with Progress("why") as progress:
        found = why(with_failures(scenario, args.fail), cures=not args.no_cures, how_far=progress.at)
    if args.json:
        import json

        from vrrplab.forecast.why_text import plain

        json.dump(plain(found), sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        from vrrplab.forecast.why_text import lines

        print("\n".join(lines(found)))
    return 0
