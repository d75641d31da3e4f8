"""``vrrplab config predict``: what every single failure of a cluster does, from the files of all nodes."""

from __future__ import annotations

import argparse
import sys

from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_arguments, nodes_of

HELP = "who takes over after every single failure, and how long that takes"
DESCRIPTION = (
    "Tell for every single failure of a cluster who has each address afterwards, and how long clients are"
    " out: in closed form, from the timers of its keepalived.conf files, and in the simulator."
)
_CONFIGS = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")
GUIDE = Guide(
    (
        Example(
            "vrrplab config predict proxy-serv01.conf proxy-serv02.conf",
            "what every failure of the article's two servers does, the worst first",
            files=_CONFIGS,
        ),
        Example(
            "vrrplab config predict proxy-serv01.conf proxy-serv02.conf --closed-form",
            "from the formulas alone, in a moment",
            files=_CONFIGS,
        ),
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_node_arguments(parser)
    parser.add_argument(
        "--closed-form", action="store_true", help="from the formulas alone; do not ask the simulator"
    )


def run(args: argparse.Namespace) -> int:
    from vrrplab.forecast.predict import forecast
    from vrrplab.forecast.table import text_of

    found = forecast(nodes_of(args), args.profile, simulate=not args.closed_form)
    sys.stdout.write(text_of(found))
    return 0
