"""``vrrplab decode``: frames of a capture, of a pasted hex string or of standard input, field by field.

Reads the arguments and chooses; what is printed comes from ``wire`` and ``capture``.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import IO, TYPE_CHECKING, TypeVar

from vrrplab.capture.files import is_capture, known_format
from vrrplab.capture.reader import CapturedFrame, Passed, read_frames
from vrrplab.commands.guide import Example, Guide
from vrrplab.decoding.hexdump import bytes_of, guess_link_type
from vrrplab.decoding.verdict import DEFAULT_PROFILE, Verdict, judge
from vrrplab.errors import CaptureError
from vrrplab.input_files import await_input, read_stream, text_of
from vrrplab.limits import HEX_BYTES
from vrrplab.machine.profiles import PROFILES
from vrrplab.output.files import PictureName
from vrrplab.output.progress import Progress
from vrrplab.output.text_columns import wrap
from vrrplab.wire import links
from vrrplab.wire.frames import decode
from vrrplab.work import FRAME_EXPLAINED, FRAME_PASSED, FRAME_SEEN, FRAME_TOLD, Work, allow

if TYPE_CHECKING:
    import argparse
_F = TypeVar("_F")
SMALL_BYTES = 1_000_000  # of such a file nothing takes long
SAMPLE = 200  # frames
RECORD_HEADER_BYTES = 16  # of each frame in a file (pcap; pcapng has a few more)
Judged = tuple[CapturedFrame, Verdict]

_LINKS = {
    "ethernet": links.ETHERNET,
    "raw": links.RAW,
    "cooked": links.LINUX_SLL,
    "cooked2": links.LINUX_SLL2,
    "loopback": links.NULL,
    "message": links.MESSAGE,
}

_CAPTURE = ("captures/frr-two-routers.pcap",)

GUIDES = {
    "": Guide(
        (
            Example(
                "vrrplab decode --explain 210796010001864cc0a802010000000000000000",
                "a message in hex: its diagram, and a sentence a field",
            ),
            Example(
                "vrrplab decode frr-two-routers.pcap --timeline",
                "who was MASTER when, and what is remarkable",
                files=_CAPTURE,
            ),
            Example("vrrplab decode frr-two-routers.pcap", "a line a frame, with a verdict", files=_CAPTURE),
            Example(
                "vrrplab decode - --format jsonl < frr-two-routers.pcap",
                "from a pipe, as JSON lines for other programs",
                files=_CAPTURE,
            ),
        ),
        {2: "bad usage, or a capture that breaks off: its frames are told all the same"},
    )
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "input",
        metavar="FILE|HEX|-",
        nargs="+",
        help="a capture (pcap, pcapng), a frame in hex, or - for stdin",
    )
    parser.add_argument(
        "--format", choices=("table", "jsonl"), default="table", help="how to tell it (default: table)"
    )
    parser.add_argument(
        "--explain", action="store_true", help="each frame with its diagram and a sentence a field"
    )
    parser.add_argument(
        "--timeline", action="store_true", help="who was MASTER when, from what is on the wire"
    )
    parser.add_argument("--as", dest="as_", choices=("trace",), help="print the timeline's events as a trace")
    parser.add_argument(
        "--plot", metavar="FILE", type=PictureName, help="draw the timeline into FILE.svg or FILE.png"
    )
    parser.add_argument(
        "--profile",
        metavar="PROFILE",
        choices=tuple(PROFILES),
        default=DEFAULT_PROFILE,
        help=f"whose verdict: {', '.join(PROFILES)} (default: {DEFAULT_PROFILE})",
    )
    parser.add_argument(
        "--key", metavar="PASSWORD", help="auth_pass (or HMAC key): check values are verified with it"
    )
    parser.add_argument("--yes", action="store_true", help="also what will take long")
    parser.add_argument(
        "--link",
        choices=tuple(_LINKS),
        help="what hex begins with (default: guessed); message: VRRP without headers",
    )


def run(args: argparse.Namespace) -> int:
    """Do it; 0 when every frame could be read (whatever it says), CaptureError for a broken file."""
    timeline = bool(args.as_ or args.timeline or args.plot)
    work = _work(args, timeline)
    allow(work, args.yes)
    with Progress("decode") as progress:
        if timeline:
            from vrrplab.commands.decode_timeline import frames_that_count, show_timeline

            show_timeline(_watched(_frames(args.input, args.link, frames_that_count), work, progress), args)
            return 0
        key = os.fsencode(args.key) if args.key is not None else None
        captured = _frames(args.input, args.link, read_frames)
        if not sys.stdout.isatty():  # else the rows themselves show how far it is
            captured = _watched(captured, work, progress)
        frames = _judged(captured, args.profile, key)
        if args.explain:
            _explain(frames, args.profile)
        elif args.format == "jsonl":
            _json(frames, key)
        else:
            _table(frames, args.profile)
    return 0


def _work(args: argparse.Namespace, timeline: bool) -> Work:
    """From the size of the file and the frames that it begins with; of a pipe nobody knows."""
    path = args.input[0]
    if not os.path.isfile(path) or os.path.getsize(path) < SMALL_BYTES:
        return Work(())
    with suppress(CaptureError):  # it is told when it is met
        first = [*islice(read_frames(path), SAMPLE)]
        length = sum(RECORD_HEADER_BYTES + one.original_length for one in first) / max(1, len(first))
        frames = round(os.path.getsize(path) / max(1.0, length))
        counted = sum(one.frame.kind in ("vrrp", "arp", "na") for one in first) * frames // max(1, len(first))
        cure = "cut a part out of it (editcap, tcpdump -r … -w …)"
        if timeline:
            return Work(((FRAME_SEEN, counted), (FRAME_PASSED, frames - counted)), cure)
        return Work(((FRAME_EXPLAINED if args.explain else FRAME_TOLD, frames),), cure)
    return Work(())


def _watched(frames: Iterable[_F], work: Work, progress: Progress) -> Iterator[_F]:
    expected = sum(count for _, count in work.parts)
    number = 0
    for frame in frames:
        number += frame.frames if isinstance(frame, Passed) else 1
        if isinstance(frame, Passed) or not number % 64:
            progress.at(number / max(expected, number), f"{number:,} frames")
        yield frame


def _frames(
    inputs: list[str], link: str | None, of_file: Callable[[str], Iterator[_F]]
) -> Iterator[CapturedFrame] | Iterator[_F]:
    if inputs == ["-"]:
        return _from_stream(link)
    first = inputs[0]
    if os.path.exists(first) or first.endswith((".pcap", ".pcapng", ".cap")):
        if len(inputs) > 1:
            raise CaptureError(inputs[1], 0, "is one too many", "one capture at a time")
        # Of a pipe nothing can be read twice, as columns are.
        return of_file(first) if os.path.isfile(first) else read_frames(first)
    return _from_hex(" ".join(inputs), "argument", link)


def _from_stream(link: str | None) -> Iterator[CapturedFrame]:
    stream = sys.stdin.buffer
    await_input(stream, "standard input")
    head = stream.peek(4)[:4] if hasattr(stream, "peek") else b""
    if is_capture(head) or known_format(head) or not head:
        return read_frames(stream, "standard input")
    name = "standard input"
    text = text_of(
        read_stream(stream, HEX_BYTES, name, CaptureError), name, CaptureError, "nor is it a capture"
    )
    return _from_hex(text, name, link)


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
            out.write("\n".join(wrap(f"{summary(counts, dropped)}; verdicts of {profile}", 80)) + "\n")
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
