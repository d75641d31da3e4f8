"""``simulate``: run scenarios, tell what happened, write what was asked for."""

from __future__ import annotations

import argparse
import gc
import sys
from typing import TYPE_CHECKING, TextIO

from vrrplab.errors import ScenarioError, VrrplabError
from vrrplab.machine.profiles import profile_named
from vrrplab.scenario.expect import broken_expectations
from vrrplab.scenario.model import Scenario
from vrrplab.scenario.reader import builtin_scenarios, load_scenario
from vrrplab.sim.play import play, until
from vrrplab.sim.world import Frame, World
from vrrplab.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

DRILLS = ("article-drill-1-lan-nic", "article-drill-2-wan-nic", "article-drill-3-squid")
FORMATS = ("table", "story", "log", "jsonl", "json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenario",
        nargs="*",
        help="scenario files, built-in names (--list), or the keepalived.conf files of one cluster;"
        " without any: the article's three drills",
    )
    parser.add_argument("--format", choices=FORMATS, help="how to tell it (default: table)")
    parser.add_argument("--out", metavar="FILE", help="write there instead of to the terminal")
    parser.add_argument("--plot", metavar="FILE", help="draw it: FILE.svg or FILE.png (needs matplotlib)")
    parser.add_argument("--pcap", metavar="FILE", help="every frame, as a capture (one scenario only)")
    parser.add_argument(
        "--html", metavar="FILE", help="a page that plays it, complete in one file (one scenario only)"
    )
    parser.add_argument("--seed", type=int, help="for everything random (loss, jitter)")
    parser.add_argument("--until", type=float, metavar="S", help="end after that many seconds")
    parser.add_argument("--profile", help="behave like another daemon or RFC, e.g. keepalived-2.4.3, rfc9568")
    parser.add_argument(
        "--frames", action="store_true", help="adverts with their bytes, as hex (jsonl, json)"
    )
    parser.add_argument(
        "--check", action="store_true", help="exit 1 when something the scenario expects fails"
    )
    parser.add_argument("--list", action="store_true", help="the built-in scenarios")


def run(args: argparse.Namespace) -> int:
    # A run makes values, not cycles: looking for garbage would take a tenth of the time and find none.
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        return _list() if args.list else _simulate(args)
    finally:
        if was_collecting:
            gc.enable()


def _simulate(args: argparse.Namespace) -> int:
    if args.plot and not args.plot.endswith((".svg", ".png")):
        raise VrrplabError(f"--plot {args.plot}: the name must end in .svg or .png")
    scenarios = [_prepared(s, args) for s in _scenarios(args)]
    single = [option for option in ("pcap", "html") if getattr(args, option)]
    if single and len(scenarios) > 1:
        raise VrrplabError(f"--{single[0]} takes one scenario, these are {len(scenarios)}: name one")
    _say_warnings(scenarios)
    runs = [_run(s, args) for s in scenarios]
    traces = [trace for trace, _ in runs]
    _tell(traces, args)
    _write_files(scenarios[0], traces, runs[0][1], args)
    return _check(scenarios, traces) if args.check else 0


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
    if any(str(n).endswith(".conf") for n in names):
        from vrrplab.scenario.from_configs import scenario_from_configs

        for name in names:
            if name.endswith((".yaml", ".yml")) or name in builtin_scenarios():
                raise VrrplabError(f"{name} is a scenario: keepalived.conf files are run by themselves")
        yield scenario_from_configs(names, args.profile or "keepalived-2.2.7", strict=True)
        return
    for name in names:
        yield load_scenario(name, profile=args.profile, strict=True)


def _prepared(scenario: Scenario, args: argparse.Namespace) -> Scenario:
    if args.seed is not None:
        if args.seed < 0:
            raise VrrplabError(f"--seed {args.seed}: give a whole number, 0 or more")
        scenario = scenario.changed(seed=args.seed)
    return until(scenario, args.until) if args.until is not None else scenario


def _run(scenario: Scenario, args: argparse.Namespace) -> tuple[Trace, list[Frame]]:
    world = World(scenario, frames=args.frames or bool(args.html), capture=bool(args.pcap))
    return play(world), world.captured


def _say_warnings(scenarios: list[Scenario]) -> None:
    """What the configurations deserve, once each, on stderr; the traces hold them too."""
    places: dict[str, list[str]] = {}  # what is said -> where it holds
    for scenario in scenarios:
        for server in scenario.servers.values():
            for warning in server.node.warnings:
                said = str(warning).removeprefix(f"{warning.source}: ")
                found = places.setdefault(said, [])
                if str(warning.source) not in found:
                    found.append(str(warning.source))
    for said, (first, *others) in places.items():
        more = f" (and {', '.join(others)})" if others else ""
        print(f"warning: {first}: {said}{more}", file=sys.stderr)


def _tell(traces: list[Trace], args: argparse.Namespace) -> None:
    form = args.format or _form_of(args.out)
    if args.out:
        with open(args.out, "w", encoding="utf-8") as file:
            _write(traces, form, file, width=100)
    else:
        from vrrplab.tell.words import terminal_width

        _write(traces, form, sys.stdout, width=terminal_width())


def _form_of(path: str | None) -> str:
    for ending, form in ((".jsonl", "jsonl"), (".json", "json")):
        if path and path.endswith(ending):
            return form
    return "table"


def _write(traces: list[Trace], form: str, file: TextIO, width: int) -> None:
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
            file.write((f"# {trace.name}\n" if len(traces) > 1 else "") + lines.render(trace))
    elif form == "story":
        from vrrplab.tell import story

        file.write("\n\n".join(story.render(trace, width) for trace in traces))
    else:
        from vrrplab.tell import table

        file.write("\n\n".join(table.render(trace) for trace in traces))


def _write_files(
    scenario: Scenario, traces: list[Trace], frames: list[Frame], args: argparse.Namespace
) -> None:
    if args.pcap:
        from vrrplab.capture.pcap import write_pcap

        write_pcap(args.pcap, ((t_us, data) for t_us, _, data in frames))
    if args.html:
        from vrrplab.views.player import write_html

        write_html(traces[0], args.html, scenario=scenario)
    if args.plot:
        from vrrplab.views import timeline

        timeline.save(traces if len(traces) > 1 else traces[0], args.plot)


def _check(scenarios: list[Scenario], traces: list[Trace]) -> int:
    broken = [line for s, t in zip(scenarios, traces, strict=True) for line in broken_expectations(s, t)]
    for line in broken:
        print(line, file=sys.stderr)
    if not any(s.expect for s in scenarios):
        raise ScenarioError(scenarios[0].file, 0, "--check: the scenario expects nothing", "add expect: […]")
    return 1 if broken else 0
