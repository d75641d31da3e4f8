"""``verify``: recordings of real daemons through the simulator, a row a recording."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.plot_arguments import add_plot_arguments, theme_of
from vrrplab.data_files import data_path
from vrrplab.errors import VrrplabError
from vrrplab.machine.profiles import profile_named
from vrrplab.output.printable import printable
from vrrplab.output.progress import Progress
from vrrplab.output.text_columns import cut, padded
from vrrplab.scenario.model import Scenario
from vrrplab.sim.estimate import work_of
from vrrplab.tell import lines
from vrrplab.tell.words import terminal_width, wrap
from vrrplab.trace.events import ActionEvent, AddressEvent, LogEvent, OutageEvent, PriorityEvent, StateEvent
from vrrplab.units import format_s
from vrrplab.verify import Result, verify_recording
from vrrplab.verify.lines import told
from vrrplab.verify.report import OTHER_DRAWS
from vrrplab.work import RECORDED, Work, allow, together

NAME_WIDTH = 36
COLUMN = 38  # of a side, at least: two of them fit 80 columns

GUIDES = {
    "": Guide(
        (
            Example(
                "vrrplab verify article_drill1_eth0_down_up", "one of the recordings that come with vrrplab"
            ),
            Example("vrrplab verify", "all of them: does the simulator do what the daemons did?", long=True),
            Example(
                "vrrplab verify article_drill1_eth0_down_up --verbose --plot both.svg",
                "both beside each other, in words and as a figure",
            ),
            Example(
                "vrrplab verify article_drill1_eth0_down_up --profile rfc9568",
                "what would be different if routers followed RFC 9568? Exit code 1 if something is",
                exit_code=1,
            ),
        ),
        {
            1: "a recording and its simulation differ",
            2: "bad usage or bad input, or work that is too large without --yes",
        },
    )
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory", nargs="*", help="recordings, or folders of them (default: those shipped)"
    )
    parser.add_argument("--verbose", action="store_true", help="both traces beside each other, in words")
    add_plot_arguments(parser, "draw both above each other (one recording): .svg or .png")
    parser.add_argument("--profile", help="simulate another daemon than the recorded one")
    parser.add_argument("--yes", action="store_true", help="also what will take long")


class _Verdict(NamedTuple):
    """What the last line is made of. The traces are let go: there may be thousands."""

    noisy: bool
    agrees: bool
    said: int
    counted: int


def run(args: argparse.Namespace) -> int:
    folders = _recordings(args.directory)
    profile = profile_named(args.profile) if args.profile else None
    theme = theme_of(args)
    if args.plot and len(folders) != 1:
        raise VrrplabError(f"--plot takes one recording, these are {len(folders)}: name one")
    allow(Work(((RECORDED, sum(map(_bytes, folders))),), "name fewer of them"), args.yes)
    print(f"{'recording':<{NAME_WIDTH}} agrees  worst  outage  packets  log lines")
    verdicts: list[_Verdict] = []
    with Progress("verify") as progress:
        for number, folder in enumerate(folders):
            progress.at(number / len(folders), f"{number} of {len(folders)}")

            def begin(scenario: Scenario, name: str = folder.name) -> None:
                # a small file may tell of years
                allow(together([work_of(scenario)] * OTHER_DRAWS), args.yes, printable(name))

            result = verify_recording(folder, profile, begin)
            verdicts.append(
                _Verdict(bool(result.noisy), result.agrees, result.lines.said, result.lines.counted)
            )
            for line in _lines_of(result, args.verbose):
                progress.line(line)
    if args.plot:
        from vrrplab.views import timeline

        timeline.save([result.real, result.simulated], args.plot, theme=theme)
    return _summary(verdicts)


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


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


def _lines_of(result: Result, verbose: bool) -> Iterator[str]:
    name = padded(cut(result.name, NAME_WIDTH - 1), NAME_WIDTH)
    verdict = "noisy" if result.noisy else "NO" if not result.agrees else "either" if result.either else "yes"
    packets = "same" if not result.packet_problems else "differ"
    shares = f"{100 * result.lines.share:5.1f} %"
    worst, outage = format_s(result.worst_us), format_s(result.outage_error_us)
    yield f"{name} {verdict:<6} {worst:>6}  {outage:>6}  {packets:<7}  {shares}"
    for problem in result.problems + result.packet_problems:
        yield printable(f"    {problem}")
    if verbose:
        yield from _side_by_side(result)


def _side_by_side(result: Result) -> Iterator[str]:
    """Reality on the left, the simulation on the right, in order of time; then what only one of them says."""
    kinds = (ActionEvent, StateEvent, PriorityEvent, AddressEvent, OutageEvent, LogEvent)
    rows = [(e, 0) for e in result.real.of(*kinds) if told(e)]
    rows += [(e, 1) for e in result.simulated.of(*kinds) if told(e)]
    width = max(COLUMN, (terminal_width() - 3) // 2)
    yield f"{padded('real', width)} | simulated"
    for event, side in sorted(rows, key=lambda row: (row[0].t_us, row[1])):
        for part in wrap(lines.line(event, places=3), width, "      "):
            yield " " * width + " | " + part if side else f"{padded(part, width)} |"
    for missing in result.lines.missing:
        yield printable(f"  only real: {missing}")
    for invented in result.lines.invented:
        yield printable(f"  only simulated: {invented}")


def _summary(verdicts: list[_Verdict]) -> int:
    counted = [r for r in verdicts if not r.noisy]
    agreeing = sum(r.agrees for r in counted)
    said, lines_counted = sum(r.said for r in counted), sum(r.counted for r in counted)
    share = 100 * said / lines_counted if lines_counted else 100.0
    noisy = f", {len(verdicts) - len(counted)} noisy not counted" if len(counted) < len(verdicts) else ""
    print(
        f"{agreeing} of {len(counted)} recordings agree{noisy};"
        f" {share:.1f} % of {lines_counted} log lines word for word and in order"
    )
    return 0 if agreeing == len(counted) else 1
