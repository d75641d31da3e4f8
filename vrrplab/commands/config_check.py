"""``vrrplab config check``: what is wrong within and between the files of all nodes."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_arguments, nodes_of
from vrrplab.output.files import OutputName

if TYPE_CHECKING:
    from vrrplab.rules.baseline import Baseline
    from vrrplab.rules.cluster import Cluster
    from vrrplab.rules.model import Finding, Rule

HELP = "what is wrong within and between the files"
DESCRIPTION = "Tell what is wrong within and between the keepalived.conf files of one cluster."
FORMATS = ("text", "json", "sarif", "github")
_ARTICLE = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")
_BROKEN = ("configs/lesson-broken/web1.conf", "configs/lesson-broken/web2.conf")
_COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}
GUIDE = Guide(
    (
        Example(
            "vrrplab config check proxy-serv01.conf proxy-serv02.conf",
            "what is wrong in and between two files",
            files=_ARTICLE,
        ),
        Example(
            "vrrplab config check proxy-serv01.conf proxy-serv02.conf --show V084",
            "and the run that shows what comes of one of them",
            files=_ARTICLE,
        ),
        Example(
            "vrrplab config check proxy-serv01.conf proxy-serv02.conf --format sarif --out check.sarif",
            "for a code host that shows findings at their lines",
            files=_ARTICLE,
        ),
        Example(
            "vrrplab config check proxy-serv01.conf proxy-serv02.conf --write-baseline known.json",
            "keep what is known, so that --baseline known.json tells only what is new",
            files=_ARTICLE,
        ),
    ),
    {1: "an address is lost or doubled, or as fail-on of .vrrplab.toml has it"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_node_arguments(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to tell it (default: text)")
    parser.add_argument(
        "--out", metavar="FILE", type=OutputName, help="write there instead of to the terminal"
    )
    parser.add_argument(
        "--show",
        metavar="RULE",
        help="after the findings the run that shows what comes of it: on these nodes if the rule was found"
        " there, else on its example",
    )
    parser.add_argument(
        "--fix",
        action="store_true",
        help="instead of the findings the least change that cures them, as a patch (patch -p0); no file is"
        " changed",
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="disabled rules, severities, fail-on; otherwise .vrrplab.toml, or [tool.vrrplab] in"
        " pyproject.toml, of this folder",
    )
    parser.add_argument(
        "--baseline", metavar="FILE", help="tell only what is not in there: made by --write-baseline"
    )
    parser.add_argument(
        "--write-baseline",
        metavar="FILE",
        type=OutputName,
        help="keep all findings as known; the exit code is 0",
    )


def run(args: argparse.Namespace) -> int:
    from vrrplab.rules.cluster import Cluster
    from vrrplab.rules.settings import find_settings
    from vrrplab.rules.table import RULES, check, ranked, rule_named

    shown = rule_named(args.show) if args.show else None
    settings = find_settings(RULES, args.config)
    baseline = _baseline(args.baseline) if args.baseline else None
    cluster = Cluster(nodes_of(args), args.profile)
    found = ranked(settings.applied(check(cluster)))
    if args.write_baseline:
        from vrrplab.rules.baseline import write_baseline

        write_baseline(args.write_baseline, found)
        return 0
    known = ""
    if baseline is not None:
        found, count, gone = baseline.without_known(found)
        known = (
            f"Of the baseline: {count} still there" + (f", {gone} gone: write it anew" if gone else "") + "."
        )
    if args.fix:
        return _fix(cluster, found, args.out)
    _tell(cluster, found, known, args)
    if shown is not None:
        _show(cluster, found, shown)
    return int(settings.fails(found))


def _baseline(path: str) -> Baseline:
    from vrrplab.rules.baseline import read_baseline

    return read_baseline(path)


def _show(cluster: Cluster, found: list[Finding], rule: Rule) -> None:
    """The run on these nodes if the rule was found there, else on its bad example."""
    from vrrplab.commands.rule_story import story_of
    from vrrplab.output.text_columns import wrap

    story = story_of(rule, cluster, next((one for one in found if one.rule == rule.id), None))
    print("\n" + "\n".join(wrap(story.heading, 80)) + "\n")
    print(story.table)


def _fix(cluster: Cluster, found: list[Finding], out: str | None) -> int:
    from vrrplab.output.files import replaced_text
    from vrrplab.output.printable import escaped
    from vrrplab.output.terminal import print_file
    from vrrplab.rules.fix import patch_of

    patch, cured = patch_of(cluster, found)
    if out:
        with replaced_text(out) as file:
            file.write(escaped(patch, tabs=True))
    else:
        print_file(patch)
    print(f"the patch cures {cured} of {len(found)} findings", file=sys.stderr)
    return 0


def _tell(cluster: Cluster, found: list[Finding], known: str, args: argparse.Namespace) -> None:
    if args.format == "text" and not args.out:
        from vrrplab.output.terminal import print_coloured
        from vrrplab.rules.report import lines_of

        for line in lines_of(cluster, found, known):
            severity = line.severity
            colour = _COLOURS[severity] if severity else ""
            print_coloured(line.text, colour, line.text.find(":") if severity else None)
        return
    text = _text(cluster, found, known, args.format)
    if args.out:
        from vrrplab.output.files import replaced_text
        from vrrplab.output.terminal import guarded

        with replaced_text(args.out) as file:
            guarded(file).write(text)
    else:
        sys.stdout.write(text)


def _text(cluster: Cluster, found: list[Finding], known: str, form: str) -> str:
    if form == "text":
        from vrrplab.rules.report import lines_of

        return "".join(f"{line.text}\n" for line in lines_of(cluster, found, known))
    from vrrplab import __version__
    from vrrplab.rules.formats import as_github, as_json, as_sarif

    if form == "json":
        return as_json(cluster, found)
    return as_sarif(found, __version__) if form == "sarif" else as_github(found)
