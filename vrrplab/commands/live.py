"""``vrrplab live``: real sockets. ``run`` is a router, ``watch`` listens and tells what others do."""

from __future__ import annotations

import argparse
import sys

from vrrplab.errors import LiveError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", metavar="run|watch", required=True)
    _add_run(
        kinds.add_parser(
            "run",
            help="be a VRRP router from a keepalived.conf",
            description="A VRRP router. SIGTERM, Ctrl-C: leave with a farewell; SIGHUP: read the file again.",
        )
    )
    _add_watch(
        kinds.add_parser(
            "watch",
            help="listen to the routers of a network; never sends",
            description="Listen to VRRP, ARP and neighbour advertisements; say who is master, as it happens",
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
        "--name", default="", help="the server's name in the trace (default: router_id, or the file's)"
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
    parser.add_argument("--out", default="", metavar="FILE", help="write the trace there too, as JSON lines")
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
        "--name", action="append", default=[], metavar="ADDRESS=NAME", help="call the router at an address so"
    )
    _add_udp(parser)
    parser.add_argument(
        "--format",
        default="",
        choices=("table", "log", "jsonl"),
        help="a table that updates, lines, or the trace (default: table on a terminal, else log)",
    )
    parser.add_argument("--out", default="", metavar="FILE", help="write the trace there too, as JSON lines")
    parser.add_argument("--pcap", default="", metavar="FILE", help="write every frame there")
    parser.add_argument("--frames", action="store_true", help="put the frames' bytes into the trace")
    parser.add_argument("--until", type=_seconds, metavar="S", help="stop after so many seconds")


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
    return _run(args) if args.what == "run" else _watch(args)


def _run(args: argparse.Namespace) -> int:
    from vrrplab.live.session import RouterOptions, run_router

    if args.control and not args.udp:
        raise LiveError("--control is for the make-believe host of --udp; a real interface has 'ip link set'")
    run_router(
        RouterOptions(
            args.config,
            args.name,
            args.profile,
            _renaming(args.interface),
            args.dry_run,
            args.udp,
            args.port,
            tuple(args.address),
            args.format,
            args.out,
            args.until,
            sys.stdin.fileno() if args.control else None,
        )
    )
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
    from vrrplab.output.files import spare
    from vrrplab.watch.watcher import WatchOptions, watch

    spare(args.out, args.pcap, "the file of --pcap")
    names = {}
    for text in args.name:
        address, equals, name = text.partition("=")
        if not equals or not name:
            raise LiveError(f"--name {text}: write ADDRESS=NAME, for example 192.168.2.251=proxy-serv01")
        names[address] = name
    style = args.format or ("table" if sys.stdout is not None and sys.stdout.isatty() else "log")
    options = WatchOptions(
        tuple(args.interface), names, args.udp, args.port, style, args.out, args.pcap, args.frames, args.until
    )
    watch(options)
    return 0
