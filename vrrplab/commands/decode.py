"""``vrrplab decode``: frames of a capture, of a pasted hex string or of standard input, field by field.

Reads the arguments and chooses; what is printed comes from ``wire`` and ``capture``.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

from vrrplab.capture.compressed import unpacked_size
from vrrplab.capture.reader import Passed, read_frames
from vrrplab.capture.records import Record
from vrrplab.columns.table import KINDS
from vrrplab.commands.decode_inputs import Inputs, Packets, inputs_of
from vrrplab.commands.guide import Example, Guide
from vrrplab.commands.plot_arguments import add_plot_arguments, theme_of
from vrrplab.decoding.filters import FIELDS, FrameFilter, condition, moment
from vrrplab.decoding.table import Summary, colour_of, heading, json_head, json_tail, row_head, row_tail
from vrrplab.decoding.telling import Said, Teller
from vrrplab.decoding.verdict import DEFAULT_PROFILE
from vrrplab.decoding.wall_clock import WallClock
from vrrplab.errors import CaptureError
from vrrplab.machine.profiles import PROFILES
from vrrplab.output.progress import Progress
from vrrplab.output.terminal import Batched, print_coloured, terminal_columns
from vrrplab.output.text_columns import wrap
from vrrplab.wire import links
from vrrplab.work import FRAME_EXPLAINED, FRAME_PASSED, FRAME_SEEN, FRAME_TOLD, Work, allow

if TYPE_CHECKING:
    import argparse
_F = TypeVar("_F")
SMALL_BYTES = 1_000_000  # of such a file nothing takes long
COUNTED_BYTES = 256_000_000  # of what a compressed file holds: more is large anyway
SAMPLE = 200  # frames
RECORD_HEADER_BYTES = 16  # of each frame in a file (pcap; pcapng has a few more)

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
            Example(
                "vrrplab decode frr-two-routers.pcap --stats --utc",
                "how regularly each router's adverts came, and what is missing",
                files=_CAPTURE,
            ),
            Example(
                "vrrplab decode frr-two-routers.pcap --only vrrp --where 'priority>=100' --to 5",
                "only some frames; the fields are on docs/decode.md",
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
        help="a capture (pcap, pcapng), frames in hex of any shape, tcpdump's lines, or - for stdin",
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
    add_plot_arguments(parser, "draw the timeline into FILE.svg or FILE.png")
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
    parser.add_argument(
        "--only",
        metavar="KIND",
        action="append",
        choices=KINDS,
        help=f"only frames of this kind: {', '.join(KINDS)}",
    )
    parser.add_argument("--vrid", metavar="N", type=_vrid, help="only adverts of this virtual router")
    parser.add_argument(
        "--from",
        dest="from_",
        metavar="TIME",
        help="only from then on: seconds (12.5), 08:53:20, or with a date",
    )
    parser.add_argument("--to", metavar="TIME", help="only until then")
    parser.add_argument("--dropped", action="store_true", help="only what a router would not accept")
    parser.add_argument(
        "--where",
        metavar="CONDITION",
        action="append",
        help=f"only frames of which it holds, as 'priority<100'; fields: {', '.join(FIELDS)}",
    )
    parser.add_argument(
        "--stats", action="store_true", help="each router's adverts, intervals, losses, changes"
    )
    parser.add_argument("--all", action="store_true", help="the whole timeline, however long it is")
    parser.add_argument("--utc", action="store_true", help="times of day in UTC (default: local, by TZ)")
    parser.add_argument("--yes", action="store_true", help="also what will take long")
    parser.add_argument(
        "--link",
        choices=tuple(_LINKS),
        help="what hex begins with (default: guessed); message: VRRP without headers",
    )


def _vrid(text: str) -> int:
    import argparse

    if not (text.isascii() and text.isdigit() and len(text) < 4 and 0 < int(text) < 256):
        raise argparse.ArgumentTypeError(f"{text!r} is no VRID: those are 1 to 255")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Do it; 0 when every frame could be read (whatever it says), CaptureError for a broken file."""
    timeline = bool(args.as_ or args.timeline or args.plot or args.stats)
    theme_of(args)  # none without a picture
    clock = WallClock(args.utc)
    wanted = _filter_of(args, clock)
    work = _work(args, timeline)
    allow(work, args.yes)
    link_type = _LINKS[args.link] if args.link else None
    with Progress("decode") as progress:
        if timeline:
            from vrrplab.commands.decode_timeline import show

            was_collecting = gc.isenabled()
            gc.disable()  # a timeline is a million values and no cycles
            try:
                show(args, link_type, wanted, clock, lambda frames: _watched(frames, work, progress))
            finally:
                if was_collecting:
                    gc.enable()
            return 0
        inputs = inputs_of(args.input, link_type)
        clock.follow(inputs.is_dated, inputs.has_zone)
        packets = inputs.packets(wanted.kinds, wanted.vrid)
        if not sys.stdout.isatty():  # else the rows themselves show how far it is
            packets = _watched(packets, work, progress)
        key = os.fsencode(args.key) if args.key is not None else None
        telling = _Telling(args, key, wanted, clock, inputs)
        if args.explain:
            telling.explain(packets)
        elif args.format == "jsonl":
            telling.json(packets)
        else:
            telling.table(packets)
    return 0


def _filter_of(args: argparse.Namespace, clock: WallClock) -> FrameFilter:
    return FrameFilter(
        frozenset(args.only) if args.only else None,
        args.vrid,
        args.dropped,
        tuple(condition(text) for text in args.where or ()),
        moment(args.from_) if args.from_ is not None else None,
        moment(args.to) if args.to is not None else None,
        clock,
    )


def _work(args: argparse.Namespace, timeline: bool) -> Work:
    """From the size of the file and the frames that it begins with; of a pipe nobody knows."""
    path = args.input[0]
    if not os.path.isfile(path):
        return Work(())
    with suppress(CaptureError, OSError):  # it is told when it is met
        size = unpacked_size(path, COUNTED_BYTES)
        if size < SMALL_BYTES:
            return Work(())
        first = [*islice(read_frames(path), SAMPLE)]
        length = sum(RECORD_HEADER_BYTES + one.original_length for one in first) / max(1, len(first))
        frames = round(size / max(1.0, length))
        counted = sum(one.frame.kind in ("vrrp", "arp", "na") for one in first) * frames // max(1, len(first))
        cure = "cut a part out of it (editcap, tcpdump -r … -w …)"
        if timeline:
            return Work(((FRAME_SEEN, counted), (FRAME_PASSED, frames - counted)), cure)
        return Work(((FRAME_EXPLAINED if args.explain else FRAME_TOLD, frames),), cure)
    return Work(())


def _watched(frames: Iterator[_F], work: Work, progress: Progress) -> Iterator[_F]:
    expected = sum(count for _, count in work.parts)
    number = told = 0
    for frame in frames:
        number += frame.frames if isinstance(frame, Passed) else 1
        if number >= told:
            told = number + 256
            progress.at(number / max(expected, number), f"{number:,} frames")
        yield frame


class _Telling:
    """Frames told one by one, as ``args`` ask. A broken file's error comes after what was before it."""

    def __init__(
        self,
        args: argparse.Namespace,
        key: bytes | None,
        wanted: FrameFilter,
        clock: WallClock,
        inputs: Inputs,
    ) -> None:
        from vrrplab.witness.replays import ReplayWatch

        self._profile, self._key, self._wanted, self._clock = args.profile, key, wanted, clock
        self._shape, self._others = inputs.shape, inputs.others
        self._teller = Teller(args.profile, key, wanted, ReplayWatch(key).noted)
        self._teller.is_text = bool(inputs.shape)

    def _wanted_ones(self, packets: Packets) -> Iterator[tuple[int, Record, Said]]:
        said, is_in_time = self._teller.said, self._wanted.is_in_time
        has_times = self._wanted.has_times
        for number, record in packets:
            if has_times and not is_in_time(record.t_ns):
                continue
            found = said(number, record)
            if found.is_wanted:
                yield number, record, found

    def table(self, packets: Packets) -> None:
        summary = Summary()
        start_ns = None
        clock = self._clock
        out = Batched(sys.stdout)
        width = min(max(terminal_columns(), 80), 120)
        in_colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        try:
            first = [*islice(packets, 1)]
            for number, record, said in self._wanted_ones(chain(first, packets)):
                if start_ns is None:
                    start_ns = first[0][1].t_ns
                    out.write(heading(clock) + "\n")
                summary.add(said.frame, said.verdict)
                head = row_head(number, record.t_ns, start_ns, clock)
                tail = said.texts.get(len(head))
                if tail is None:
                    tail = row_tail(said.frame, said.verdict, len(head), width)
                    said.texts[len(head)] = tail
                colour = colour_of(said.frame, said.verdict) if in_colour else ""
                if colour:
                    print_coloured(head + tail[:-1], colour)
                else:
                    out.write(head + tail)
        finally:
            if summary.kinds:
                out.write("\n".join(wrap(self._summary(summary), 80)) + "\n")
            out.flush()
        if not summary.kinds:
            print("no frame in it" if self._wanted.is_open else "no such frame in it")

    def _summary(self, summary: Summary) -> str:
        read_as = f"; read as {self._shape}" if self._shape else ""
        others = f", and {self._others} other packets in it" if self._others else ""
        return f"{summary.text()}{others}{read_as}; verdicts of {self._profile}"

    def json(self, packets: Packets) -> None:
        out = Batched(sys.stdout)
        write = out.write
        try:
            for number, record, said in self._wanted_ones(packets):
                tail = said.texts.get(0)
                if tail is None:
                    tail = said.texts[0] = json_tail(said.frame, said.verdict, self._key, self._shape)
                write(json_head(number, record.t_ns) + tail)
        finally:
            out.flush()

    def explain(self, packets: Packets) -> None:
        from vrrplab.decoding.explain import explain

        if self._shape:
            sys.stdout.write(f"Read as {self._shape}\n\n")
        for place, (number, record, said) in enumerate(self._wanted_ones(packets)):
            if place:
                sys.stdout.write("\n" + "=" * 80 + "\n\n")
            if record.t_ns:
                sys.stdout.write(f"Frame {number}, {record.t_ns / 1e9:.6f} s{self._moment(record)}\n\n")
            sys.stdout.write(explain(said.frame, said.verdict, self._profile) + "\n")

    def _moment(self, record: Record) -> str:
        moment = self._clock.moment(record.t_ns)
        return f" ({moment})" if moment else ""
