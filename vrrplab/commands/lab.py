"""``vrrplab lab``: the tutorial's network in namespaces, with real daemons; its drills, measured and
predicted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from vrrplab.commands.guide import Example, Guide
from vrrplab.errors import LiveError
from vrrplab.output.files import FolderName, OutputName, require_new_folder
from vrrplab.output.printable import printable
from vrrplab.output.progress import Progress
from vrrplab.output.text_columns import padded

if TYPE_CHECKING:
    from vrrplab.commands.lab_report import Result
    from vrrplab.lab.state_file import LabState

DRILL_S = 32.0  # about, with the daemons' own waits

_NETWORK = ("namespaces", "ip", "unshare", "nsenter")
_DAEMON = (*_NETWORK, "keepalived")
_CONFIGS = ("configs/article/proxy-serv01.conf", "configs/article/proxy-serv02.conf")
_UP = (
    Example("vrrplab lab up", "with keepalived, if it is installed; else with vrrplab", needs=_NETWORK),
    Example(
        "vrrplab lab up --router vrrplab --config .",
        "with your own proxy-serv01.conf and proxy-serv02.conf",
        files=_CONFIGS,
        needs=_NETWORK,
        long=True,
    ),
    Example(
        "vrrplab lab up --rootless --router proxy-serv01=keepalived,proxy-serv02=vrrplab",
        "without root, and one server of each kind",
        needs=_DAEMON,
        long=True,
    ),
)
_STATUS = (
    Example(
        "vrrplab lab status", "who runs what, and who has which address", needs=_NETWORK, lab=True, long=True
    ),
    Example("vrrplab lab status || vrrplab lab up", "put it up if it is not", needs=_NETWORK, long=True),
    Example(
        "vrrplab lab status | grep 203.0.113",
        "the addresses of one network only",
        needs=_NETWORK,
        lab=True,
        long=True,
    ),
)
_DRILL = (
    Example(
        "vrrplab lab drill lan-nic", "a cable: what happens, measured and predicted", needs=_DAEMON, long=True
    ),
    Example("vrrplab lab drill all --quiet", "all six, as a table of times", needs=_DAEMON, long=True),
    Example(
        "vrrplab lab drill kill --router vrrplab --record kept",
        "vrrplab in keepalived's place; a recording for `verify` in kept/kill",
        needs=_NETWORK,
        long=True,
    ),
)
_COMPARE = (
    Example(
        "vrrplab lab compare --case lesson-two-routers",
        "one scenario on the real daemon, and simulated",
        needs=_DAEMON,
        long=True,
        alone=True,
    ),
    Example(
        "vrrplab lab compare --random 1 --seed 2",
        "a random cluster with random faults",
        needs=_DAEMON,
        long=True,
        alone=True,
    ),
    Example(
        "vrrplab lab compare --random 1 --seed 7 --shrink 0 --out found --save found.json",
        "another one; where something differs, its recording in found/",
        needs=_DAEMON,
        long=True,
        alone=True,
    ),
)
_SHELL = (
    Example(
        "vrrplab lab shell proxy-serv01 ip address show eth0",
        "a command on a server",
        needs=_NETWORK,
        lab=True,
    ),
    Example(
        "vrrplab lab shell office-pc ping -c 3 192.168.2.251",
        "on the client: is the first server there?",
        needs=(*_NETWORK, "ping"),
        lab=True,
        long=True,
    ),
    Example(
        "echo hostname | vrrplab lab shell upstream",
        "your shell there; `exit` or Ctrl-D leaves it",
        needs=_NETWORK,
        lab=True,
        long=True,
    ),
)
_DOWN = (
    Example("vrrplab lab down", "remove everything", needs=_NETWORK, lab=True),
    Example(
        "vrrplab lab down && vrrplab lab up --router vrrplab",
        "begin anew, with other routers",
        needs=_NETWORK,
        lab=True,
        long=True,
    ),
    Example(
        "trap 'vrrplab lab down' EXIT; vrrplab lab up",
        "in a script: whatever happens in it, nothing is left at its end",
        needs=_NETWORK,
        long=True,
    ),
)

GUIDES = {
    "": Guide(
        (_UP[0], _DRILL[0], _SHELL[0], _COMPARE[0], _DOWN[0]),
        {1: "a router does not run, a drill or a scenario differs from its simulation"},
    ),
    "up": Guide(_UP, {1: "the network is up, but a router does not run"}),
    "status": Guide(_STATUS, {2: "no lab is up, or bad usage"}),
    "drill": Guide(_DRILL, {1: "a drill and its simulation differ, twice"}),
    "compare": Guide(_COMPARE, {1: "a scenario and its simulation differ"}),
    "shell": Guide(_SHELL, {0: "done; else the exit code of what ran there"}),
    "down": Guide(_DOWN),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", metavar="up|status|drill|compare|shell|down", required=True)
    up = kinds.add_parser(
        "up",
        help="put the network up, with a router on each server",
        description="Put up two servers, a client and an upstream, each in a network namespace of its own,"
        " with a router on each server. They stay until 'vrrplab lab down'.",
    )
    _add_making(up)
    kinds.add_parser(
        "status",
        help="who runs what, and who has which address",
        description="Tell who runs what, and who has which address, in the lab that is up.",
    )
    drill = kinds.add_parser(
        "drill",
        help="break something, measure, and compare with the simulator",
        description="Break something, measure what a client notices, and compare with the simulator: in"
        " the lab that is up, or in one that is put up for it. A drill takes about half a minute.",
    )
    drill.add_argument(
        "drill", metavar="DRILL", nargs="+", help="lan-nic, wan-nic, squid, stop, power, kill, or all of them"
    )
    drill.add_argument(
        "--record", metavar="DIR", type=FolderName, help="write each drill there as a recording: DIR/DRILL"
    )
    drill.add_argument("--quiet", action="store_true", help="only the table of times")
    _add_making(drill)
    compare = kinds.add_parser(
        "compare",
        help="any scenario, or random ones: is its simulation true?",
        description="Run a scenario, or random ones, on the real keepalived and in the simulator, and tell"
        " where the two differ.",
    )
    _add_comparing(compare)
    shell = kinds.add_parser(
        "shell",
        help="a shell, or one command, on a host of the lab",
        description="Run your shell, or one command, on a host of the lab that is up.",
    )
    shell.add_argument("host", metavar="HOST", help="proxy-serv01, proxy-serv02, office-pc or upstream")
    shell.add_argument("words", metavar="COMMAND", nargs=argparse.REMAINDER, help="default: your shell")
    kinds.add_parser(
        "down",
        help="remove everything; harmless if there is nothing",
        description="Remove the lab and all that belongs to it; harmless if there is nothing.",
    )


def _add_making(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--router",
        metavar="KIND",
        help="keepalived, vrrplab, or a mix, SERVER=KIND,SERVER=KIND (default: keepalived if installed)",
    )
    parser.add_argument(
        "--config",
        default="",
        metavar="DIR",
        help="a folder with each server's NAME.conf (default: the article's)",
    )
    parser.add_argument("--rootless", action="store_true", help="in a user namespace, even for root")


def _add_comparing(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--random", type=int, metavar="N", help="that many random clusters and faults")
    what.add_argument("--case", metavar="SCENARIO", help="one scenario: is its simulation true?")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the first cluster (default 1)")
    parser.add_argument("--jobs", type=int, metavar="J", help="real runs side by side (default: processors)")
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=FolderName,
        default="lab-compare",
        help="for recordings: that of --case, and of random clusters those that differ"
        " (default: lab-compare)",
    )
    parser.add_argument(
        "--save", metavar="FILE", type=OutputName, help="every result as JSON, for docs/truth.md"
    )
    parser.add_argument(
        "--shrink",
        type=int,
        default=12,
        metavar="RUNS",
        help="real runs spent on making a difference smaller (default 12, 0: none)",
    )
    parser.add_argument("--rootless", action="store_true", help="in user namespaces, even for root")


def run(args: argparse.Namespace) -> int:
    from vrrplab.system.descriptors import require_descriptors

    require_descriptors()
    what = {
        "up": _up,
        "status": _status,
        "drill": _drill,
        "compare": _compare,
        "shell": _shell,
        "down": _down,
    }[args.what]
    return what(args)


def _routers(args: argparse.Namespace) -> dict[str, str]:
    from vrrplab.lab.topology import KEEPALIVED, VRRPLAB, parse_routers
    from vrrplab.system.doctor import program

    return parse_routers(args.router or (KEEPALIVED if program("keepalived") else VRRPLAB))


def _up(args: argparse.Namespace) -> int:
    from vrrplab.lab import control

    state = control.put_up(_routers(args), args.config, args.rootless or None)
    how = "in a user namespace, without root" if state.rootless else "as root"
    print(f"The lab is up ({how}), with {state.router_text} on its servers.")
    status = control.ask(state, {"do": "status"})["status"]
    _print_status(status)
    print("Next: vrrplab lab drill lan-nic; vrrplab lab shell proxy-serv01; vrrplab lab down")
    return 0 if all(server["runs"] for server in status["servers"].values()) else 1


def _status(args: argparse.Namespace) -> int:
    from vrrplab.lab import control, state_file

    state = state_file.require()
    print(f"Up for {state.age_text(time.time())}{', rootless' if state.rootless else ''}.")
    _print_status(control.ask(state, {"do": "status"})["status"])
    return 0


def _print_status(status: dict) -> None:  # type: ignore[type-arg]
    for name, server in status["servers"].items():
        runs = server["router"] if server["runs"] else f"{server['router']}, not running"
        has = ", ".join(server["has"]) or "no virtual address"
        shown = padded(runs if server["powered"] else "no power", 12)
        print(f"  {padded(name, 14)} {shown} {printable(has)}")
        if server["powered"] and not server["runs"] and server["said"]:
            print(f"  {'':14} its last words: {printable(server['said'])}")
        for address in server["addresses"]:
            print(f"  {'':14} {printable(address)}")
    for name, address in status["hosts"].items():
        print(f"  {padded(name, 14)} {printable(address)}")
    print(f"  the proxies are {printable(status['proxy'])}")


def _drill(args: argparse.Namespace) -> int:
    from vrrplab.commands import lab_report
    from vrrplab.lab import control, state_file
    from vrrplab.lab.drill import DRILLS

    unknown = [name for name in args.drill if name not in DRILLS and name != "all"]
    if unknown:
        raise LiveError(f"no drill called {unknown[0]}; there are: {', '.join(DRILLS)}, all")
    names = list(DRILLS) if "all" in args.drill else list(dict.fromkeys(args.drill))
    if args.record:
        _check_record(args.record, names)
    with ExitStack() as stack:
        state = state_file.living()
        if state is not None:
            _require_same(args, state)
        else:
            _say(args, "putting a lab up for this")
            state = stack.enter_context(
                control.temporary_lab(_routers(args), args.config, args.rootless or None)
            )
        proxy = control.ask(state, {"do": "status"})["status"]["proxy"]
        if proxy != "Squid":
            print(f"The proxies are {proxy}.")
        # inside the lab's own folder: other places may look different from inside the lab
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="drill-", dir=state.folder))
        results = []
        progress = stack.enter_context(Progress("drill"))
        for done, name in enumerate(names):
            _say(args, f"drill {name}:", progress)
            place = os.path.join(folder, name)
            how_far = progress.ticking(DRILL_S, name, done / len(names), 1 / len(names))
            with how_far:
                result = _carry_out(args, state, name, place, progress)
            if not result.agrees:
                _say(
                    args,
                    f"{lab_report.differences(result)}; a busy machine does that, so once more:",
                    progress,
                )
                shutil.rmtree(place)
                result = _carry_out(args, state, name, place, progress)._replace(tries=2)
            results.append(result)
            if not args.quiet:
                progress.line(lab_report.story(result))
            if args.record:
                control.keep_recording(place, os.path.join(args.record, name))
        progress.close()
        print(lab_report.table(results, state.router_text))
    return 0 if all(result.agrees for result in results) else 1


def _compare(args: argparse.Namespace) -> int:
    from vrrplab.commands import lab_compare

    return lab_compare.run(args)


def _require_same(args: argparse.Namespace, state: LabState) -> None:
    """LiveError if the lab that is up is not what the options ask for."""
    from vrrplab.lab import control

    asked = {
        "--router": args.router and _routers(args) != state.routers,
        "--config": args.config and not control.has_files(state, args.config),
        "--rootless": args.rootless and not state.rootless,
    }
    other = ", ".join(option for option, differs in asked.items() if differs)
    if other:
        raise LiveError(
            f"a lab is already up, with {state.router_text}, and another {other} than asked for -"
            f" 'vrrplab lab down' removes it; without {other} the drill runs in it"
        )


def _carry_out(
    args: argparse.Namespace, state: LabState, name: str, place: str, progress: Progress
) -> Result:
    from vrrplab.commands import lab_report
    from vrrplab.lab import control

    control.drill(state, name, place, lambda text: _say(args, f"  {text}", progress))
    return lab_report.judge(name, place)


def _check_record(folder: str, names: list[str]) -> None:
    for name in names:
        require_new_folder(os.path.join(folder, name))


def _say(args: argparse.Namespace, text: str, progress: Progress | None = None) -> None:
    """What goes on, on the side of errors: the drill's own words are what a pipe should get."""
    if sys.stderr.isatty() or not args.quiet:
        (progress or Progress("")).line(printable(text), sys.stderr)


def _shell(args: argparse.Namespace) -> int:
    import subprocess

    from vrrplab.lab import control, state_file

    command = control.shell_command(state_file.require(), args.host, args.words)
    return subprocess.run(command, check=False).returncode


def _down(args: argparse.Namespace) -> int:
    from vrrplab.lab import state_file

    with state_file.alone():
        damage = state_file.forget_damaged()
        state = state_file.living()
        if state is not None:
            state_file.take_down(state)
        swept = state_file.sweep()
        left = state_file.left_folders() if damage else []
    if damage:
        print(f"{damage}; it is removed.")
    if left:
        raise LiveError(f"a lab that no file knows is still up, and holds {left[0]}: end its processes")
    if state is not None:
        print("The lab is down; nothing of it is left.")
    else:
        print("No lab is up" + ("; what an ended one had left is removed." if swept else "."))
    return 0
