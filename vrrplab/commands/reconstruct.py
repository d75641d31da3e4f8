"""``reconstruct``: from a capture of the night to what happened in it, as a scenario."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from vrrplab.commands.exit_codes import ExitCode
from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_options, nodes_of
from vrrplab.errors import CaptureError, VrrplabError
from vrrplab.output.files import OutputName, replaced_text
from vrrplab.output.printable import escaped, printable

if TYPE_CHECKING:
    from vrrplab.capture.reader import CapturedFrame, Passed
    from vrrplab.commands.decode_inputs import Inputs
    from vrrplab.pasted.logs import Log
    from vrrplab.reconstructing.evidence import Evidence
    from vrrplab.reconstructing.reconstruct import Reconstruction
    from vrrplab.scenario.nodes import Node

_CABLE = "recordings/article_drill1_cable"
_CABLE_FILES = (f"{_CABLE}/capture.pcap", f"{_CABLE}/serv01.conf", f"{_CABLE}/serv02.conf")
MOST_FAULTS = 3

GUIDES = {
    "": Guide(
        (
            Example(
                "vrrplab reconstruct capture.pcap serv01.conf serv02.conf",
                "what happened to these two, that this was captured, and what else may have",
                files=_CABLE_FILES,
            ),
            Example(
                "vrrplab reconstruct capture.pcap *.conf --out night.yaml --html night.html",
                "as a scenario to simulate, and a page: the capture above its simulation",
                files=_CABLE_FILES,
            ),
            Example(
                "vrrplab reconstruct capture.pcap *.conf --at-most 30 --json",
                "for a program, with what is found in half a minute",
                files=_CABLE_FILES,
            ),
        ),
        {1: "nothing that was tried explains all that is seen"},
    )
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "input",
        metavar="FILE",
        nargs="+",
        help="a capture (or tcpdump's lines), the keepalived.conf files of the servers in it, one a server,"
        " and their logs, if there are any: syslog or journal",
    )
    add_node_options(parser)
    parser.add_argument("--profile", help="whose behaviour the daemons have (default: keepalived-2.2.7)")
    parser.add_argument(
        "--until",
        type=float,
        metavar="S",
        help="look at so many seconds of the capture, from its first frame",
    )
    parser.add_argument(
        "--faults", type=int, default=2, metavar="K", help="so many at most, and what mends them (default: 2)"
    )
    parser.add_argument(
        "--at-most",
        type=float,
        default=60.0,
        metavar="S",
        help="end after so many seconds, with what was found until then (default: 60)",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--out", metavar="FILE", type=OutputName, help="write the first one there, as a scenario"
    )
    parser.add_argument(
        "--html",
        metavar="FILE",
        type=OutputName,
        help="a page that plays both, the capture above the simulation",
    )


def run(args: argparse.Namespace) -> int:
    from vrrplab import arguments
    from vrrplab.reconstructing import told
    from vrrplab.reconstructing.reconstruct import reconstruct
    from vrrplab.units import micros

    faults = arguments.whole(args.faults, "--faults", 1, MOST_FAULTS)
    at_most_s = arguments.number(args.at_most, "--at-most", 0.01)
    until_us = None if args.until is None else micros(arguments.number(args.until, "--until", 0.001))
    capture, files, logs = _sorted_out(args.input)
    cluster = nodes_of(args, files)
    broken: list[CaptureError] = []
    evidence = _evidence(capture, cluster, logs, until_us, broken)
    found = reconstruct(
        evidence,
        cluster,
        profile=args.profile or "keepalived-2.2.7",
        most_faults=faults,
        at_most_s=at_most_s,
        shows_progress=True,
    )
    if args.json:
        sys.stdout.write(told.as_json(found, capture.name) + "\n")
    else:
        sys.stdout.writelines(
            f"{printable(line)}\n" for line in told.lines(found, capture.name, _clock(capture, evidence))
        )
    sys.stdout.flush()
    _write(args, found, capture.name)
    if found.interrupted:
        raise KeyboardInterrupt
    if broken:
        raise broken[0]
    return ExitCode.FAILED if found.groups[0].first.unexplained is not None else ExitCode.DONE


def _sorted_out(paths: list[str]) -> tuple[Inputs, list[str], list[Log]]:
    """The capture, the configurations and the logs among the files that were named."""
    from vrrplab.commands.decode_inputs import CAPTURE_ENDINGS, of_file, text_in
    from vrrplab.pasted.logs import read_log
    from vrrplab.scenario.mistaken_files import is_config

    captures, files, logs = [], [], []
    for path in paths:
        if path.endswith(".conf") or os.path.isdir(path):
            files.append(path)
            continue
        text = None if path.endswith(CAPTURE_ENDINGS) else text_in(path)
        log = read_log(text, path) if text is not None else None
        if log is not None:
            log.name = os.path.basename(path)
            logs.append(log)
        elif text is not None and is_config(path):
            files.append(path)
        else:
            captures.append(path)
    if not captures:
        raise VrrplabError(
            f"no capture among {', '.join(paths)} - name one, e.g. night.pcap, before the files"
        )
    if len(captures) > 1:
        raise CaptureError(
            captures[1], 0, "is one too many", "one capture at a time, and files and logs beside it"
        )
    return of_file(captures[0], None), files, logs


def _evidence(
    capture: Inputs,
    cluster: Sequence[Node],
    logs: list[Log],
    until_us: int | None,
    broken: list[CaptureError],
) -> Evidence:
    """What is seen; of a broken capture what came before the break."""
    from vrrplab.columns.selection import decoded
    from vrrplab.reconstructing.evidence import gather

    try:
        return gather(
            _until_break(decoded(capture.counted()), broken),
            cluster,
            logs,
            name=capture.name,
            until_us=until_us,
        )
    except VrrplabError:
        if broken:
            raise broken[0] from None
        raise


def _until_break(
    frames: Iterable[CapturedFrame | Passed], broken: list[CaptureError]
) -> Iterator[CapturedFrame | Passed]:
    try:
        yield from frames
    except CaptureError as error:
        broken.append(error)


def _clock(capture: Inputs, evidence: Evidence) -> str:
    from vrrplab.decoding.wall_clock import WallClock

    clock = WallClock()
    clock.follow(capture.is_dated, capture.has_zone)
    return clock.moment(evidence.timeline.sightings.start_ns) if capture.is_dated else ""


def _write(args: argparse.Namespace, found: Reconstruction, name: str) -> None:
    """The scenario, and the page."""
    if not (args.out or args.html):
        return
    from vrrplab.reconstructing import told

    best = found.groups[0].first
    scenario = told.scenario_of(found, best, name)
    if args.out:
        from vrrplab.scenario.schema import MODELINE

        text = told.scenario_text(scenario, os.path.dirname(args.out))
        with replaced_text(args.out) as file:
            file.write(escaped(f"{MODELINE}\n{text}", tabs=True))
    if args.html:
        from vrrplab.reconstructing.seen import both
        from vrrplab.views.pair import write_html

        seen, simulated = both(found, best, name)
        sentence = told.happened(best)
        told_ = f"{sentence[0].upper()}{sentence[1:]}: the capture, and the simulation of that."
        write_html(seen, simulated, args.html, f"What happened in {name}", told_, scenario)
