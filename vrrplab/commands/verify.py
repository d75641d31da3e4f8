"""``verify``: recordings of real daemons through the simulator, a row a recording."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vrrplab.data_files import data_path
from vrrplab.errors import VrrplabError
from vrrplab.machine.profiles import profile_named
from vrrplab.tell import lines
from vrrplab.tell.words import terminal_width, wrap
from vrrplab.trace.events import ActionEvent, AddressEvent, LogEvent, OutageEvent, PriorityEvent, StateEvent
from vrrplab.units import format_s
from vrrplab.verify import Result, verify_recording
from vrrplab.verify.lines import told

NAME_WIDTH = 36
COLUMN = 38  # of a side, at least: two of them fit 80 columns


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory", nargs="*", help="recordings, or folders of them (default: those shipped)"
    )
    parser.add_argument("--verbose", action="store_true", help="both traces beside each other, in words")
    parser.add_argument(
        "--plot", metavar="FILE", help="draw both above each other (one recording): .svg or .png"
    )
    parser.add_argument("--profile", help="simulate another daemon than the recorded one")


def run(args: argparse.Namespace) -> int:
    folders = _recordings(args.directory)
    profile = profile_named(args.profile) if args.profile else None
    if args.plot and not args.plot.endswith((".svg", ".png")):
        raise VrrplabError(f"--plot {args.plot}: the name must end in .svg or .png")
    if args.plot and len(folders) != 1:
        raise VrrplabError(f"--plot takes one recording, these are {len(folders)}: name one")
    print(f"{'recording':<{NAME_WIDTH}} agrees  worst  outage  packets  log lines")
    results: list[Result] = []
    for number, folder in enumerate(folders, 1):
        _progress(number, len(folders))
        result = verify_recording(folder, profile)
        results.append(result)
        _print_result(result, args.verbose)
    if args.plot:
        from vrrplab.views import timeline

        timeline.save([results[0].real, results[0].simulated], args.plot)
    return _summary(results)


def _recordings(names: list[str]) -> list[Path]:
    """Folders with a scenario, in order; a folder of such folders stands for all of them."""
    roots = [Path(n) for n in names] or [data_path("recordings")]
    found: list[Path] = []
    for root in roots:
        if not root.is_dir() and not names:
            raise VrrplabError("no recordings came with this installation: name a folder")
        if not root.is_dir():
            shipped = data_path("recordings") / root
            if not shipped.is_dir():
                raise VrrplabError(f"{root}: no such folder; name a recording or a folder of recordings")
            root = shipped
        inside = sorted(p.parent for p in root.glob("*/observed.json"))
        if not (root / "observed.json").is_file() and not inside:
            raise VrrplabError(f"{root}: no recording there (scenario.yaml and observed.json)")
        found += [root] if (root / "observed.json").is_file() else inside
    return found


def _progress(number: int, total: int) -> None:
    if sys.stderr.isatty() and total > 1:
        end = "\r" if number < total else "\r" + " " * 20 + "\r"
        print(f"{number} of {total} …", end=end, file=sys.stderr, flush=True)


def _print_result(result: Result, verbose: bool) -> None:
    name = result.name if len(result.name) < NAME_WIDTH else result.name[: NAME_WIDTH - 2] + "…"
    verdict = "noisy" if result.noisy else "yes" if result.agrees else "NO"
    packets = "same" if not result.packet_problems else "differ"
    shares = f"{100 * result.lines.share:5.1f} %"
    worst, outage = format_s(result.worst_us), format_s(result.outage_error_us)
    print(f"{name:<{NAME_WIDTH}} {verdict:<6} {worst:>6}  {outage:>6}  {packets:<7}  {shares}")
    for problem in result.problems + result.packet_problems:
        print(f"    {problem}")
    if verbose:
        _print_side_by_side(result)


def _print_side_by_side(result: Result) -> None:
    """Reality on the left, the simulation on the right, in order of time; then what only one of them says."""
    kinds = (ActionEvent, StateEvent, PriorityEvent, AddressEvent, OutageEvent, LogEvent)
    rows = [(e, 0) for e in result.real.of(*kinds) if told(e)]
    rows += [(e, 1) for e in result.simulated.of(*kinds) if told(e)]
    width = max(COLUMN, (terminal_width() - 3) // 2)
    print(f"{'real'.ljust(width)} | simulated")
    for event, side in sorted(rows, key=lambda row: (row[0].t_us, row[1])):
        for part in wrap(lines.line(event, places=3), width, "      "):
            print(" " * width + " | " + part if side else f"{part.ljust(width)} |")
    for missing in result.lines.missing:
        print(f"  only real: {missing}")
    for invented in result.lines.invented:
        print(f"  only simulated: {invented}")


def _summary(results: list[Result]) -> int:
    counted = [r for r in results if not r.noisy]
    agreeing = sum(r.agrees for r in counted)
    said, lines_counted = sum(r.lines.said for r in counted), sum(r.lines.counted for r in counted)
    share = 100 * said / lines_counted if lines_counted else 100.0
    noisy = f", {len(results) - len(counted)} noisy not counted" if len(counted) < len(results) else ""
    print(
        f"{agreeing} of {len(counted)} recordings agree{noisy};"
        f" {share:.1f} % of {lines_counted} log lines word for word and in order"
    )
    return 0 if agreeing == len(counted) else 1
