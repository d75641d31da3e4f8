"""``vrrplab config predict``: what every single failure of a cluster does, from the files of all nodes."""

from __future__ import annotations

import argparse
import gc
import math
import sys
from typing import TYPE_CHECKING

from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_arguments, nodes_of
from vrrplab.output.files import OutputName, replaced_text
from vrrplab.output.printable import printable

if TYPE_CHECKING:
    from vrrplab.forecast.predict import Forecast

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
            "vrrplab config predict --within 3s proxy-serv01.conf proxy-serv02.conf",
            "as a gate: exit code 1 if clients may be out for more than 3 s",
            files=_CONFIGS,
            exit_code=1,
        ),
        Example(
            "vrrplab config predict --mermaid proxy-serv01.conf proxy-serv02.conf",
            "the cluster and the order of takeovers, for a pull request",
            files=_CONFIGS,
        ),
        Example(
            "vrrplab config predict --html forecast.html proxy-serv01.conf proxy-serv02.conf",
            "the table as a page, with the three worst failures to be played",
            files=_CONFIGS,
        ),
    ),
    {1: "--within: clients may be out for longer than that, or for ever"},
)


def _limit_s(text: str) -> float:
    """``3s``, ``3`` or ``500ms``, in seconds."""
    number, unit = (text[:-2], 1e-3) if text.endswith("ms") else (text.removesuffix("s"), 1.0)
    try:
        value = float(number) * unit
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{printable(text)!r} is no time: 3s, 0.5s, 500ms")
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_node_arguments(parser)
    parser.add_argument(
        "--closed-form", action="store_true", help="from the formulas alone; do not ask the simulator"
    )
    parser.add_argument(
        "--pairs",
        action="store_true",
        help="two failures of different nodes at once, too: those that are worse than each alone",
    )
    parser.add_argument(
        "--within",
        metavar="TIME",
        type=_limit_s,
        help="a gate: exit code 1 if clients may be out for longer than that (3s, 500ms)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument(
        "--mermaid", action="store_true", help="the cluster and the order of takeovers, as a diagram's text"
    )
    parser.add_argument(
        "--html",
        metavar="FILE",
        type=OutputName,
        help="also a page, complete in one file, with the three worst failures to be played",
    )


def run(args: argparse.Namespace) -> int:
    from vrrplab.forecast.predict import forecast

    nodes = nodes_of(args)
    was_collecting = gc.isenabled()
    gc.disable()  # as ``simulate``: runs make values, not cycles
    try:
        found = forecast(nodes, args.profile, simulate=not args.closed_form, pairs=args.pairs)
        if args.html:
            from vrrplab.commands.config_predict_page import page

            with replaced_text(args.html) as file:
                file.write(page(found))
        sys.stdout.write(_text(found, args))
        return _gate(found, args.within)
    finally:
        if was_collecting:
            gc.enable()


def _text(found: Forecast, args: argparse.Namespace) -> str:
    if args.json:
        import json

        from vrrplab.forecast.formats import plain

        return json.dumps(plain(found), ensure_ascii=False, indent=1) + "\n"
    if args.mermaid:
        from vrrplab.forecast.formats import mermaid

        return mermaid(found)
    from vrrplab.forecast.table import text_of

    return text_of(found)


def _gate(found: Forecast, limit_s: float | None) -> int:
    """What is over the limit, a line each, and the exit code."""
    if limit_s is None:
        return 0
    from vrrplab.forecast.table import failures_in_words, longest_in_words
    from vrrplab.tell.words import wrap

    over = found.over(limit_s)
    for section, row in over:
        what = f"over {limit_s:g} s: {', '.join(section.addresses)}: {failures_in_words(row.failures)}"
        for line in wrap(f"{what}: {longest_in_words(row)}", 80, "  "):
            print(line, file=sys.stderr)
    return int(bool(over))
