"""``vrrplab live``: real sockets. ``run`` is a router, ``watch`` listens and tells what others do."""

from __future__ import annotations

import argparse
import sys

from vrrplab.commands.exit_codes import ExitCode
from vrrplab.commands.guide import Example, Guide
from vrrplab.errors import LiveError
from vrrplab.output.files import GrowingName
from vrrplab.output.printable import printable

_CONFIG = ("configs/lesson-two-routers/r1.conf",)
_CARD = (
    "ip link add eth0 type veth peer name other",
    "ip address add 192.168.2.251/24 dev eth0",
    "ip link set eth0 up",
    "ip link set other up",
)
_RUN = (
    Example(
        "vrrplab live run r1.conf --interface eth0 --until 3",
        "as root: a router on this card, for three seconds",
        files=_CONFIG,
        network=_CARD,
    ),
    Example(
        "vrrplab live run r1.conf --dry-run --format jsonl --until 3",
        "it takes part, but touches no address; as a trace",
        files=_CONFIG,
        network=_CARD,
        long=True,
    ),
    Example(
        "vrrplab live run r1.conf --udp --address eth0=192.168.2.251/24 --until 3",
        "without root: a make-believe LAN of UDP on loopback",
        files=_CONFIG,
    ),
)
_WATCH = (
    Example("vrrplab live watch --until 3", "as root: who is MASTER on this network", network=_CARD),
    Example(
        "vrrplab live watch --interface eth0 --pcap seen.pcap --until 3",
        "one card, and every frame into a file for Wireshark",
        network=_CARD,
        long=True,
    ),
    Example(
        "vrrplab live watch --udp --format jsonl --out seen.jsonl --until 3",
        "without root: the make-believe LAN of `live run --udp`, as a trace",
    ),
    Example(
        "vrrplab live watch --exit-on two-masters,nobody --until 3",
        "as root: exit code 1 as soon as that happens, or if nothing is heard; else 0",
        network=_CARD,
        exit_code=1,
        long=True,
    ),
    Example(
        "vrrplab live watch --udp --run 'logger -t vrrp' --metrics :9112 --until 3",
        "a monitor: each finding to syslog, and figures for Prometheus",
        needs=("logger",),
        long=True,
    ),
)
_ENDS = {130: "", 143: "", 0: "done; also after Ctrl-C or SIGTERM"}

_FOUND = "a finding that --exit-on names, or with it nothing was heard"
GUIDES = {
    "": Guide((_RUN[0], _WATCH[0], *_RUN[1:], *_WATCH[1:]), {**_ENDS, 1: _FOUND}),
    "run": Guide(_RUN, {**_ENDS, 129: ""}),
    "watch": Guide(
        _WATCH,
        {
            **_ENDS,
            0: "done; also after Ctrl-C, SIGTERM or a closed terminal",
            1: _FOUND,
            129: "",
        },
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", metavar="run|watch", required=True)
    _add_run(
        kinds.add_parser(
            "run",
            help="be a VRRP router from a keepalived.conf",
            description="Be a VRRP router. SIGTERM and Ctrl-C end it with a farewell, SIGHUP makes it read"
            " the file again.",
        )
    )
    _add_watch(
        kinds.add_parser(
            "watch",
            help="listen to the routers of a network; never sends",
            description="Listen to VRRP, ARP and neighbour advertisements, and tell who is MASTER as it"
            " happens. Nothing is ever sent.",
        )
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", metavar="CONF", help="a keepalived.conf")
    parser.add_argument(
        "--interface",
        action="append",
        default=[],
        metavar="NAME|FROM=TO",
        help="use this interface, or this one instead of the one the file names",
    )
    parser.add_argument(
        "--name",
        default="",
        help="the server's name: in the trace (default: router_id, or the file's) and for @NAME lines "
        "(default: the host's)",
    )
    parser.add_argument(
        "--profile", default="keepalived-2.2.7", help="whose behaviour (default: %(default)s)"
    )
    parser.add_argument("--dry-run", action="store_true", help="take part, but touch no address")
    _add_udp(parser)
    parser.add_argument(
        "--address",
        action="append",
        default=[],
        metavar="IF=ADDR/PREFIX[@SEGMENT]",
        help="with --udp: an interface of the make-believe host",
    )
    parser.add_argument(
        "--control",
        action="store_true",
        help="with --udp: obey link_down IF, link_up IF, … on standard input",
    )
    parser.add_argument(
        "--format", default="log", choices=("log", "jsonl"), help="what to print (default: log)"
    )
    parser.add_argument(
        "--out", type=GrowingName, metavar="FILE", help="write the trace there too, as JSON lines"
    )
    parser.add_argument("--until", type=_seconds, metavar="S", help="stop after so many seconds")


def _add_watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--interface",
        action="append",
        default=[],
        metavar="NAME",
        help="where to listen (default: all that are up)",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="ADDRESS=NAME",
        help="the name to show for the router at that address",
    )
    _add_udp(parser)
    parser.add_argument(
        "--format",
        default="",
        choices=("table", "log", "jsonl"),
        help="a table that updates, lines, or the trace (default: table on a terminal, else log)",
    )
    parser.add_argument(
        "--out", type=GrowingName, metavar="FILE", help="write the trace there too, as JSON lines"
    )
    parser.add_argument("--pcap", type=GrowingName, metavar="FILE", help="write every frame there")
    parser.add_argument("--frames", action="store_true", help="put the frames' bytes into the trace")
    parser.add_argument("--until", type=_seconds, metavar="S", help="stop after so many seconds")
    parser.add_argument(
        "--exit-on",
        metavar="FINDING[,FINDING]",
        help="end with exit code 1 as soon as that is found: two-masters, nobody, mismatch, …",
    )
    parser.add_argument(
        "--run",
        metavar="COMMAND",
        help="start this for each finding that the log shows and each change of state; it is not handed to a"
        " shell, and gets kind, virtual router and sentence as last arguments, and more as variables",
    )
    parser.add_argument(
        "--run-as",
        default="",
        metavar="'USER [GROUP]'",
        help="with --run, as root: as whom (default: keepalived_script, else nobody)",
    )
    parser.add_argument(
        "--metrics",
        metavar="HOST:PORT|:PORT",
        help="figures for Prometheus, at this address; :PORT is this machine's own (needs the extra metrics)",
    )


def _add_udp(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--udp",
        action="store_true",
        help="VRRP inside UDP on loopback, for users without rights: a make-believe LAN, not VRRP on a wire",
    )
    parser.add_argument(
        "--port", type=_port, default=11200, help="with --udp: its port (default: %(default)s)"
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def run(args: argparse.Namespace) -> int:
    from vrrplab.system.descriptors import require_descriptors

    require_descriptors()
    return _run(args) if args.what == "run" else _watch(args)


def _run(args: argparse.Namespace) -> int:
    from vrrplab.live.signals import RouterSignals

    if args.control and not args.udp:
        raise LiveError("--control is for the make-believe host of --udp; a real interface has 'ip link set'")
    options = (
        args.config,
        args.name,
        args.profile,
        _renaming(args.interface),
        args.dry_run,
        args.udp,
        args.port,
        tuple(args.address),
        args.format,
        args.out or "",
        args.until,
        sys.stdin.fileno() if args.control else None,
    )
    with RouterSignals() as signals:  # before what takes long to import
        from vrrplab.live.session import RouterOptions, run_router

        run_router(RouterOptions(*options), signals)
    return 0


def _renaming(given: list[str]) -> dict[str, str]:
    """Interface in the file -> interface here; "" stands for every instance's own."""
    rename: dict[str, str] = {}
    for text in given:
        old, equals, new = text.partition("=")
        if not (old and new if equals else text):
            raise LiveError(f"--interface {text or repr(text)}: write NAME, or FROM=TO, such as eth0=ens3")
        old, new = (old, new) if equals else ("", text)
        if old in rename:
            what = f"renames {old} twice" if old else "names two for all instances"
            raise LiveError(f"--interface {what}, {rename[old]} and {new}: give one of them")
        rename[old] = new
    return rename


def _watch(args: argparse.Namespace) -> int:
    from vrrplab.watch.figures import place_of
    from vrrplab.watch.reactions import command_of, kinds_of
    from vrrplab.watch.watcher import WatchOptions, watch

    if args.run_as and args.run is None:
        raise LiveError("--run-as is for the command of --run")
    names = {}
    for text in args.name:
        address, equals, name = text.partition("=")
        if not equals or not name:
            raise LiveError(f"--name {text}: write ADDRESS=NAME, for example 192.168.2.251=proxy-serv01")
        names[address] = name
    style = args.format or ("table" if sys.stdout.isatty() else "log")
    options = WatchOptions(
        tuple(args.interface),
        names,
        args.udp,
        args.port,
        style,
        args.out or "",
        args.pcap or "",
        args.frames,
        args.until,
        frozenset() if args.exit_on is None else kinds_of(args.exit_on),
        None if args.run is None else command_of(args.run, args.run_as),
        None if args.metrics is None else place_of(args.metrics),
    )
    told, unheard = watch(options)
    if told is None:
        if not options.exit_on or not unheard:
            return ExitCode.DONE
        print(printable(f"vrrplab: --exit-on: {unheard}, so nothing could be found"), file=sys.stderr)
        return ExitCode.FAILED
    print(printable(f"vrrplab: --exit-on {told.finding.kind}: {told.text}"), file=sys.stderr)
    return ExitCode.FAILED
