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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from vrrplab.errors import LiveError

if TYPE_CHECKING:
    from vrrplab.commands.lab_report import Result
    from vrrplab.lab.state_file import LabState


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", metavar="up|status|drill|shell|down", required=True)
    up = kinds.add_parser("up", help="put the network up, with a router on each server")
    _add_making(up)
    kinds.add_parser("status", help="who runs what, and who has which address")
    drill = kinds.add_parser("drill", help="break something, measure, and compare with the simulator")
    drill.add_argument(
        "drill", metavar="DRILL", nargs="+", help="lan-nic, wan-nic, squid, stop, power, kill, or all of them"
    )
    drill.add_argument("--record", metavar="DIR", help="write each drill there as a recording: DIR/DRILL")
    drill.add_argument("--quiet", action="store_true", help="only the table of times")
    _add_making(drill)
    shell = kinds.add_parser("shell", help="a shell, or one command, on a host of the lab")
    shell.add_argument("host", metavar="HOST", help="proxy-serv01, proxy-serv02, office-pc or upstream")
    shell.add_argument("words", metavar="COMMAND", nargs=argparse.REMAINDER, help="default: your shell")
    kinds.add_parser("down", help="remove everything; harmless if there is nothing")


def _add_making(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--router",
        help="keepalived, vrrplab, or a mix: proxy-serv01=keepalived,proxy-serv02=vrrplab"
        " (default: keepalived if installed)",
    )
    parser.add_argument("--config", default="", metavar="DIR", help="a folder with each server's NAME.conf")
    parser.add_argument("--rootless", action="store_true", help="in a user namespace, even for root")


def run(args: argparse.Namespace) -> int:
    what = {"up": _up, "status": _status, "drill": _drill, "shell": _shell, "down": _down}[args.what]
    with _ended_in_order():
        return what(args)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """While this lasts, SIGTERM and SIGHUP end the program as Ctrl-C does: what was begun is taken back."""
    import signal
    from types import FrameType

    def end(number: int, frame: FrameType | None) -> None:
        for one in before:
            signal.signal(one, signal.SIG_IGN)  # the first one is enough; taking back is not broken off
        sys.exit(128 + number)

    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) == signal.SIG_DFL]
    before = {
        number: signal.signal(number, end) for number in numbers
    }  # one that is ignored (nohup) stays so
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
        print(f"  {name:14} {runs if server['powered'] else 'no power':12} {has}")
        if server["powered"] and not server["runs"] and server["said"]:
            print(f"  {'':14} its last words: {server['said']}")
        for address in server["addresses"]:
            print(f"  {'':14} {address}")
    for name, address in status["hosts"].items():
        print(f"  {name:14} {address}")
    print(f"  the proxies are {status['proxy']}")


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
        for name in names:
            _say(args, f"drill {name}:")
            place = os.path.join(folder, name)
            result = _carry_out(args, state, name, place)
            if not result.agrees:
                _say(args, f"{lab_report.differences(result)}; a busy machine does that, so once more:")
                shutil.rmtree(place)
                result = _carry_out(args, state, name, place)._replace(tries=2)
            results.append(result)
            if not args.quiet:
                print(lab_report.story(result))
            if args.record:
                control.keep_recording(place, os.path.join(args.record, name))
        print(lab_report.table(results, state.router_text))
    return 0 if all(result.agrees for result in results) else 1


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


def _carry_out(args: argparse.Namespace, state: LabState, name: str, place: str) -> Result:
    from vrrplab.commands import lab_report
    from vrrplab.lab import control

    control.drill(state, name, place, lambda text: _say(args, f"  {text}"))
    return lab_report.judge(name, place)


def _check_record(folder: str, names: list[str]) -> None:
    for name in names:
        place = os.path.join(folder, name)
        if os.path.exists(place) and os.listdir(place):
            raise LiveError(
                f"{place} is there already; a recording is never overwritten - name another folder"
            )
    os.makedirs(folder, exist_ok=True)


def _say(args: argparse.Namespace, text: str) -> None:
    """Progress, on the side of errors: the drill's own words are what a pipe should get."""
    if sys.stderr.isatty() or not args.quiet:
        print(text, file=sys.stderr, flush=True)


def _shell(args: argparse.Namespace) -> int:
    import subprocess

    from vrrplab.lab import control, state_file

    command = control.shell_command(state_file.require(), args.host, args.words)
    return subprocess.run(command, check=False).returncode


def _down(args: argparse.Namespace) -> int:
    from vrrplab.lab import state_file

    with state_file.alone():
        state = state_file.living()
        if state is not None:
            state_file.take_down(state)
        swept = state_file.sweep()
    if state is not None:
        print("The lab is down; nothing of it is left.")
    else:
        print("No lab is up" + ("; what an ended one had left is removed." if swept else "."))
    return 0
