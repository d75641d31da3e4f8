"""``explore``: every order of failures and repairs, and the shortest stories that break a promise."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vrrplab.commands.exit_codes import ExitCode
from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.node_arguments import add_node_options, scenario_of
from vrrplab.errors import VrrplabError
from vrrplab.output.files import FolderName
from vrrplab.output.printable import printable

if TYPE_CHECKING:
    from vrrplab.exploring.promises import UserProperty
    from vrrplab.exploring.result import Exploration

_CONFIGS = ("configs/lesson-weight/lb1.conf", "configs/lesson-weight/lb2.conf")
GUIDES = {
    "": Guide(
        (
            Example(
                "vrrplab explore article-steady",
                "the article's cluster: whatever fails at any moment, mended at any other",
                exit_code=1,
                long=True,
            ),
            Example(
                "vrrplab explore lb1.conf lb2.conf --out stories",
                "your own servers' files; each story is a scenario, to simulate or drill",
                files=_CONFIGS,
                exit_code=1,
            ),
            Example(
                "vrrplab explore lesson-two-routers --within 1 --property calm.py:no_flapping",
                "a promise of your own: a function of the trace that says True, or what is wrong",
                files=("promises/calm.py",),
            ),
            Example(
                "vrrplab explore article-steady --faults 2 --only daemon_stop --also clients",
                "a daemon that stops, and a client that misses what the other one announces",
                exit_code=1,
                long=True,
            ),
        ),
        {1: "a promise is broken, or not all was tried in the time of --at-most"},
    )
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenario",
        metavar="SCENARIO",
        nargs="+",
        help="a scenario file, a built-in name (simulate --list), or the keepalived.conf files of a cluster;"
        " what happens in it is left out, here everything that can fail does",
    )
    add_node_options(parser)
    parser.add_argument(
        "--faults",
        type=int,
        default=1,
        metavar="K",
        help="so many at most, one after the other or beside each other (default: 1; 2 takes minutes)",
    )
    parser.add_argument(
        "--within",
        type=float,
        metavar="S",
        help="from the first fault to the last action; by default until a cluster of these intervals has"
        " settled, and one cycle of adverts and checks",
    )
    parser.add_argument(
        "--property",
        action="append",
        default=[],
        metavar="FILE.py:FUNCTION",
        help="a promise of your own, as often as you like: a function of the trace",
    )
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="NAME",
        help="what fails only if it is named: clients (each is deaf to each server for a time)",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="KIND",
        help="of servers and between them faults of this kind only, as often as you like: daemon_stop,"
        " power_off, …; for a wrong one it says what there is",
    )
    parser.add_argument("--profile", help="behave like another daemon or RFC, e.g. keepalived-2.4.3, rfc9568")
    parser.add_argument(
        "--out", metavar="FOLDER", type=FolderName, help="write each story there, as a scenario file"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="J", help="processes that search side by side (default: processors)"
    )
    parser.add_argument(
        "--at-most", type=float, metavar="S", help="end after so many seconds, with what was found until then"
    )


def run(args: argparse.Namespace) -> int:

    from vrrplab import arguments
    from vrrplab.exploring.ground import prepare
    from vrrplab.exploring.run import MOST_FAULTS, Run
    from vrrplab.units import micros
    from vrrplab.work import processors

    depth = arguments.whole(args.faults, "--faults", 1, MOST_FAULTS)
    within_s = None if args.within is None else arguments.number(args.within, "--within", 0.001, 3600)
    at_most_s = None if args.at_most is None else arguments.number(args.at_most, "--at-most", 0.01)
    jobs = processors() if args.jobs is None else arguments.whole(args.jobs, "--jobs", 1, 1024)
    users = [_property(text) for text in args.property]
    scenario = scenario_of(args, args.scenario)
    ground = prepare(scenario, also=args.also, only=args.only)
    if scenario.actions:
        _say(f"what happens in {scenario.name} is left out: here everything that can fail does")
    within_us = ground.patience.within_us if within_s is None else micros(within_s)
    search = Run(ground, depth, within_us, users, jobs, at_most_s)
    found = search.result()
    sys.stdout.write(f"{found}\n")
    sys.stdout.flush()
    if args.out:
        _write(found, args.out)
    if search.interrupted:
        raise KeyboardInterrupt
    for story in found.raised:
        print(printable(story.why), file=sys.stderr)
    if found.raised:
        return ExitCode.BAD_INPUT
    return ExitCode.FAILED if found.broken or not found.whole else ExitCode.DONE


def _write(found: Exploration, folder: str) -> None:
    from vrrplab.output.files import make_folder, replaced_text

    make_folder(folder)
    for number, story in enumerate(found.broken, 1):
        name = os.path.join(folder, f"{number:02}-{story.promise.replace(' ', '-')}.yaml")
        with replaced_text(name) as file:
            file.write(story.scenario.to_yaml())
        print(printable(f"written: {name}"), flush=True)


def _property(text: str) -> UserProperty:
    """FILE.py:FUNCTION, imported."""
    from vrrplab.exploring.run import user_property

    path, _, name = text.rpartition(":")
    if not path or not name.isidentifier():
        raise VrrplabError(f"--property {text}: give FILE.py:FUNCTION")
    return user_property(_function(path, name))


def _function(path: str, name: str) -> Callable[[Any], Any]:
    from vrrplab.errors import ConfigError, did_you_mean
    from vrrplab.input_files import read_bytes
    from vrrplab.limits import CONFIG_BYTES

    names: dict[str, Any] = {"__name__": "property", "__file__": path}
    source = read_bytes(path, CONFIG_BYTES, ConfigError, "name a Python file")
    try:
        exec(compile(source, path, "exec"), names)
    except (Exception, SystemExit) as error:
        line = getattr(error, "lineno", None) or _line_of(error, path)
        raise VrrplabError(f"{path}:{line}: cannot be run: {type(error).__name__}: {error}") from None
    if not callable(names.get(name)):
        functions = [n for n, value in names.items() if callable(value) and not n.startswith("_")]
        hint = did_you_mean(name, functions)
        raise VrrplabError(f"{path} has no function {name!r}{hint and f' - {hint}'}")
    return names[name]  # type: ignore[no-any-return]


def _line_of(error: BaseException, path: str) -> int:
    import traceback

    lines = [f.lineno or 0 for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
    return lines[-1] if lines else 0


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr, flush=True)
