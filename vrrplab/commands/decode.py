"""``vrrplab decode``: frames of a capture, of a pasted hex string or of standard input, field by field.

Reads the arguments and chooses; what is printed comes from ``wire`` and ``capture``.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from textwrap import fill
from typing import IO, TYPE_CHECKING, TypeVar

from vrrplab.capture.files import is_capture, known_format
from vrrplab.capture.reader import CapturedFrame, read_frames
from vrrplab.decoding.hexdump import bytes_of, guess_link_type
from vrrplab.decoding.verdict import DEFAULT_PROFILE, Verdict, judge
from vrrplab.errors import CaptureError
from vrrplab.machine.profiles import PROFILES
from vrrplab.wire import links
from vrrplab.wire.frames import decode

if TYPE_CHECKING:
    import argparse
_F = TypeVar("_F")
Judged = tuple[CapturedFrame, Verdict]

_LINKS = {
    "ethernet": links.ETHERNET,
    "raw": links.RAW,
    "cooked": links.LINUX_SLL,
    "cooked2": links.LINUX_SLL2,
    "loopback": links.NULL,
    "message": links.MESSAGE,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "input",
        metavar="FILE|HEX|-",
        nargs="+",
        help="a capture (pcap, pcapng), a frame in hex, or - for stdin",
    )
    parser.add_argument("--format", choices=("table", "jsonl"), default="table", help="default: table")
    parser.add_argument(
        "--explain", action="store_true", help="each frame with its diagram and a sentence a field"
    )
    parser.add_argument(
        "--timeline", action="store_true", help="who was MASTER when, from what is on the wire"
    )
    parser.add_argument("--as", dest="as_", choices=("trace",), help="print the timeline's events as a trace")
    parser.add_argument("--plot", metavar="FILE", help="draw the timeline into FILE.svg or FILE.png")
    parser.add_argument(
        "--profile",
        choices=tuple(PROFILES),
        default=DEFAULT_PROFILE,
        help=f"whose verdict (default {DEFAULT_PROFILE})",
    )
    parser.add_argument(
        "--key", metavar="PASSWORD", help="auth_pass (or HMAC key): check values are verified with it"
    )
    parser.add_argument(
        "--link",
        choices=tuple(_LINKS),
        help="what hex begins with (default: guessed); message: VRRP without headers",
    )


def run(args: argparse.Namespace) -> int:
    """Do it; 0 when every frame could be read (whatever it says), CaptureError for a broken file."""
    if args.as_ or args.timeline or args.plot:
        from vrrplab.commands.decode_timeline import frames_that_count, show_timeline

        show_timeline(_frames(args.input, args.link, frames_that_count), args)
        return 0
    key = args.key.encode() if args.key is not None else None
    frames = _judged(_frames(args.input, args.link, read_frames), args.profile, key)
    if args.explain:
        _explain(frames, args.profile)
    elif args.format == "jsonl":
        _json(frames, key)
    else:
        _table(frames, args.profile)
    return 0


def _frames(
    inputs: list[str], link: str | None, of_file: Callable[[str], Iterator[_F]]
) -> Iterator[CapturedFrame] | Iterator[_F]:
    if inputs == ["-"]:
        return _from_stream(link)
    first = inputs[0]
    if os.path.exists(first) or first.endswith((".pcap", ".pcapng", ".cap")):
        if len(inputs) > 1:
            raise CaptureError(inputs[1], 0, "is one too many", "one capture at a time")
        return of_file(first)
    return _from_hex(" ".join(inputs), "argument", link)


def _from_stream(link: str | None) -> Iterator[CapturedFrame]:
    stream = sys.stdin.buffer
    head = stream.peek(4)[:4] if hasattr(stream, "peek") else b""
    if is_capture(head) or known_format(head) or not head:
        return read_frames(stream, "standard input")
    try:
        text = stream.read(2_000_000).decode("ascii")
    except UnicodeDecodeError:
        raise CaptureError("standard input", 0, "is neither a capture nor text") from None
    return _from_hex(text, "standard input", link)


def _from_hex(text: str, name: str, link: str | None) -> Iterator[CapturedFrame]:
    data = bytes_of(text, name)
    link_type = _LINKS[link] if link else guess_link_type(data)
    return iter((CapturedFrame(1, 0, decode(data, link_type), "", len(data)),))


def _judged(frames: Iterable[CapturedFrame], profile: str, key: bytes | None) -> Iterator[Judged]:
    """The frames, each with its verdict; a replay is told from what came before it."""
    from vrrplab.witness.replays import ReplayWatch

    watch = ReplayWatch(key)
    for captured in frames:
        yield captured, watch.noted(captured, judge(captured.frame, profile, key))


def _table(frames: Iterable[Judged], profile: str) -> None:
    from vrrplab.decoding.table import HEADING, summary, table_lines

    counts: Counter[str] = Counter()
    dropped = 0
    start_ns = None
    out: IO[str] = sys.stdout
    try:
        for captured, verdict in frames:
            if start_ns is None:
                start_ns = captured.t_ns
                out.write(HEADING + "\n")
            kind = captured.frame.kind
            counts[kind] += 1
            dropped += kind == "vrrp" and not verdict.accepted
            out.write("\n".join(table_lines(captured, verdict, start_ns)) + "\n")
    finally:
        if counts:
            out.write(fill(f"{summary(counts, dropped)}; verdicts of {profile}", 80) + "\n")
    if not counts:
        out.write("no frame in it\n")


def _json(frames: Iterable[Judged], key: bytes | None) -> None:
    from vrrplab.decoding.table import json_line

    for captured, verdict in frames:
        sys.stdout.write(json_line(captured, verdict, key) + "\n")


def _explain(frames: Iterable[Judged], profile: str) -> None:
    from vrrplab.decoding.explain import explain

    for number, (captured, verdict) in enumerate(frames):
        if number:
            sys.stdout.write("\n" + "=" * 80 + "\n\n")
        if captured.t_ns:
            sys.stdout.write(f"Frame {captured.number}, {captured.t_ns / 1e9:.6f} s\n\n")
        sys.stdout.write(explain(captured.frame, verdict, profile) + "\n")
