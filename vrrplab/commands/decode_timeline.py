"""What ``vrrplab decode --timeline``, ``--as trace`` and ``--plot`` print and write.

A broken capture gives the timeline of what came before the break, then the error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from vrrplab.capture.reader import CapturedFrame, Passed
from vrrplab.columns.selection import select_frames
from vrrplab.errors import CaptureError
from vrrplab.wire import links
from vrrplab.witness.sightings import KINDS
from vrrplab.witness.timeline import timeline_of

if TYPE_CHECKING:
    import argparse


def frames_that_count(path: str) -> Iterator[CapturedFrame | Passed]:
    """What a timeline is made of, from a capture file; the rest of a large one is only counted."""
    return select_frames(path, KINDS)


def show_timeline(frames: Iterable[CapturedFrame | Passed], args: argparse.Namespace) -> None:
    """Print the timeline as ``args`` ask. Raises the CaptureError of a broken file at the end."""
    name = "standard input" if args.input == ["-"] else os.path.basename(args.input[0])
    key = os.fsencode(args.key) if args.key is not None else None
    broken: list[CaptureError] = []
    timeline = timeline_of(_until_break(frames, broken, name), key)
    if not broken or timeline.sightings.frames:
        if args.as_ == "trace":
            from vrrplab.witness.timeline_trace import to_trace

            to_trace(timeline, name).write(sys.stdout)
        elif args.format == "jsonl":
            from vrrplab.witness.timeline_text import json_lines

            for line in json_lines(timeline):
                sys.stdout.write(line + "\n")
        else:
            from vrrplab.witness.timeline_text import table

            sys.stdout.write(table(timeline) + "\n")
        if args.plot:
            from vrrplab.views import timeline as view
            from vrrplab.witness.timeline_trace import to_trace

            view.save(to_trace(timeline, name), args.plot)
    if broken:
        raise broken[0]


def _until_break(
    frames: Iterable[CapturedFrame | Passed], broken: list[CaptureError], name: str
) -> Iterator[CapturedFrame | Passed]:
    try:
        for captured in frames:
            if isinstance(captured, CapturedFrame) and captured.frame.link_type == links.MESSAGE:
                message = "is a VRRP message without its headers, so who sent it is not known"
                hint = "a timeline wants frames from their Ethernet or IP header on"
                raise CaptureError(name, 0, message, hint)
            yield captured
    except CaptureError as error:
        broken.append(error)
