"""``simulate``: run scenarios, tell what happened, write what was asked for."""

from __future__ import annotations

import argparse
import gc
import sys
from collections import Counter
from typing import IO, TYPE_CHECKING

from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_options, cluster_of, names_nodes
from vrrplab.commands.plot_arguments import add_plot_arguments, theme_of
from vrrplab.errors import ScenarioError, VrrplabError
from vrrplab.limits import WARNINGS_TOLD
from vrrplab.machine.profiles import profile_named
from vrrplab.output.files import OutputName, replaced_text
from vrrplab.output.printable import printable
from vrrplab.output.progress import Progress
from vrrplab.output.terminal import guarded
from vrrplab.scenario.expect import broken_expectations
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import builtin_scenarios, load_scenario, scenario_from_stdin
from vrrplab.sim.estimate import events_of, frames_of, work_of
from vrrplab.sim.play import play, until
from vrrplab.sim.world import Frame, World
from vrrplab.trace import Trace
from vrrplab.units import seconds
from vrrplab.work import (
    HEX,
    HTML,
    JSON,
    JSONL,
    LOG,
    PCAP,
    PLOT,
    STORY,
    TABLE,
    Work,
    allow,
    still_allowed,
    together,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

DRILLS = ("article-drill-1-lan-nic", "article-drill-2-wan-nic", "article-drill-3-squid")
_TELLING = {"table": TABLE, "story": STORY, "log": LOG, "jsonl": JSONL, "json": JSON}
FORMATS = tuple(_TELLING)
_CONFIGS = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")

GUIDES = {
    "": Guide(
        (
            Example("vrrplab simulate", "the article's three drills: two cables and Squid, a table each"),
            Example(
                "vrrplab simulate proxy-serv01.conf proxy-serv02.conf",
                "your own servers' files, run together as one cluster",
                files=_CONFIGS,
            ),
            Example(
                "vrrplab simulate proxy-serv01.conf proxy-serv02.conf --fail 'proxy-serv01 eth0 at 10 for 20'"
                " --expect '192.168.2.101 on proxy-serv02 at 20'",
                "a failure and its repair in one line, and what must be so then: exit code 1 if it is not",
                files=_CONFIGS,
            ),
            Example(
                "vrrplab simulate power-off --format story",
                "one that comes with vrrplab (--list names all), told with both servers' logs",
            ),
            Example(
                "vrrplab simulate kill-9 --html kill.html --plot kill.svg --pcap kill.pcap",
                "a page that plays it, a figure, and every frame for Wireshark",
            ),
            Example(
                "vrrplab simulate article-drill-1-lan-nic --profile rfc9568 --check",
                "would routers that follow RFC 9568 do what is expected? Exit code 1 if not",
                exit_code=1,
            ),
            Example(
                "vrrplab simulate --schema --out scenario.schema.json",
                "what a scenario file may hold, for an editor that checks while you type",
            ),
        ),
        {
            1: "--check, --expect: something that is expected fails",
            2: "bad usage or bad input, or work that is too large without --yes",
        },
    )
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenario",
        nargs="*",
        help="scenario files, built-in names (--list), - for standard input, or the keepalived.conf files of"
        " one cluster, and folders with them; without any: the article's three drills",
    )
    add_node_options(parser)
    parser.add_argument("--format", choices=FORMATS, help="how to tell it (default: table)")
    parser.add_argument(
        "--out", metavar="FILE", type=OutputName, help="write there instead of to the terminal"
    )
    add_plot_arguments(parser, "draw it: FILE.svg or FILE.png (needs matplotlib)")
    parser.add_argument(
        "--pcap", metavar="FILE", type=OutputName, help="every frame, as a capture (one scenario only)"
    )
    parser.add_argument(
        "--html",
        metavar="FILE",
        type=OutputName,
        help="a page that plays it, complete in one file (one scenario only)",
    )
    parser.add_argument(
        "--at",
        type=float,
        metavar="S",
        help="the second at which that page begins; otherwise shortly before the first action",
    )
    parser.add_argument(
        "--fail",
        action="append",
        default=[],
        metavar="FAILURE",
        help="'SERVER THING [at S] [for S]', as often as you like: THING is an interface, service or script,"
        " or daemon, kill, freeze, power, firewall in|out|both; or 'NETWORK cut'; without at: 10 s after the"
        " last start; without for: it is not repaired",
    )
    parser.add_argument(
        "--expect",
        action="append",
        default=[],
        metavar="FACT",
        help="exit 1 unless it is so, as often as you like: 'ADDRESS on SERVER [at S]' (nobody: no server has"
        " it; without at: at the end), or 'ADDRESS out S' (never away from a client for longer)",
    )
    parser.add_argument("--seed", type=int, help="for everything random (loss, jitter)")
    parser.add_argument("--until", type=float, metavar="S", help="end after that many seconds")
    parser.add_argument(
        "--profile",
        help="behave like another daemon or RFC, e.g. keepalived-2.4.3, rfc9568;"
        " servers with a profile of their own keep that",
    )
    parser.add_argument(
        "--frames", action="store_true", help="adverts with their bytes, as hex (jsonl, json)"
    )
    parser.add_argument(
        "--check", action="store_true", help="exit 1 when something the scenario expects fails"
    )
    parser.add_argument("--yes", action="store_true", help="also what will take long, or much memory")
    parser.add_argument("--list", action="store_true", help="the built-in scenarios")
    parser.add_argument(
        "--schema",
        action="store_true",
        help="the JSON schema of a scenario file, for editors (docs/scenario.md)",
    )


def run(args: argparse.Namespace) -> int:
    # A run makes values, not cycles: looking for garbage would take a tenth of the time and find none.
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        return _schema(args.out) if args.schema else _list() if args.list else _simulate(args)
    finally:
        if was_collecting:
            gc.enable()


def _simulate(args: argparse.Namespace) -> int:
    scenarios = [_prepared(s, args) for s in _scenarios(args)]
    single = [option for option in ("pcap", "html") if getattr(args, option)]
    if single and len(scenarios) > 1:
        raise VrrplabError(f"--{single[0]} takes one scenario, these are {len(scenarios)}: name one")
    _allow_moment(args.at, scenarios[0], args)
    theme = theme_of(args)
    works = [_work(s, args) for s in scenarios]
    allow(together(works), args.yes)
    _say_warnings(scenarios)
    runs = _runs(scenarios, works, args)
    traces = [trace for trace, _ in runs]
    _tell(traces, args)
    _write_files(scenarios[0], traces, runs[0][1], theme, args)
    return _check(scenarios, traces) if args.check or args.expect else 0


def _schema(out: str | None) -> int:
    from vrrplab.scenario.schema import text

    if out:
        with replaced_text(out) as file:
            file.write(text())
    else:
        sys.stdout.write(text())
    return 0


def _list() -> int:
    from vrrplab.scenario.yaml_cache import read_yaml_cached
    from vrrplab.tell.words import wrap

    for name, path in builtin_scenarios().items():
        description = read_yaml_cached(path).mapping().get("description")
        print(name)
        for line in wrap(description.text() if description else "", 76):
            print(f"    {line}")
    return 0


def _scenarios(args: argparse.Namespace) -> Iterator[Scenario]:
    if args.profile:
        profile_named(args.profile)
    names = args.scenario or DRILLS
    if (args.scenario or args.node or args.inventory or args.addresses) and names_nodes(args, args.scenario):
        yield cluster_of(args, args.scenario)
        return
    for name in names:
        if name == "-":
            yield scenario_from_stdin(profile=args.profile)
        else:
            yield load_scenario(name, profile=args.profile)


def _prepared(scenario: Scenario, args: argparse.Namespace) -> Scenario:
    if args.seed is not None:
        if args.seed < 0:
            raise VrrplabError(f"--seed {args.seed}: give a whole number, 0 or more")
        scenario = scenario.changed(seed=args.seed)
    if args.fail:
        from vrrplab.scenario.fail_line import with_failures

        scenario = with_failures(scenario, args.fail)
    if args.until is not None:
        scenario = until(scenario, args.until)
    if args.expect:
        from vrrplab.scenario.fail_line import with_expectations

        scenario = with_expectations(scenario, args.expect)
    return scenario


def _work(scenario: Scenario, args: argparse.Namespace) -> Work:
    """What one scenario takes, with all that is asked for."""
    run = work_of(scenario)
    events, frames = events_of(run), frames_of(run)
    parts = [(_TELLING[args.format or _form_of(args.out)], events)]
    parts += [(PCAP, frames)] * bool(args.pcap) + [(HEX, events)] * (args.frames or bool(args.html))
    parts += [(HTML, events)] * bool(args.html) + [(PLOT, events)] * bool(args.plot)
    return Work((*run.parts, *parts), run.cure)


def _runs(
    scenarios: list[Scenario], works: list[Work], args: argparse.Namespace
) -> list[tuple[Trace, list[Frame]]]:
    """Each scenario's trace and captured frames; how far it is."""
    done_s = 0.0
    all_s = together(works).seconds or 1.0  # things may happen where nothing was reckoned with
    found = []
    with Progress("simulate") as progress:
        for scenario, work in zip(scenarios, works, strict=True):

            def watch(world: World, begun_s: float = done_s, takes_s: float = work.seconds) -> None:
                still_allowed(world.written, world.scheduler.steps, args.yes)
                share = world.scheduler.now / world.scenario.duration_us
                progress.at((begun_s + takes_s * share) / all_s, world.scenario.name)

            world = World(scenario, frames=args.frames or bool(args.html), capture=bool(args.pcap))
            found.append((play(world, watch), world.captured))
            done_s += work.seconds
    return found


def _say_warnings(scenarios: list[Scenario]) -> None:
    """What the configurations deserve, once each, on stderr; the traces hold them too.

    Not of scenarios that come with vrrplab: whoever runs one has no file to mend.
    """
    ours = set(builtin_scenarios().values())
    places: dict[tuple[str, str], dict[str, None]] = {}  # kind and what is said -> where it holds
    for scenario in scenarios:
        for server in scenario.servers.values() if scenario.file not in ours else ():
            for warning in server.node.warnings:
                said = str(warning).removeprefix(f"{warning.source}: ")
                places.setdefault((warning.kind, said), {})[str(warning.source)] = None
    told: Counter[str] = Counter()
    left: dict[str, str] = {}  # kind -> the first that is not told
    for (kind, said), (first, *others) in places.items():
        told[kind] += 1
        if told[kind] > WARNINGS_TOLD.most:
            left.setdefault(kind, f"{first}: {said}")
            continue
        more = [*others[: WARNINGS_TOLD.most], f"{len(others) - WARNINGS_TOLD.most} more places"]
        more = more if len(others) > WARNINGS_TOLD.most else others
        also = f" (and {', '.join(more)})" if more else ""
        _warn(f"{first}: {said}{also}")
    for kind, text in left.items():
        count = told[kind] - WARNINGS_TOLD.most
        _warn(f"and {count:,} more like this ({kind}): {text}")


def _warn(text: str) -> None:
    """A line for programs that read it; on a terminal as wide as that is."""
    line = printable(f"warning: {text}")
    lines = [line]
    if sys.stderr.isatty():
        from vrrplab.output.terminal import terminal_columns
        from vrrplab.tell.words import wrap

        lines = wrap(line, terminal_columns(sys.stderr), "    ")
    print("\n".join(lines), file=sys.stderr)


def _tell(traces: list[Trace], args: argparse.Namespace) -> None:
    form = args.format or _form_of(args.out)
    if args.out:
        with replaced_text(args.out) as file:
            _write(traces, form, guarded(file), width=100)
    else:
        from vrrplab.tell.words import terminal_width

        _write(traces, form, sys.stdout, width=terminal_width())


def _form_of(path: str | None) -> str:
    for ending, form in ((".jsonl", "jsonl"), (".json", "json")):
        if path and path.endswith(ending):
            return form
    return "table"


def _write(traces: list[Trace], form: str, file: IO[str], width: int) -> None:
    if form == "jsonl":
        for trace in traces:
            trace.write(file)
    elif form == "json":
        import json

        whole = [
            {"scenario": t.name, "events": [{"t": e.t, "event": e.event, **e.fields} for e in t]}
            for t in traces
        ]
        json.dump(whole[0] if len(whole) == 1 else whole, file, ensure_ascii=False, indent=1)
        file.write("\n")
    elif form == "log":
        from vrrplab.tell import lines

        for trace in traces:
            file.write((f"# {printable(trace.name)}\n" if len(traces) > 1 else "") + lines.render(trace))
    elif form == "story":
        from vrrplab.tell import story

        file.write("\n\n".join(story.render(trace, width) for trace in traces))
    else:
        from vrrplab.tell import table

        file.write("\n\n".join(table.render(trace) for trace in traces))


def _write_files(
    scenario: Scenario, traces: list[Trace], frames: list[Frame], theme: str, args: argparse.Namespace
) -> None:
    if args.pcap:
        from vrrplab.capture.pcap import write_pcap

        write_pcap(args.pcap, ((t_us, data) for t_us, _, data in frames))
    if args.html:
        from vrrplab.views.player import write_html

        write_html(traces[0], args.html, scenario=scenario, at_s=args.at)
    if args.plot:
        from vrrplab.views import timeline

        timeline.save(traces if len(traces) > 1 else traces[0], args.plot, theme=theme)


def _allow_moment(at_s: float | None, scenario: Scenario, args: argparse.Namespace) -> None:
    """VrrplabError when no page is written that could begin there, or the run has no such moment."""
    if at_s is None:
        return
    if not args.html:
        raise VrrplabError("--at says where a page begins: name the page, --html FILE")
    end_s = seconds(scenario.duration_us)
    if not 0 <= at_s <= end_s:
        raise VrrplabError(f"--at {at_s:g}: {scenario.name} runs from 0 to {end_s:g} s")


def _check(scenarios: list[Scenario], traces: list[Trace]) -> int:
    broken = [line for s, t in zip(scenarios, traces, strict=True) for line in broken_expectations(s, t)]
    for line in broken:
        print(printable(line), file=sys.stderr)
    if not any(s.expect for s in scenarios):
        raise ScenarioError(scenarios[0].file, 0, "--check: the scenario expects nothing", "add expect: […]")
    return 1 if broken else 0
